"""The book in the languages of other accounting programs, which then judge it by their own rules."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter

from services.ledger.domain.posting import BOOK_CURRENCY
from services.ledger.domain.reports import Movement

type Lines = list[Movement]


def entries(movements: Iterable[Movement]) -> Iterator[Lines]:
    """The lines of each entry; they come together."""
    return (list(lines) for _, lines in groupby(movements, key=attrgetter("entry_id")))


def amount(line: Movement) -> str:
    """Signed, a debit above zero, with a point and two decimals: `-120.00 EUR`; in another currency with its whole price in euros.

    `-135.00 USD @@ 120.00 EUR` weighs what the book has: -120.00 EUR.
    """
    cents = line.debit_cents - line.credit_cents
    if line.currency_cents is None:
        return f"{_decimal(cents)} {BOOK_CURRENCY}"
    return f"{_decimal(line.currency_cents)} {line.currency} @@ {_decimal(abs(cents))} {BOOK_CURRENCY}"


def _decimal(cents: int) -> str:
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}.{rest:02}"


def flag(line: Movement) -> str:
    """`*` = final, `!` = nobody has validated it."""
    return "!" if line.number is None else "*"


def code(line: Movement) -> str:
    """Journal and number; of what waits, the entry."""
    return str(line.entry_id) if line.number is None else f"{line.journal}-{line.number}"
