"""What a contract takes at most, and what becomes of more: a text people read is cut, anything else is left out whole."""

from collections.abc import Sequence

from schemas.values import LONGEST_TEXT
from services.fetcher.domain.reading.layout import clean

ELLIPSIS = "…"


def shortened(text: str | None) -> str | None:
    """A title, label or name without control characters, cut at the limit with an ellipsis; None when nothing is left to read."""
    text = clean(text or "").strip()
    return (text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + ELLIPSIS) or None


def entire(text: str | None, most: int = LONGEST_TEXT) -> str | None:
    """A number or identifier as it is; None when it is empty or longer, for half of one would be another."""
    text = clean(text or "").strip()
    return text if 0 < len(text) <= most else None


def whole[Row](rows: Sequence[Row], most: int) -> tuple[Row, ...]:
    """All the rows; none when there are more than `most`, for part of a table adds up to nothing."""
    return tuple(rows) if len(rows) <= most else ()
