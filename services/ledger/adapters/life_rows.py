"""Rows of a person's batch → what the ledger says of entries that became final, were replaced, or were turned round."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from schemas.contract import EventData
from schemas.entry_reversed.v1 import EntryReversed
from schemas.entry_superseded.v1 import EntrySuperseded
from schemas.entry_validated.v1 import EntryValidated
from schemas.registry import topic_for
from services.kernel.envelope import Event, Outgoing, encode, event_id
from services.ledger.adapters.rows import SOURCE, lines_of
from services.ledger.domain.posting import BOOK_CURRENCY
from services.ledger.handler import SERVICE


@dataclass(frozen=True, slots=True)
class FateRow:
    """The fate that an entry met; `reversed` = the entry it turns round, `by_entry` = the one that replaces it (then no number)."""

    entry_id: int
    company_id: str
    connection_id: str
    invoice_id: str
    test_environment: bool
    by_entry: int | None
    reversed: int | None
    journal: str
    fy: int
    number: int
    entry_date: date
    validated_on: date
    piece_ref: str
    piece_date: date
    label: str
    account: list[str]
    auxiliary: list[str | None]
    cents: list[int]
    vat_rate: list[str | None]
    currency: str | None
    currency_cents: list[int] | None


def fate_message(row: FateRow, recorded_at: str) -> Outgoing:
    """What became of the entry; the id follows from the entry that met its end."""
    data = _said(row, recorded_at)
    ended = row.entry_id if row.reversed is None else row.reversed
    event: Event[EventData] = Event(id=event_id(SOURCE, data.ce_type, data.subject, ended), source=SOURCE, time=recorded_at, data=data)
    return encode(event, topic_for(SERVICE, type(data)))


def _said(row: FateRow, recorded_at: str) -> EntryValidated | EntrySuperseded | EntryReversed:
    shared: dict[str, Any] = {name: getattr(row, name) for name in ("company_id", "connection_id", "invoice_id", "test_environment")}
    shared["recorded_at"] = recorded_at
    if row.by_entry is not None:
        return EntrySuperseded(entry_id=str(row.entry_id), by_entry_id=str(row.by_entry), **shared)
    final: dict[str, Any] = {name: getattr(row, name) for name in ("journal", "number", "entry_date", "validated_on")}
    if row.reversed is None:
        return EntryValidated(entry_id=str(row.entry_id), fiscal_year=row.fy, **final, **shared)
    return EntryReversed(
        entry_id=str(row.reversed),
        by_entry_id=str(row.entry_id),
        fiscal_year=row.fy,
        piece_ref=row.piece_ref,
        piece_date=row.piece_date,
        label=row.label,
        currency=row.currency or BOOK_CURRENCY,
        lines=lines_of(row.account, row.auxiliary, row.cents, row.vat_rate, row.currency_cents),
        **final,
        **shared,
    )
