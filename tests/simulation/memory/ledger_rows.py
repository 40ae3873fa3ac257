"""Rows of the in-memory book: the handler's own objects, and what of them is said and compared."""

import json
from dataclasses import dataclass
from typing import Any

from schemas.collection_finished.v1 import CollectionFinished
from schemas.values import RunCounts
from services.kernel.envelope import Event, Outgoing
from services.ledger.adapters.rows import FinishedRow, VersionRow
from services.ledger.domain.facts import facts_json
from services.ledger.domain.posting import Entry, Line
from services.ledger.domain.standing import Outcome
from services.ledger.handler import Version
from tests.simulation.memory.store import MemorySession

PLACE_BITS = 20  # entry id = batch id << 20 | place in the batch, as in PostgreSQL

type RunKey = tuple[str, str]  # company id, run id


@dataclass(frozen=True, slots=True)
class CompanyRow:
    """A company's book, and the accounts it may use."""

    book: int
    accounts: frozenset[str]


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One transaction's worth of one partition; `n` = its entries."""

    batch_id: int
    book: int
    n: int
    topic_id: str
    epoch: int
    from_offset: int
    next_offset: int
    recorded_at: str


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry with its invoice."""

    batch_id: int
    company_id: str
    invoice_id: str
    revision: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """A version of an invoice; `entry_id` = the entry that stands for it."""

    batch_id: int
    version: Version
    entry_id: int | None

    def said(self, entry: EntryRow | None) -> VersionRow:
        """The version as the announcements' query gives it."""
        version, document = self.version, self.version.event.data
        hold, run = version.verdict.hold, version.event.run
        return VersionRow(
            record_offset=version.offset,
            company_id=document.company_id,
            invoice_id=document.invoice_id,
            version=version.standing.version,
            revision=document.revision,
            outcome=version.verdict.outcome.value,
            hold_stage=hold and hold.stage,
            hold_reason=hold and hold.reason,
            hold_sentence=hold and hold.sentence,
            hold_action=hold and hold.next_action,
            booked=version.verdict.entry is not None,
            facts=facts_json(document),
            event_id=version.event.id,
            run_id=run and run.run_id,
            runseq=run and run.seq,
            replay_id=version.event.replay_id,
            traceparent=version.event.traceparent,
            **_entry_columns(self.entry_id, entry),
        )


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """What became of an event of a run."""

    batch_id: int
    kind: Outcome


@dataclass(frozen=True, slots=True)
class MarkerRow:
    """What collection.finished said."""

    batch_id: int
    event: Event[CollectionFinished]


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A revision of a finished run."""

    batch_id: int
    revision: int
    counts: RunCounts

    def said(self, marker: Event[CollectionFinished]) -> FinishedRow:
        """The finished run as the announcements' query gives it."""
        data = marker.data
        return FinishedRow(
            run_id=data.run_id,
            revision=self.revision,
            **dict(self.counts),
            company_id=data.company_id,
            connection_id=data.connection_id,
            kind=data.kind,
            waiting=json.dumps([reason.model_dump() for reason in data.waiting]),
            window_from=data.window_from,
            window_to=data.window_to,
            test_environment=data.settings.test_environment,
            event_id=marker.id,
            replay_id=marker.replay_id,
            traceparent=marker.traceparent,
        )


@dataclass(frozen=True, slots=True)
class ParkedRow:
    """A refused record, as it will stand on the parked topic."""

    batch: BatchRow
    offset: int
    message: Outgoing


@dataclass(frozen=True, slots=True)
class BookedEntry:
    """An entry by its natural key."""

    company_id: str
    invoice_id: str
    revision: int
    lines: tuple[Line, ...]

    @property
    def key(self) -> tuple[str, str, int]:
        """Company, invoice, revision."""
        return self.company_id, self.invoice_id, self.revision

    @property
    def debit_cents(self) -> int:
        """The sum of the debits."""
        return sum(max(line.cents, 0) for line in self.lines)

    @property
    def credit_cents(self) -> int:
        """The sum of the credits."""
        return sum(max(-line.cents, 0) for line in self.lines)


@dataclass(frozen=True, slots=True)
class Content:
    """All that a book says, by natural keys and sorted, for comparisons."""

    entries: tuple[BookedEntry, ...]
    versions: tuple[tuple[str, str, int, int, str, str | None, bool], ...]
    """Company, invoice, version, revision, outcome, hold reason, whether an entry stands for it."""
    overtaken: tuple[tuple[str, str, int, int, str], ...]
    """Company, invoice, revision, highest, event id."""
    outcomes: tuple[tuple[str, str, int, str], ...]
    """Company, run, number in the run, what counts of its attempts."""
    finished: tuple[tuple[str, str, int, tuple[int, ...]], ...]
    """Company, run, revision; collected, recorded, no_entry, archived, held, parked, duplicates."""
    parked: tuple[tuple[int, int, str, bytes | None, bytes | None], ...]
    """Partition, offset, topic, key, value."""
    suppliers: tuple[tuple[str, str, int, str, str | None, str | None, str | None], ...]
    """Company, auxiliary, version; name, legal name, VAT number, SIREN."""
    mergers: tuple[tuple[str, str, str, str], ...]
    """Company, decision, auxiliary, into."""
    aliases: tuple[tuple[str, str, str, str], ...]
    """Company, auxiliary, kind, value."""
    positions: tuple[tuple[str, int, int], ...]
    """Topic id, partition, next offset."""


def rows_of(session: MemorySession, table: str) -> dict[Any, Any]:
    """The rows of a table as this transaction sees it."""
    rows: dict[Any, Any] = session.read(table)
    return rows


def _entry_columns(entry_id: int | None, row: EntryRow | None) -> dict[str, Any]:
    """The entry's columns, all null without one, as the left join gives them."""
    names = ("journal", "entry_date", "piece_ref", "piece_date", "label")
    if row is None:
        return dict.fromkeys(("entry_id", *names, "account", "auxiliary", "cents", "vat_rate", "currency_cents"))
    account, auxiliary, cents, rates, currency, abroad = map(list, zip(*row.entry.lines, strict=True))
    lines = {
        "account": account,
        "auxiliary": auxiliary,
        "cents": cents,
        "vat_rate": rates,
        "currency_cents": abroad if currency[0] else None,
    }
    return {"entry_id": entry_id, **{name: getattr(row.entry, name) for name in names}, **lines}
