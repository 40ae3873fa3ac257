"""Suppliers in PostgreSQL: which became which, which the book knows, and what a page says of them."""

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import aiosql
from psycopg import Connection

from schemas.supplier_merged.v1 import SupplierMerged
from services.kernel.envelope import Event
from services.ledger.domain.standing import Document
from services.ledger.domain.suppliers import Mergers, aliases_of, identity_of
from services.ledger.handler import SupplierKey

QUERIES: Any = aiosql.from_path(Path(__file__).with_name("suppliers.sql"), "psycopg")
COLUMNS = ("companies", "auxiliaries", "names", "legal_names", "vat_ids", "sirens")


def mergers_of(connection: Connection, companies: Sequence[str]) -> Mapping[str, Mergers]:
    """The mergers of these companies; companies without any are left out."""
    found = groupby(QUERIES.mergers(connection, companies=companies), key=lambda row: row[0])
    grouped = ((company, list(rows)) for company, rows in found)
    return {
        company: Mergers({goes: stays for _, goes, stays, _ in rows}, frozenset(decision for *_, decision in rows))
        for company, rows in grouped
    }


def known_suppliers(connection: Connection, keys: Sequence[SupplierKey]) -> Collection[SupplierKey]:
    """Those of these suppliers that the book knows."""
    companies, auxiliaries = map(list, zip(*keys, strict=True))
    return set(QUERIES.known(connection, companies=companies, auxiliaries=auxiliaries))


def note_suppliers(connection: Connection, batch_id: int, documents: Sequence[Document]) -> None:
    """The next version of each supplier whose documents name it as none did before: one statement, nothing for what is known."""
    shown = dict.fromkeys((document.company_id, document.supplier.auxiliary, *identity_of(document)) for document in documents)
    if shown:
        QUERIES.note_suppliers(connection, batch_id=batch_id, **dict(zip(COLUMNS, map(list, zip(*shown, strict=True)), strict=True)))


def note_mergers(connection: Connection, batch_id: int, mergers: Sequence[tuple[int, Event[SupplierMerged]]]) -> None:
    """The mergers of a page, and what the suppliers that stay go by too."""
    for offset, event in mergers:
        decision = event.data
        said = decision.model_dump(include={"company_id", "decision_id", "auxiliary", "into", "by", "decided_at"})
        QUERIES.note_merger(connection, batch_id=batch_id, record_offset=offset, event_id=event.id, **said)
        kinds, values = map(list, zip(*aliases_of(decision), strict=True))
        stays = {"company_id": decision.company_id, "auxiliary": decision.into}
        QUERIES.note_aliases(connection, batch_id=batch_id, kinds=kinds, values=values, **stays)
