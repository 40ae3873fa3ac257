"""French typography: spaces that never break, numbers and dates as France writes them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.numbers import format_decimal

LOCALE = "fr_FR"
PARIS = ZoneInfo("Europe/Paris")
NO_BREAK, NARROW_NO_BREAK = "\u00a0", "\u202f"
UNBREAKABLE = {
    "« ": f"«{NO_BREAK}",
    " »": f"{NO_BREAK}»",
    " :": f"{NO_BREAK}:",
    " ;": f"{NARROW_NO_BREAK};",
    " !": f"{NARROW_NO_BREAK}!",
    " ?": f"{NARROW_NO_BREAK}?",
}


def typeset(sentence: str) -> str:
    """The sentence with the spaces around French punctuation made unbreakable."""
    for plain, unbreakable in UNBREAKABLE.items():
        sentence = sentence.replace(plain, unbreakable)
    return sentence


def counted(count: int, one: str, many: str) -> str:
    """`1 234 factures`: the number and its words; French takes the singular below two."""
    return f"{format_decimal(count, locale=LOCALE)}{NO_BREAK}{one if count < 2 else many}"


def moment(at: datetime) -> str:
    """`1er novembre 2026 à 09:12`, in Paris. `at` is aware."""
    local = at.astimezone(PARIS)
    day = "1er" if local.day == 1 else str(local.day)
    month_and_year = format_date(local, "MMMM y", locale=LOCALE)
    return f"{day}{NO_BREAK}{month_and_year} à {format_time(local, 'HH:mm', locale=LOCALE)}"
