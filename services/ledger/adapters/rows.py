"""Rows of the book → what the ledger says about them. Every id follows from the rows, so a repeat is the same event."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import repeat
from typing import Any

from schemas.booking_held.v1 import BookingHeld
from schemas.contract import EventData
from schemas.entry_recorded.v1 import EntryLine, EntryRecorded
from schemas.import_finished.v1 import ImportFinished
from schemas.invoice_described.v1 import Hold, InvoiceDescribed
from schemas.registry import topic_for
from schemas.values import ReasonCount, RunCounts
from services.kernel.envelope import Event, Outgoing, RunPosition, encode, event_id
from services.ledger.domain.facts import Facts
from services.ledger.handler import SERVICE

SOURCE = f"/achats/{SERVICE}"
SHOWN_STATUS = {"recorded": "to_process", "held": "to_process", "no_entry": "archived", "archived": "archived"}


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version of an invoice and the entry that stands for it (all null without one).

    `fates` = how many numbers its entries had got by then, mirrors included; `life` = what had become of this entry.
    `follows` = the entry that stands, where this row is about the one that follows it.
    """

    record_offset: int
    company_id: str
    invoice_id: str
    version: int
    revision: int
    outcome: str
    hold_stage: str | None
    hold_reason: str | None
    hold_sentence: str | None
    hold_action: str | None
    booked: bool
    facts: str
    event_id: str
    run_id: str | None
    runseq: int | None
    replay_id: str | None
    traceparent: str | None
    entry_id: int | None
    journal: str
    entry_date: date
    piece_ref: str
    piece_date: date
    label: str
    account: list[str]
    auxiliary: list[str | None]
    cents: list[int]
    vat_rate: list[str | None]
    currency_cents: list[int] | None
    fates: int = 0
    life: str | None = None
    follows: int | None = None

    @property
    def state(self) -> int:
        """Which of its states the invoice is in: each version and each number that one of its entries gets makes the next."""
        return self.version + self.fates

    @property
    def status(self) -> str:
        """As Achats shows it: what became of the entry, unless somebody must look at the document."""
        return self.life if self.outcome == "recorded" and self.life else SHOWN_STATUS[self.outcome]

    @property
    def hold(self) -> Hold | None:
        """Why a person must look."""
        if self.hold_stage is None or self.hold_reason is None or self.hold_sentence is None or self.hold_action is None:
            return None
        return Hold(stage=self.hold_stage, reason=self.hold_reason, sentence=self.hold_sentence, next_action=self.hold_action)

    @property
    def lines(self) -> tuple[EntryLine, ...]:
        """The lines of the entry that stands; none without one."""
        if self.entry_id is None:
            return ()
        return lines_of(self.account, self.auxiliary, self.cents, self.vat_rate, self.currency_cents)


@dataclass(frozen=True, slots=True)
class FinishedRow:
    """A finished run: its counts, and what its marker said."""

    run_id: str
    revision: int
    collected: int
    recorded: int
    no_entry: int
    archived: int
    held: int
    parked: int
    duplicates: int
    company_id: str
    connection_id: str
    kind: str
    waiting: str
    window_from: date
    window_to: date
    test_environment: bool
    event_id: str
    replay_id: str | None
    traceparent: str | None


def lines_of(
    accounts: Sequence[str],
    auxiliaries: Sequence[str | None],
    cents: Sequence[int],
    rates: Sequence[str | None],
    abroad: Sequence[int] | None,
) -> tuple[EntryLine, ...]:
    """The columns of an entry as its lines; cents above zero are a debit. `abroad` = in the document's currency (None = in euros)."""
    columns = zip(accounts, auxiliaries, cents, rates, abroad or repeat(None, len(cents)), strict=True)
    return tuple(
        EntryLine(
            account=account,
            auxiliary=auxiliary,
            debit_cents=max(amount, 0),
            credit_cents=max(-amount, 0),
            vat_rate=rate,
            currency_cents=foreign,
        )
        for account, auxiliary, amount, rate, foreign in columns
    )


def version_messages(row: VersionRow, recorded_at: str) -> list[Outgoing]:
    """What happened to the invoice, then how it stands."""
    facts = Facts.model_validate_json(row.facts)
    hold = row.hold
    said: list[tuple[EventData, int]] = []
    if row.booked and row.entry_id is not None:
        said.append((_entry_recorded(row, row.entry_id, facts, recorded_at), row.entry_id))
    if hold is not None:
        said.append((_booking_held(row, hold, facts, recorded_at), row.version))
    said.append((_invoice_described(row, facts, recorded_at), row.state))
    run = RunPosition(row.run_id, row.runseq) if row.run_id else None
    return [_message(data, n, row, run, recorded_at) for data, n in said]


