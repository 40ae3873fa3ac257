"""The reports of a period, as the book was known at any instant, read from it and printed as CSV or JSON."""

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import aiosql
from psycopg import Connection

from services.kernel.errors import KernelError
from services.kernel.postgres import PostgresStore
from services.ledger.domain.fec.layout import amount_text
from services.ledger.domain.reports import BALANCE, JOURNAL, LEDGER, SUPPLIER, Cell, Movement, Row, Sums, accounts, balance, journal

QUERIES: Any = aiosql.from_path(Path(__file__).with_name("reports.sql"), "psycopg")
PAGE_LINES = 2_000
BYTE_ORDER_MARK = "\ufeff"  # without it a spreadsheet takes UTF-8 for something else
FORMULA = ("=", "+", "-", "@")  # a seller's name is no formula
LINE = {
    "entry_date": "Date",
    "journal": "Journal",
    "number": "Numéro",
    "account": "Compte",
    "account_label": "Intitulé",
    "auxiliary": "Auxiliaire",
    "piece_ref": "Pièce",
    "piece_date": "Date de pièce",
    "label": "Libellé",
    "debit_cents": "Débit",
    "credit_cents": "Crédit",
}
ABROAD = {"currency_cents": "Montant en devise", "currency": "Devise"}
COLUMNS: dict[str, dict[str, str]] = {
    BALANCE: {
        "account": "Compte",
        "account_label": "Intitulé",
        "opening_cents": "Solde initial",
        "debit_cents": "Débit",
        "credit_cents": "Crédit",
        "closing_cents": "Solde final",
        "unvalidated_cents": "Dont à traiter",
    },
    JOURNAL: {**LINE, "validated_on": "Validée le", "entry_id": "Écriture", **ABROAD},
    LEDGER: {"account": "Compte", **LINE, "balance_cents": "Solde", **ABROAD},
    SUPPLIER: {"auxiliary": "Auxiliaire", **LINE, "letter": "Lettre", "balance_cents": "Solde", **ABROAD},
}


class ReportRefused(KernelError):
    """L'état n'est pas fait."""


@dataclass(frozen=True, slots=True)
class Period:
    """A company's days, both included, as the book knew them at `as_of`.

    `auxiliary` = only the lines of that supplier, and of those that became it.
    """

    company_id: str
    starts: date
    ends: date
    as_of: datetime | None
    auxiliary: str | None


class Reports:
    """Reads a report of the book as it stands at one instant, line after line. Locks nothing."""

    def __init__(self, store: PostgresStore) -> None:
        """Reads as the role `ledger_app`."""
        self._store = store

    def rows(self, report: str, period: Period) -> Iterator[Row]:
        """The rows of balance, journal, ledger or supplier. Raises ReportRefused, Unavailable."""
        if period.starts > period.ends:
            raise ReportRefused(f"la période finit le {period.ends} avant de commencer le {period.starts}. Vérifier --from et --to")
        with self._store.connection() as connection:
            connection.execute("set transaction isolation level repeatable read, read only")
            if not QUERIES.knows(connection, company_id=period.company_id):
                raise ReportRefused(f"le livre ne connaît pas l'entreprise {period.company_id}. Vérifier --company")
            yield from _rows(connection, report, period)


def printed(report: str, rows: Iterable[Row], as_json: bool) -> Iterator[str]:
    """The rows as text: one JSON object a line, cents as they are; or CSV for a French spreadsheet (decision 0068)."""
    columns = COLUMNS[report]
    if as_json:
        yield from (json.dumps({name: row[name] for name in columns}, ensure_ascii=False, default=str) + "\n" for row in rows)
        return
    table = csv.writer(_Text(), delimiter=";")
    yield BYTE_ORDER_MARK + table.writerow(columns.values())
    yield from (table.writerow(_cell(name, row[name]) for name in columns) for row in rows)


def _rows(connection: Connection, report: str, period: Period) -> Iterator[Row]:
    asked = {**asdict(period), "report": report}
    sums = [] if report == JOURNAL else [Sums(*row) for row in connection.execute(QUERIES.sums.sql.encode(), asked)]
    if report == BALANCE:
        yield from balance(sums)
        return
    with connection.cursor("report") as cursor:
        cursor.itersize = PAGE_LINES
        movements = map(Movement._make, cursor.execute(QUERIES.movements.sql.encode(), asked))
        yield from journal(movements) if report == JOURNAL else accounts(report, sums, movements)


class _Text:
    """What `csv` writes into, to get each line back."""

    def write(self, line: str) -> Any:
        return line


def _cell(name: str, value: Cell) -> str:
    if value is None:
        return ""
    if name.endswith("_cents"):
        assert isinstance(value, int)
        return ("-" if value < 0 else "") + amount_text(abs(value))
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
