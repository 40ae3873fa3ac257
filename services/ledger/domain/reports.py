"""Trial balance, journal, general ledger and supplier statement: rows of integer cents from sums and movements of the book."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby
from typing import NamedTuple

JOURNAL, LEDGER, SUPPLIER, BALANCE = "journal", "ledger", "supplier", "balance"

type Cell = str | int | date | None
type Row = Mapping[str, Cell]


class Sums(NamedTuple):
    """An account, with one of its auxiliaries and the supplier that is: what it stood at before the period, and what moved in it."""

    account: str
    account_label: str
    auxiliary: str | None
    opening_cents: int
    debit_cents: int
    credit_cents: int
    unvalidated_cents: int
    supplier: str | None = None  # None = the auxiliary itself


class Movement(NamedTuple):
    """A line of an entry; `number` and `validated_on` = None while nobody has validated it, `letter` while nothing settles it."""

    journal: str
    number: int | None
    entry_date: date
    validated_on: date | None
    account: str
    account_label: str
    auxiliary: str | None
    piece_ref: str
    piece_date: date
    label: str
    debit_cents: int
    credit_cents: int
    entry_id: int
    letter: str | None = None
    currency: str | None = None  # of the document, where the line has an amount in it: `currency_cents`, a debit above zero
    currency_cents: int | None = None
    supplier: str | None = None  # the one its auxiliary became; None = the auxiliary itself


def balance(sums: Iterable[Sums]) -> Iterator[Row]:
    """Trial balance: a row per account; `sums` come by account. Balances are signed, a debit above zero."""
    for (account, label), grouped in groupby(sums, key=lambda one: (one.account, one.account_label)):
        parts = list(grouped)
        opening, debit, credit, unvalidated = (sum(column) for column in zip(*(part[3:7] for part in parts), strict=True))
        yield {
            "account": account,
            "account_label": label,
            "opening_cents": opening,
            "debit_cents": debit,
            "credit_cents": credit,
            "closing_cents": opening + debit - credit,
            "unvalidated_cents": unvalidated,
        }


def journal(movements: Iterable[Movement]) -> Iterator[Row]:
    """The journals: a row per line, as they come."""
    return (movement._asdict() for movement in movements)


def accounts(report: str, sums: Iterable[Sums], movements: Iterable[Movement]) -> Iterator[Row]:
    """General ledger or supplier statement: under each account (or supplier) its opening, then its lines with the balance so far.

    `movements` come by account (or supplier). One without movement has its opening alone, unless it is zero; those come last.
    """

    def of(one: Sums | Movement) -> str:
        return one.account if report == LEDGER else one.supplier or one.auxiliary or ""

    openings = dict[str, int]()
    for one in sums:
        if of(one):
            openings[of(one)] = openings.get(of(one), 0) + one.opening_cents
    for code, lines in groupby(movements, key=of):
        so_far = openings.pop(code, 0)
        yield _opening(report, code, so_far)
        for line in lines:
            so_far += line.debit_cents - line.credit_cents
            yield {**line._asdict(), "balance_cents": so_far}
    yield from (_opening(report, code, cents) for code, cents in openings.items() if cents)


def _opening(report: str, code: str, cents: int) -> Row:
    named: dict[str, Cell] = dict.fromkeys(Movement._fields)
    key = "account" if report == LEDGER else "auxiliary"
    return {**named, key: code, "label": "Solde initial", "debit_cents": 0, "credit_cents": 0, "balance_cents": cents}
