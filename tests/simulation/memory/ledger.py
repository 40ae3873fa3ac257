"""The ledger's positions, book and announcements in memory: what the real adapters and PostgreSQL do, without them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from operator import itemgetter
from typing import Any

from schemas.invoice_classified.v1 import InvoiceClassified
from services.kernel.clock import instant
from services.kernel.envelope import Outgoing
from services.kernel.errors import Refused, Unavailable
from services.ledger.adapters.positions import Fenced, Tenure
from services.ledger.domain.crediting import NumberKey
from services.ledger.domain.originals import ORIGINAL_TYPES, Original, original_of
from services.ledger.domain.posting import Entry
from services.ledger.domain.standing import FiscalYear, Outcome, Standing
from services.ledger.domain.suppliers import Mergers
from services.ledger.handler import InvoiceKey, Page, PdfKey, Place, SupplierKey, Version
from tests.simulation.memory.ledger_check import CHART, CommitCheck
from tests.simulation.memory.ledger_messages import Batch, ensure_sayable, waiting
from tests.simulation.memory.ledger_positions import MemoryPositions
from tests.simulation.memory.ledger_rows import (
    PLACE_BITS,
    BatchRow,
    CompanyRow,
    EntryRow,
    InvoiceRow,
    MarkerRow,
    OutcomeRow,
    ParkedRow,
    rows_of,
)
from tests.simulation.memory.ledger_schema import MemoryLedger, MemorySessions
from tests.simulation.memory.ledger_suppliers import known_suppliers, mergers_of, note_mergers, note_suppliers
from tests.simulation.memory.store import MemorySession

FORBIDDEN = frozenset("\t\n\r|")  # in a piece reference or a label: checks of the table `entry`

COMMIT_CHECK = CommitCheck()

type Send = Callable[[Sequence[Outgoing]], int]


class MemoryBooks:
    """The handler's `Books`. `sessions` and `positions` are one process's."""

    def __init__(
        self, ledger: MemoryLedger, sessions: MemorySessions, positions: MemoryPositions, check: CommitCheck = COMMIT_CHECK
    ) -> None:
        """`check` = what happens when a batch commits."""
        self._ledger, self._sessions, self._positions, self._check = ledger, sessions, positions, check

    def position(self, topic: str, partition: int) -> int | None:
        """The offset of the first record that is not in the book; None when the partition is not ours. Raises Fenced."""
        tenure = self._positions.tenure(topic, partition)
        return None if tenure is None else tenure.next_offset

    def standing(self, keys: Collection[InvoiceKey]) -> Mapping[InvoiceKey, Standing]:
        """What the book says of these invoices."""
        if not keys:
            return {}
        with self._sessions.connection() as session:
            rows: list[tuple[Any, InvoiceRow]] = sorted(rows_of(session, "invoice").items(), key=itemgetter(0))
        versions = {key: [row for (*of, _), row in rows if tuple(of) == key] for key in keys}
        return {key: _standing(found) for key, found in versions.items() if found}

    def bearers(self, pdfs: Collection[PdfKey]) -> Mapping[PdfKey, str]:
        """The invoice that first brought each of these PDFs."""
        if not pdfs:
            return {}
        with self._sessions.connection() as session:
            rows: list[InvoiceRow] = sorted(rows_of(session, "invoice").values(), key=lambda row: (row.batch_id, row.version.offset))
        first = dict[PdfKey, str]()
        for document in (row.version.event.data for row in rows):
            first.setdefault((document.company_id, document.document.sha256), document.invoice_id)
        return {pdf: first[pdf] for pdf in pdfs if pdf in first}

    def fiscal_years(self, companies: Collection[str]) -> Mapping[str, Sequence[FiscalYear]]:
        """The fiscal years of these companies."""
        if not companies:
            return {}
        with self._sessions.connection() as session:
            rows = sorted(rows_of(session, "fiscal_year").items(), key=itemgetter(0))
        years = {company: [row for (of, _), row in rows if of == company] for company in companies}
        return {company: found for company, found in years.items() if found}

    def originals(self, numbers: Collection[NumberKey]) -> Mapping[NumberKey, Sequence[Original]]:
        """The invoices and receipts with these numbers whose entry stands."""
        if not numbers:
            return {}
        with self._sessions.connection() as session:
            rows: list[tuple[Any, InvoiceRow]] = sorted(rows_of(session, "invoice").items(), key=itemgetter(0))
            entries: dict[Any, EntryRow] = rows_of(session, "entry")
        found = dict[NumberKey, list[Original]]()
        for row in {key[:2]: row for key, row in rows}.values():
            document = row.version.event.data
            if (
                isinstance(document, InvoiceClassified)
                and row.version.verdict.outcome is Outcome.RECORDED
                and document.type in ORIGINAL_TYPES
            ):
                original = original_of(document, entries[row.entry_id].entry.lines)
                found.setdefault((document.company_id, document.number), []).append(original)
        return {number: found[number] for number in numbers if number in found}

    def mergers(self, companies: Collection[str]) -> Mapping[str, Mergers]:
        """Which suppliers of these companies became another one."""
        if not companies:
            return {}
        with self._sessions.connection() as session:
            return mergers_of(session, companies)

    def suppliers(self, keys: Collection[SupplierKey]) -> Collection[SupplierKey]:
        """Those of these suppliers that the book knows."""
        if not keys:
            return ()
        with self._sessions.connection() as session:
            return known_suppliers(session, keys)

    def record(self, page: Page) -> None:
        """Write the page and move the position. Raises Refused (nothing is written), Fenced (another process owns the partition)."""
        tenure = self._positions.tenure(page.topic, page.partition)
        if tenure is None:
            raise Fenced(page.partition)
        try:
            with self._sessions.connection() as session:
                self._write(session, page, tenure)
        except Unavailable:
            tenure.session = 0  # whether it was committed is for the database to say
            raise
        tenure.next_offset = page.next_offset

    def _write(self, session: MemorySession, page: Page, tenure: Tenure) -> None:
        """Everything of the page; it is checked when the transaction commits."""
        if tenure.session != self._sessions.backend.number:
            raise Unavailable("PostgreSQL", "the database session changed")
        entries = page.entries
        _open(session, page, entries)
        batch = BatchRow(
            batch_id=next(self._ledger.batch_ids),
            book=page.partition,
            n=len(entries),
            topic_id=tenure.topic_id,
            epoch=tenure.epoch,
            from_offset=tenure.next_offset,
            next_offset=page.next_offset,
            recorded_at=instant(self._ledger.clock.now()),
        )
        if batch.next_offset <= batch.from_offset:
            raise Refused("a batch without records")
        _insert(session, "batch", (batch.topic_id, batch.book, batch.from_offset), batch)
        self._sessions.defer(lambda session: self._check(session, batch))
        self._write_versions(session, batch, page, entries)
        note_suppliers(session, [version.event.data for version in page.versions])
        note_mergers(session, batch, page.mergers)
        for late in page.overtaken:
            document = late.event.data
            session.table("overtaken").insert((document.company_id, document.invoice_id, late.event.id), late)
        self._note_outcomes(session, batch, page.outcomes)
        for event in page.markers:
            session.table("run_marker").insert((event.data.company_id, event.data.run_id), MarkerRow(batch.batch_id, event))
        for offset, message in page.parked:
            _refuse_nul(name for name, _ in message.headers)
            _insert(session, "parked_record", (batch.batch_id, offset), ParkedRow(batch, offset, message))
        ensure_sayable(session, batch)

    def _write_versions(self, session: MemorySession, batch: BatchRow, page: Page, entries: Sequence[tuple[Version, Entry]]) -> None:
        ids = {id(entry): batch.batch_id << PLACE_BITS | place for place, (_, entry) in enumerate(entries)}
        for version, entry in entries:
            self._write_entry(session, batch, ids[id(entry)], version, entry)
            if entry.later:
                _insert(session, "later_entry", ids[id(entry.later)], ids[id(entry)])
        for version in page.versions:
            document, entry = version.event.data, version.standing.entry
            row = InvoiceRow(batch.batch_id, version, ids[id(entry)] if isinstance(entry, Entry) else entry)
            _insert(session, "invoice", (document.company_id, document.invoice_id, version.standing.version), row)

    def _write_entry(self, session: MemorySession, batch: BatchRow, entry_id: int, version: Version, entry: Entry) -> None:
        for text in (entry.piece_ref, entry.label):
            if not text or FORBIDDEN & set(text):
                raise Refused("a piece reference or a label that a book does not take")
        document = version.event.data
        row = EntryRow(batch.batch_id, document.company_id, document.invoice_id, document.revision, entry)
        self._claim_source(session, entry, entry_id)
        _insert(session, "entry", entry_id, row)

    def _claim_source(self, session: MemorySession, entry: Entry, entry_id: int) -> None:
        _insert(session, "source_key", entry.source_key, entry_id)

    def _note_outcomes(self, session: MemorySession, batch: BatchRow, outcomes: Mapping[Place, Outcome]) -> None:
        """One outcome per event of a run: the first stays, except that any other replaces parked, as the next attempt."""
        _refuse_nul(company for company, _, _ in outcomes)
        for place, kind in sorted(outcomes.items()):
            if not self._note_outcome(session, batch, place, kind):  # another transaction wrote the place meanwhile: look again
                self._note_outcome(session, batch, place, kind)

    def _note_outcome(self, session: MemorySession, batch: BatchRow, place: Place, kind: Outcome) -> bool:
        """Whether the place was as it was found."""
        attempts = [(key[3], row.kind) for key, row in rows_of(session, "outcome").items() if key[:3] == place]
        attempt, before = max(attempts, default=(0, None))
        if before is not None and not self._replaces(before, kind):
            return True
        return session.table("outcome").insert((*place, attempt + 1), OutcomeRow(batch.batch_id, kind))

    def _replaces(self, before: Outcome, kind: Outcome) -> bool:
        return before is Outcome.PARKED and kind is not Outcome.PARKED


class MemoryAnnouncements:
    """The kernel's `Pending` over the book."""

    def __init__(self, sessions: MemorySessions) -> None:
        """`sessions` = the relay's own."""
        self._sessions = sessions

    def turn(self, limit: int, send: Send) -> int:
        """Announce about `limit` messages of each book with news (whole batches)."""
        with self._sessions.connection() as session:
            announced = rows_of(session, "announced")
            books = [book for book, seq in sorted(rows_of(session, "chain_head").items(), key=itemgetter(0)) if seq > announced[book][0]]
        return sum(self._announce(book, limit, send) for book in books)

    def _announce(self, book: Any, limit: int, send: Send) -> int:
        with self._sessions.connection() as session:
            if not session.try_lock(("announcing", book)):
                return 0
            seq, sent = session.table("announced")[book]
            batches = self._waiting(session, book, range(seq + 1, session.table("chain_head")[book] + 1), limit + sent)
            messages = [message for _, said in batches for message in said][sent:]
            acknowledged = send(messages) if messages else 0
            session.table("announced")[book] = self._reached(batches, seq, sent + acknowledged)
            return acknowledged

    def _waiting(self, session: MemorySession, book: int, places: range, limit: int) -> list[Batch]:
        return waiting(session, book, places, limit)

    def _reached(self, batches: Sequence[Batch], seq: int, sent: int) -> tuple[int, int]:
        """The last batch that is announced whole, and how many messages of the next one are, when `sent` of all are."""
        for place, messages in batches:
            if sent < len(messages):
                break
            seq, sent = place, sent - len(messages)
        return seq, sent


