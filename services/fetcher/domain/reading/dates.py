"""Days as printed → dates. `11/03/2017` is a day only once the document shows which number is the month."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from schemas.values import FIRST_DAY, LAST_DAY
from services.fetcher.domain.reading.layout import plain

_MONTH_WORDS = (
    "janvier january januar janner",
    "fevrier february februar fevr",
    "mars march marz maerz",
    "avril april avr",
    "mai may",
    "juin june juni",
    "juillet july juli juil",
    "aout august",
    "septembre september sept",
    "octobre october oktober okt",
    "novembre november",
    "decembre december dezember dez",
)
_MONTHS = {word: number for number, words in enumerate(_MONTH_WORDS, 1) for word in words.split()}
_SHORT = {word[:3]: number for word, number in _MONTHS.items() if word[:3] not in {"jui", "mar"}} | {"mar": 3}
_MONTH = r"(?P<month>[A-Za-z]{3,9})\.?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DATE = re.compile(
    rf"""(?<![\w/.-])(?:
      (?P<iso>{_YEAR}-(?P<iso_month>\d\d)-(?P<iso_day>\d\d))
    | (?P<first>\d{{1,2}})(?P<mark>[/.-])(?P<second>\d{{1,2}})(?P=mark)(?P<number_year>(?:19|20)\d\d|\d\d)
    | (?P<day>\d{{1,2}})(?:er|st|nd|rd|th|\.)?\s+(?:of\s+)?{_MONTH}\s*,?\s+(?P<day_year>(?:19|20)\d\d)
    | (?P<us_month>[A-Za-z]{{3,9}})\.?\s+(?P<us_day>\d{{1,2}})(?:st|nd|rd|th)?\s*,\s*(?P<us_year>(?:19|20)\d\d)
    )(?![\w/]|[.-]\d)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class PrintedDay:
    """A date seen in a line and its place there; `day` is None where day and month cannot be told apart."""

    day: date | None
    start: int
    end: int


def days_in(text: str, *, month_first: bool | None) -> list[PrintedDay]:
    """The dates of a line. `month_first` says how to read `11/03/2017`; None = not known."""
    return list(_days(plain(text), month_first))


def month_first(texts: Iterable[str]) -> bool | None:
    """Whether a document writes `11/17/2017`. None when its numeric dates do not tell, or contradict each other."""
    seen = {order for text in texts for found in _DATE.finditer(plain(text)) if (order := _order(found)) is not None}
    return seen.pop() if len(seen) == 1 else None


def basic_day(text: str | None) -> date | None:
    """`20171116` (UN/CEFACT format 102) → a day."""
    if text is None or not re.fullmatch(r"\d{8}", text.strip(), re.ASCII):
        return None
    return _day(text.strip()[:4], text.strip()[4:6], text.strip()[6:])


def _days(line: str, us_order: bool | None) -> Iterator[PrintedDay]:
    for found in _DATE.finditer(line):
        if found["first"]:
            yield PrintedDay(_numeric(found, us_order), found.start(), found.end())
        elif (day := _written(found)) is not None:
            yield PrintedDay(day, found.start(), found.end())


def _order(found: re.Match[str]) -> bool | None:
    """What one numeric date shows by itself: a number above twelve is no month."""
    if not found["first"] or found["mark"] == ".":
        return None
    first, second = int(found["first"]), int(found["second"])
    return None if (first > 12) == (second > 12) else second > 12


def _numeric(found: re.Match[str], us_order: bool | None) -> date | None:
    first, second, year = found["first"], found["second"], found["number_year"]
    if len(year) == 2:
        year = f"20{year}"
    if found["mark"] == "." or int(first) > 12 or first == second:
        return _day(year, second, first)
    if int(second) > 12:
        return _day(year, first, second)
    if us_order is None:
        return None
    return _day(year, first, second) if us_order else _day(year, second, first)


def _written(found: re.Match[str]) -> date | None:
    if found["iso"]:
        return _day(found["year"], found["iso_month"], found["iso_day"])
    if found["day"]:
        return _day(found["day_year"], _month(found["month"]), found["day"])
    return _day(found["us_year"], _month(found["us_month"]), found["us_day"])


def _month(word: str) -> int:
    """1 to 12; 0 for a word that names no month."""
    return _MONTHS.get(word.lower()) or (_SHORT.get(word.lower(), 0) if len(word) == 3 else 0)


def _day(year: str, month: str | int, day: str) -> date | None:
    """The day; None when no calendar or no contract has it."""
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found if FIRST_DAY <= found <= LAST_DAY else None
