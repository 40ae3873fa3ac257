"""Reading the book: the list Achats, an entry, the totals. As rows, and as text for a terminal."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import aiosql
from psycopg.rows import dict_row

from services.kernel.postgres import PostgresStore

QUERIES: Any = aiosql.from_path(Path(__file__).with_name("queries.sql"), "psycopg")
SUPPLIERS: Any = aiosql.from_path(Path(__file__).with_name("suppliers.sql"), "psycopg")
TO_PROCESS, ARCHIVED = "À traiter", "Archivée"
LIVES = {"validated": "Validée", "reversed": "Contre-passée"}
STATUS = {"recorded": TO_PROCESS, "held": TO_PROCESS, "archived": ARCHIVED, "no_entry": ARCHIVED}

type Row = dict[str, Any]


class Reading:
    """Questions to the book. None of them locks anything."""

    def __init__(self, store: PostgresStore) -> None:
        """Reads as the role `ledger_app`."""
        self._store = store

    def answer(self, question: str, about: str, as_json: bool) -> Iterator[str]:
        """The lines a command prints: `list` of a company, `todo` or `suppliers` of a company, `entry` of an invoice, `totals`."""
        match question:
            case "list":
                return (_json_lines if as_json else _purchase_lines)(self.purchases(about))
            case "todo":
                return (_json_lines if as_json else _waiting_lines)(self.waiting(about))
            case "suppliers":
                return (_json_lines if as_json else _supplier_lines)(self.suppliers(about))
            case "entry":
                return (_json_lines if as_json else _entry_lines)(self.entry(about))
            case _:
                return _json_lines(self.totals())

    def purchases(self, company_id: str) -> list[Row]:
        """The company's invoices as they stand, held first; `status` as shown."""
        rows = self._ask(QUERIES.purchases.sql, company_id=company_id)
        return [
            {**row, "status": LIVES.get(row["life"], TO_PROCESS) if row["outcome"] == "recorded" else STATUS[row["outcome"]]}
            for row in rows
        ]

    def waiting(self, company_id: str) -> list[Row]:
        """The company's entries that have neither a number nor a successor, the oldest day first."""
        return self._ask(QUERIES.waiting.sql, company_id=company_id)

    def suppliers(self, company_id: str) -> list[Row]:
        """The company's suppliers, each followed by those that became it; `balance_cents` below zero is owed to them."""
        return self._ask(SUPPLIERS.records.sql, company_id=company_id)

    def entry(self, invoice_id: str) -> list[Row]:
        """The lines of the invoice's entries, each with what they share; none when it has no entry."""
        return self._ask(QUERIES.entry_lines.sql, invoice_id=invoice_id)

    def totals(self) -> list[Row]:
        """One row about the whole book."""
        return self._ask(QUERIES.totals.sql)

    def _ask(self, query: str, **named: str) -> list[Row]:
        with self._store.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode(), named).fetchall()


def _json_lines(rows: Iterable[Row]) -> Iterator[str]:
    """Each row as one line of JSON."""
    return (json.dumps(row, ensure_ascii=False, default=str) for row in rows)


def _purchase_lines(rows: Iterable[Row]) -> Iterator[str]:
    """The list Achats as a person reads it: number, date, seller, net, VAT, gross, status, and why it is held."""
    for row in rows:
        amounts = "".join(f"{euros(row[name]):>13}" for name in ("net_cents", "vat_cents", "gross_cents"))
        held = f" — {row['hold_sentence']} {row['hold_action']}" if row["hold_sentence"] else ""
        late = f" — La révision {row['overtaken_revision']} est arrivée après une plus récente : notée, non comptabilisée."
        noted = late if row["overtaken_revision"] else ""
        seller = row["seller"] or row["supplier"]
        yield f"{row['number'] or '?':<20} {row['issue_date'] or '?':<10} {seller[:28]:<28}{amounts}  {row['status']}{held}{noted}"


def _entry_lines(rows: Iterable[Row]) -> Iterator[str]:
    """Entries as a person reads them: the heading of each, then a line per account."""
    for row in rows:
        if row["n"] == 1:
            yield f"{row['journal']} {row['entry_date']} {row['piece_ref']} — {row['label']}{_life(row)}"
        account = f"{row['account']} {row['auxiliary'] or ''}"
        sides = f"{euros(row['debit_cents']):>13}{euros(row['credit_cents']):>13}"
        yield f"  {account:<26} {row['account_label'][:40]:<40}{sides}{_abroad(row)}"


def _abroad(row: Row) -> str:
    """The line in the document's currency, a debit above zero; nothing in euros."""
    return f"{euros(row['currency_cents']):>15} {row['currency']}" if row["currency"] else ""


def _life(row: Row) -> str:
    """What became of the entry; nothing while it waits."""
    if row["by_entry"]:
        return f" (remplacée par {row['by_entry']})"
    return f" ({row['journal']} {row['fy']} n° {row['number']} au {row['final_date']})" if row["number"] else ""


def _waiting_lines(rows: Iterable[Row]) -> Iterator[str]:
    """What waits as a person reads it: the entry to name, day, piece, label, amount."""
    for row in rows:
        piece = f"{row['entry_id']:<14} {row['journal']} {row['entry_date']} {row['piece_ref']:<20}"
        yield f"{piece} {row['label'][:60]:<60}{euros(row['debit_cents']):>13}"


def _supplier_lines(rows: Iterable[Row]) -> Iterator[str]:
    """Suppliers as a person reads them: code, name, numbers, what is open, then what else is known of each."""
    for row in rows:
        numbers = " ".join(row[name] for name in ("vat_id", "siren") if row[name])
        code = f"  {row['auxiliary']}" if row["merged_into"] else row["auxiliary"]
        notes = [
            row["merged_into"] and f"fusionné avec {row['merged_into']}",
            row["aliases"] and f"aussi : {', '.join(row['aliases'])}",
            row["sellers"] and f"{row['sellers']} vendeurs",
            row["alike"] and f"le même que {', '.join(row['alike'])} ?",
        ]
        noted = "".join(f" — {note}" for note in notes if note)
        yield f"{code:<20} {(row['name'] or '?')[:36]:<36} {numbers:<24}{euros(row['balance_cents']):>14}{noted}"


def euros(cents: int | None) -> str:
    """Cents as French text: 1 234,56; nothing for zero or unknown."""
    if not cents:
        return ""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}".replace(",", "\u202f") + f",{rest:02}"