@dataclass(frozen=True, slots=True)
class Parts:
    """The classes that a ledger process in memory is made of: a planted mistake puts another in the place of one."""

    positions: type[MemoryPositions] = MemoryPositions
    books: type[MemoryBooks] = MemoryBooks
    check: type[CommitCheck] = CommitCheck
    announcements: type[MemoryAnnouncements] = MemoryAnnouncements


def _open(session: MemorySession, page: Page, entries: Sequence[tuple[Version, Entry]]) -> None:
    """Companies and fiscal years seen for the first time."""
    for company in sorted({version.event.data.company_id for version in page.versions}):
        session.table("company").insert(company, CompanyRow(page.partition, CHART))
    for company, year in sorted({(version.event.data.company_id, entry.entry_date.year) for version, entry in entries}):
        starts = date(year, 1, 1)
        session.table("fiscal_year").insert((company, year), FiscalYear(starts, date(year, 12, 31), starts - timedelta(days=1)))


def _standing(rows: Sequence[InvoiceRow]) -> Standing:
    """The versions of one invoice, lowest first."""
    versions = [row.version for row in rows]
    return Standing(
        version=versions[-1].standing.version,
        revision=max(version.event.data.revision for version in versions),
        events=frozenset(version.event.id for version in versions),
        contents=frozenset((version.event.data.revision, version.content) for version in versions),
        entry=rows[-1].entry_id,
        posting=versions[-1].standing.posting,
    )


def _insert(session: MemorySession, table: str, key: Any, row: object) -> None:
    """A row whose key is new. Raises Refused."""
    if not session.table(table).insert(key, row):
        raise Refused(f"{table}: {key} exists")


def _refuse_nul(texts: Any) -> None:
    """No text column takes a NUL. Raises Refused."""
    if any("\x00" in text for text in texts):
        raise Refused("a text with a NUL")
