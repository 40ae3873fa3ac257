"""Suppliers of the book in memory: identities by version, mergers, other names (migrations/0012_suppliers.sql)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from schemas.supplier_merged.v1 import SupplierMerged
from services.kernel.envelope import Event
from services.kernel.errors import Refused
from services.ledger.domain.standing import Document
from services.ledger.domain.suppliers import NO_MERGERS, Identity, Mergers, aliases_of, identity_of
from services.ledger.handler import Outrun, SupplierKey
from tests.simulation.memory.ledger_rows import BatchRow, EntryRow, rows_of
from tests.simulation.memory.store import MemorySession


class MergerRow(NamedTuple):
    """A decision of the book."""

    batch_id: int
    offset: int
    decision: SupplierMerged


def mergers_of(session: MemorySession, companies: Collection[str]) -> Mapping[str, Mergers]:
    """The mergers of these companies, the last of each auxiliary; companies without any are left out."""
    found = dict[str, Mergers]()
    rows: list[MergerRow] = sorted(rows_of(session, "supplier_merger").values(), key=attrgetter("batch_id", "offset"))
    for decision in (row.decision for row in rows if row.decision.company_id in companies):
        before = found.get(decision.company_id, NO_MERGERS)
        into = {**before.into, decision.auxiliary: decision.into}
        found[decision.company_id] = Mergers(into, before.decisions | {decision.decision_id})
    return found


def known_suppliers(session: MemorySession, keys: Collection[SupplierKey]) -> Collection[SupplierKey]:
    """Those that documents showed or a person named; no papers here."""
    shown = {key[:2] for table in ("supplier", "supplier_alias") for key in rows_of(session, table)}
    return {key for key in keys if key in shown}


def note_suppliers(session: MemorySession, documents: Sequence[Document]) -> None:
    """A version for each identity that is new of a supplier and of those that became it; a first one it always gets."""
    for document in documents:
        company, code, identity = document.company_id, document.supplier.auxiliary, identity_of(document)
        mergers = mergers_of(session, [company]).get(company, NO_MERGERS)
        rows: dict[Any, Identity] = rows_of(session, "supplier")
        own = [row for key, row in rows.items() if key[:2] == (company, code)]
        others = [row for key, row in rows.items() if key[0] == company and mergers.survivor(key[1]) == code] if own else []
        if identity not in (*own, *others):
            session.table("supplier").insert((company, code, len(own) + 1), identity)


def note_mergers(session: MemorySession, batch: BatchRow, mergers: Iterable[tuple[int, Event[SupplierMerged]]]) -> None:
    """The decisions, and what the suppliers that stay go by too."""
    for offset, event in mergers:
        decision = event.data
        session.table("supplier_merger").insert((decision.company_id, decision.decision_id), MergerRow(batch.batch_id, offset, decision))
        for kind, value in aliases_of(decision):
            session.table("supplier_alias").insert((decision.company_id, decision.into, kind, value), batch.batch_id)


def check_suppliers(session: MemorySession, batch: BatchRow, entries: Iterable[EntryRow]) -> None:
    """Mergers of this book's companies, in no circle; no document on an auxiliary that became another. Raises Refused, Outrun."""
    companies = rows_of(session, "company")
    rows: list[MergerRow] = list(rows_of(session, "supplier_merger").values())
    for row in rows:
        mergers = mergers_of(session, [row.decision.company_id])[row.decision.company_id]
        at, seen = row.decision.auxiliary, set[str]()
        while at in mergers.into and at not in seen:
            seen.add(at)
            at = mergers.into[at]
        of_book = row.decision.company_id in companies and companies[row.decision.company_id].book == batch.book
        if row.batch_id == batch.batch_id and (at in seen or not of_book):
            raise Refused(f"batch {batch.batch_id}: no merger of {row.decision.auxiliary} in company {row.decision.company_id}")
    merged = {(row.decision.company_id, row.decision.auxiliary) for row in rows if row.batch_id != batch.batch_id}
    for entry in entries:
        if any((entry.company_id, line.auxiliary) in merged for line in entry.entry.lines):
            raise Outrun(f"batch {batch.batch_id}: a supplier became another one")