def following_message(row: VersionRow, recorded_at: str) -> Outgoing:
    """The entry that follows another of the same document."""
    assert row.entry_id is not None
    recorded = _entry_recorded(row, row.entry_id, Facts.model_validate_json(row.facts), recorded_at)
    return _message(recorded, row.entry_id, row, RunPosition(row.run_id, row.runseq) if row.run_id else None, recorded_at)


def view_message(row: VersionRow, recorded_at: str) -> Outgoing:
    """How the invoice stands, nothing else."""
    return _message(_invoice_described(row, Facts.model_validate_json(row.facts), recorded_at), row.state, row, None, recorded_at)


def finished_message(row: FinishedRow, finished_at: str) -> Outgoing:
    """The run adds up."""
    finished = ImportFinished(
        company_id=row.company_id,
        connection_id=row.connection_id,
        run_id=row.run_id,
        revision=row.revision,
        kind=row.kind,
        counts=RunCounts(**{name: getattr(row, name) for name in RunCounts.model_fields}),
        waiting=tuple(ReasonCount(**reason) for reason in json.loads(row.waiting)),
        window_from=row.window_from,
        window_to=row.window_to,
        finished_at=finished_at,
        test_environment=row.test_environment,
    )
    return _message(finished, row.revision, row, RunPosition(row.run_id, None), finished_at)


def parked_message(topic: str, key: bytes | None, value: bytes | None, names: list[str], values: list[bytes]) -> Outgoing:
    """The refused record as it was kept."""
    return Outgoing(topic, key, value, tuple(zip(names, values, strict=True)))


def _message(data: EventData, n: int, cause: VersionRow | FinishedRow, run: RunPosition | None, time: str) -> Outgoing:
    event: Event[Any] = Event(
        id=event_id(SOURCE, data.ce_type, data.subject, n),
        source=SOURCE,
        time=time,
        data=data,
        run=run,
        causation_id=cause.event_id,
        replay_id=cause.replay_id,
        traceparent=cause.traceparent,
    )
    return encode(event, topic_for(SERVICE, type(data)))


def _entry_recorded(row: VersionRow, entry_id: int, facts: Facts, recorded_at: str) -> EntryRecorded:
    assert facts.type is not None
    assert facts.currency is not None
    assert facts.totals is not None
    return EntryRecorded(
        company_id=row.company_id,
        connection_id=facts.connection_id,
        invoice_id=row.invoice_id,
        revision=row.revision,
        entry_id=str(entry_id),
        journal=row.journal,
        entry_date=row.entry_date,
        piece_ref=row.piece_ref,
        piece_date=row.piece_date,
        label=row.label,
        type=facts.type,
        credited_number=facts.credited_number,
        currency=facts.currency,
        exchange_rate=facts.exchange_rate,
        totals=facts.totals,
        supplier=facts.supplier,
        lines=row.lines,
        vat=facts.vat,
        flags=facts.flags,
        orders=facts.orders,
        rulebook_version=facts.rulebook_version,
        document=facts.document,
        status="to_process",
        recorded_at=recorded_at,
        test_environment=facts.test_environment,
        follows=None if row.follows is None else str(row.follows),
    )


def _booking_held(row: VersionRow, hold: Hold, facts: Facts, recorded_at: str) -> BookingHeld:
    return BookingHeld(
        company_id=row.company_id,
        connection_id=facts.connection_id,
        invoice_id=row.invoice_id,
        revision=row.revision,
        type=facts.type,
        number=facts.number,
        issue_date=facts.issue_date,
        currency=facts.currency,
        totals=facts.totals,
        supplier=facts.supplier,
        orders=facts.orders,
        document=facts.document,
        recorded_at=recorded_at,
        test_environment=facts.test_environment,
        **dict(hold),
    )


def _invoice_described(row: VersionRow, facts: Facts, changed_at: str) -> InvoiceDescribed:
    return InvoiceDescribed(
        company_id=row.company_id,
        connection_id=facts.connection_id,
        invoice_id=row.invoice_id,
        version=row.state,
        revision=row.revision,
        category=facts.category,
        status=row.status,
        outcome=row.outcome,
        type=facts.type,
        number=facts.number,
        issue_date=facts.issue_date,
        credited_number=facts.credited_number,
        currency=facts.currency,
        totals=facts.totals,
        supplier=facts.supplier,
        vat=facts.vat,
        flags=facts.flags,
        orders=facts.orders,
        entry_id=None if row.entry_id is None else str(row.entry_id),
        lines=row.lines,
        hold=row.hold,
        document=facts.document,
        changed_at=changed_at,
        test_environment=facts.test_environment,
    )
