"""Validated entries for the tests that read them: fates written behind the triggers, so that reading does not depend on who validates."""

from datetime import date
from pathlib import Path

from services.kernel.postgres import PostgresStore
from services.ledger.adapters.fec import FecExport, Wanted
from tests.integration.ledger.shelf import Shelf, event
from tests.unit.ledger.documents import invoice

SIREN = "732829320"
BATCH = """
insert into ledger.batch (batch_id, book, n, topic_id, partition, epoch, from_offset, next_offset, recorded_at) overriding system value
values ({batch}, 3, 0, 'fates', 3, 1, {batch}, {batch} + 1, '{at}')
"""
VALIDATED = """
insert into ledger.fate (entry_id, batch_id, company_id, journal, fy, number, entry_date, validated_on)
select e.entry_id, {batch}, e.company_id, e.journal, extract(year from '{day}'::date), {number}, '{day}', '{on}'
from ledger.entry as e where e.invoice_id = '{invoice}'
"""
SUPERSEDED = """
insert into ledger.fate (entry_id, batch_id, by_entry)
select e.entry_id, {batch}, n.entry_id from ledger.entry as e, ledger.entry as n where e.invoice_id = '{invoice}' and n.invoice_id = '{by}'
"""
DECIDED = "delete from ledger.todo where entry_id = (select entry_id from ledger.entry where invoice_id = '{}')"


def validate(shelf: Shelf, invoice_id: str, number: int, day: date = date(2026, 3, 10), at: str = "2026-04-01T08:00:00Z") -> None:
    """The invoice's entry got this number and posting date at that instant."""
    batch = 1_000_000 + number
    for statement in (BATCH, VALIDATED):
        shelf.tamper(statement.format(batch=batch, at=at, number=number, day=day, on=at[:10], invoice=invoice_id))
    shelf.tamper(DECIDED.format(invoice_id))


def supersede(shelf: Shelf, invoice_id: str, by: str, at: str) -> None:
    """The invoice's entry gave way to another one's at that instant."""
    shelf.tamper(BATCH.format(batch=2_000_000, at=at))
    shelf.tamper(SUPERSEDED.format(batch=2_000_000, invoice=invoice_id, by=by))
    shelf.tamper(DECIDED.format(invoice_id))


def three_purchases(shelf: Shelf) -> None:
    """I-1 and I-2 validated, in the other order; I-3 « À traiter »."""
    shelf.receive(event(invoice([("606400", 100_00, "20")])))
    shelf.receive(event(invoice([("606300", 1_234_56, "20")], invoice_id="I-2", number="FR-2")))
    shelf.receive(event(invoice(invoice_id="I-3", number="FR-3")))
    validate(shelf, "I-2", 1)
    validate(shelf, "I-1", 2, at="2026-04-02T08:00:00Z")


def export(shelf: Shelf, folder: Path, **changes: object) -> list[str]:
    """What the export says."""
    said = {"company_id": "C-1", "fy": 2026, "siren": SIREN, "folder": folder, "encoding": "utf-8", "provisional": True}
    store = PostgresStore(shelf.url, "ledger", pool_size=1)
    try:
        return list(FecExport(store).write(Wanted(**{**said, **changes})))  # pyright: ignore[reportArgumentType]
    finally:
        store.close()
