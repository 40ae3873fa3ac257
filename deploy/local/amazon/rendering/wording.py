"""How amounts, rates and dates are written on documents, in three languages."""

from collections.abc import Callable
from datetime import date

from deploy.local.amazon.papers import Language

MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre")
NO_BREAK_SPACE = "\u00a0"


def euros(cents: int) -> str:
    """`1 234,56 €`, with the no-break spaces of French typography."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100:_},{abs(cents) % 100:02d}_€".replace("_", NO_BREAK_SPACE)


def german_euros(cents: int) -> str:
    """`1.234,56 €`."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100:_},{abs(cents) % 100:02d} €".replace("_", ".")


def english_euros(cents: int) -> str:
    """`€1,234.56`, a credit `-€1,234.56`."""
    return f"{'-' if cents < 0 else ''}€{abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def coded_euros(cents: int) -> str:
    """`EUR 1,234.56`, a credit `EUR -1,234.56`."""
    return f"EUR {'-' if cents < 0 else ''}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def percent(rate: str) -> str:
    """`5,5 %`."""
    return f"{rate.replace('.', ',')}{NO_BREAK_SPACE}%"


def english_percent(rate: str) -> str:
    """`5.5%`."""
    return f"{rate}%"


def long_date(day: date) -> str:
    """`12 mars 2026`; the first of a month is `1er`."""
    return f"{'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]} {day.year}"


def short_date(day: date) -> str:
    """`12/03/2026`."""
    return f"{day:%d/%m/%Y}"


def dotted_date(day: date) -> str:
    """`12.03.2026`."""
    return f"{day:%d.%m.%Y}"


def english_date(day: date) -> str:
    """`March 12, 2026`, whatever the locale."""
    months = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
    return f"{months[day.month - 1]} {day.day}, {day.year}"


type Amounts = Callable[[int], str]
type Dates = Callable[[date], str]

EUROS: dict[Language, Amounts] = {Language.FRENCH: euros, Language.GERMAN: german_euros, Language.ENGLISH: english_euros}
DATES: dict[Language, Dates] = {Language.FRENCH: short_date, Language.GERMAN: dotted_date, Language.ENGLISH: english_date}
PERCENTS: dict[Language, Callable[[str], str]] = {
    Language.FRENCH: percent,
    Language.GERMAN: percent,
    Language.ENGLISH: english_percent,
}
