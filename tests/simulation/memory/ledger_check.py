"""What PostgreSQL checks and does when a batch commits (migrations/0002_checks.sql), in memory."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from psycopg import DatabaseError

import services.ledger
from schemas.values import RunCounts
from services.kernel.errors import Refused
from services.ledger.adapters.positions import Fenced
from services.ledger.domain.standing import Outcome
from tests.simulation.memory.ledger_rows import PLACE_BITS, BatchRow, EntryRow, FinishedRun, InvoiceRow, MarkerRow, RunKey, rows_of
from tests.simulation.memory.ledger_suppliers import check_suppliers
from tests.simulation.memory.store import MemorySession

CHART_SQL = Path(services.ledger.__file__).with_name("migrations") / "0003_chart.sql"
CHART = frozenset(re.findall(r"^\('(\d{6})'", CHART_SQL.read_text(encoding="utf-8"), re.MULTILINE))
COUNTED = {Outcome.OVERTAKEN: "archived", Outcome.DUPLICATE: "duplicates"}


class CommitCheck:
    """One check per batch, in the order of `check_batch()`. Raises Refused, Fenced, or DatabaseError: the writer is wrong."""

    def __call__(self, session: MemorySession, batch: BatchRow) -> None:
        """Check the batch, move the partition on, finish runs, seal."""
        entries = [row for row in rows_of(session, "entry").values() if row.batch_id == batch.batch_id]
        self._check_entries(batch, entries)
        self._check_accounts(session, batch, entries)
        self._check_invoices(session, batch)
        self._move_position(session, batch)
        self._finish_runs(session, batch)
        self._seal(session, batch)
        check_suppliers(session, batch, entries)

    def _check_entries(self, batch: BatchRow, entries: Iterable[EntryRow]) -> None:
        for row in entries:
            cents = [line.cents for line in row.entry.lines]
            if len(cents) < 2:
                raise DatabaseError(f"batch {batch.batch_id}: an entry of fewer than two lines")
            if 0 in cents:
                raise DatabaseError(f"batch {batch.batch_id}: a line without amount")
            if sum(cents):
                raise DatabaseError(f"batch {batch.batch_id}: an unbalanced entry")
            if row.entry.lines[0].currency and not _in_its_currency([line.currency_cents for line in row.entry.lines], cents):
                raise DatabaseError(f"batch {batch.batch_id}: amounts in a currency that are not those of the lines")

    def _check_accounts(self, session: MemorySession, batch: BatchRow, entries: Iterable[EntryRow]) -> None:
        """Companies belong to this book, accounts to the company's chart."""
        companies = rows_of(session, "company")
        for company in sorted({row.version.event.data.company_id for row in _of_batch(session, batch)}):
            if companies[company].book != batch.book:
                raise Refused(f"batch {batch.batch_id}: company {company} is not of book {batch.book}")
        for row in entries:
            for line in row.entry.lines:
                if line.account not in companies[row.company_id].accounts:
                    raise Refused(f"batch {batch.batch_id}: no account {line.account} in that company's chart")

    def _check_invoices(self, session: MemorySession, batch: BatchRow) -> None:
        """Every entry named is that invoice's own; those of the batch were booked by one version each, or follow one that was."""
        entries = rows_of(session, "entry")
        named = [row for row in _of_batch(session, batch) if row.entry_id is not None]
        booked = [row for row in named if row.version.verdict.entry is not None]
        brought = {row.entry_id for row in booked if row.entry_id is not None and row.entry_id >> PLACE_BITS == batch.batch_id}
        following = [principal for entry, principal in rows_of(session, "later_entry").items() if entry >> PLACE_BITS == batch.batch_id]
        counted = len(brought) == len(booked) == batch.n - len(following) and brought.issuperset(following)
        if not counted or not all(_own(entries.get(row.entry_id), row) for row in named):
            raise DatabaseError(f"batch {batch.batch_id}: entries and invoices do not match")

    def _move_position(self, session: MemorySession, batch: BatchRow) -> None:
        """The partition moves on, if it is still ours and stands where the batch says."""
        place = batch.topic_id, batch.book
        session.lock(("kafka_position", place))
        positions = session.table("kafka_position")
        row = positions.get(place)
        if row is None or not self._in_force(batch, row.epoch, row.next_offset):
            raise Fenced(batch.book)
        positions[place] = replace(row, next_offset=batch.next_offset)

    def _in_force(self, batch: BatchRow, epoch: int, next_offset: int) -> bool:
        return (batch.epoch, batch.from_offset) == (epoch, next_offset)

    def _finish_runs(self, session: MemorySession, batch: BatchRow) -> None:
        """Runs this batch touched, one after the other in one order."""
        touched = {key[:2] for key, row in rows_of(session, "outcome").items() if row.batch_id == batch.batch_id}
        touched |= {key for key, row in rows_of(session, "run_marker").items() if row.batch_id == batch.batch_id}
        for run in sorted(touched):
            session.lock(("run", run))
            self._finish_run(session, batch, run)

    def _finish_run(self, session: MemorySession, batch: BatchRow, run: RunKey) -> None:
        """Finished when the marker is there and every event has an outcome; other counts = the next revision."""
        marker: MarkerRow | None = session.table("run_marker").get(run)
        if marker is None:
            return
        emitted = marker.event.data.emitted
        counts = counts_of(session, run, emitted)
        before = max((row for key, row in rows_of(session, "run_finished").items() if key[:2] == run), key=_revision, default=None)
        if self._complete(counts, emitted) and (before is None or before.counts != counts):
            revision = _revision(before) + 1 if before else 1
            session.table("run_finished").insert((*run, revision), FinishedRun(batch.batch_id, revision, counts))

    def _complete(self, counts: RunCounts, emitted: int) -> bool:
        return counts.collected == emitted

    def _seal(self, session: MemorySession, batch: BatchRow) -> None:
        """The last lock before the commit: the order of a book is the order of its commits."""
        session.lock(("chain_head", batch.book))
        heads = session.table("chain_head")
        seq = heads[batch.book] + 1
        heads[batch.book] = seq
        session.table("chain")[batch.book, seq] = batch


def counts_of(session: MemorySession, run: RunKey, emitted: int) -> RunCounts:
    """How the run's events came out, by the last attempt of each."""
    rows = sorted((key[2:], row.kind) for key, row in rows_of(session, "outcome").items() if key[:2] == run and 1 <= key[2] <= emitted)
    last = {seq: kind for (seq, _attempt), kind in rows}
    counts = Counter(COUNTED.get(kind, kind.value) for kind in last.values())
    return RunCounts(collected=len(last), **{name: counts[name] for name in RunCounts.model_fields if name != "collected"})


def _in_its_currency(abroad: Sequence[int | None], here: Sequence[int]) -> bool:
    """Every line has its amount on its side, and they balance."""
    amounts = [amount for amount in abroad if amount is not None]
    return len(amounts) == len(here) and not sum(amounts) and all(there * cents > 0 for there, cents in zip(amounts, here, strict=True))


def _of_batch(session: MemorySession, batch: BatchRow) -> list[InvoiceRow]:
    return [row for row in rows_of(session, "invoice").values() if row.batch_id == batch.batch_id]


def _own(entry: EntryRow | None, row: InvoiceRow) -> bool:
    document = row.version.event.data
    return entry is not None and (entry.company_id, entry.invoice_id) == (document.company_id, document.invoice_id)


def _revision(finished: FinishedRun) -> int:
    return finished.revision
