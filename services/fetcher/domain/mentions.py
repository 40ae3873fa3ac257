"""The legal mentions of a text that decide its VAT."""

from services.fetcher.domain.labels import MENTIONS
from services.fetcher.domain.layout import plain


def mentions_in(text: str) -> tuple[str, ...]:
    """Codes of the mentions found, in the order of `labels.MENTIONS`; line breaks inside a mention do not hide it."""
    line = " ".join(plain(text).split())
    return tuple(code for code, pattern in MENTIONS.items() if pattern.search(line))
