"""The fetcher's story: a run collects what Amazon has and says what is final; a finished import makes its connection active."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from schemas.collection_finished.v1 import CollectionFinished
from schemas.connection_changed.v1 import ConnectionChanged
from schemas.contract import EventData
from schemas.import_finished.v1 import ImportFinished
from schemas.invoice_collected.v1 import Evidence, InvoiceCollected
from schemas.values import DocumentRef, ReasonCount
from services.fetcher import Logged
from services.fetcher.domain.amazon.collecting import InvoiceDetailsOfLine, TransactionsPage
from services.fetcher.domain.amazon.collecting import Report as ReportAnswer
from services.fetcher.domain.company import Company
from services.fetcher.domain.emitting import collected_of, facts_of, fitting, held_back, minted_id, next_revision
from services.fetcher.domain.identity import sha256_of
from services.fetcher.domain.matching import Numbered, match, waiting
from services.fetcher.domain.pace import Operation, poll_again_after
from services.fetcher.domain.records import (
    Connection,
    Dossier,
    Invoice,
    LineKey,
    Paper,
    Report,
    ReportState,
    Run,
    Scan,
    StatedNumber,
    Statements,
    Waiting,
)
from services.fetcher.domain.reports import after_poll, after_refusal
from services.fetcher.domain.stating import answered, stated_of
from services.fetcher.domain.unpacking import EmptyArchive, UnreadablePayload, unpack
from services.kernel.clock import Clock
from services.kernel.envelope import VALUE_MAX_BYTES, Event
from services.kernel.errors import KernelError
from services.kernel.log import log
from services.kernel.postgres import Transaction as DatabaseTransaction

BATCH = 25
"""Lines that `/invoices` answers for at once (Reconciliation API 2021-01-08)."""

LONGEST_SLEEP_SECONDS = 5.0
"""So that a process that is asked to end does not sleep through it."""


class ConsentWithdrawn(Exception):
    """Amazon refuses the connection's refresh token: the company withdrew its consent."""


class PageRefused(Exception):
    """Amazon refuses a page token: the scan starts again from its window."""


class NotDelivered(KernelError):
    """Amazon's store does not give a document: its link is refused, or the download ends early."""


class Account(Protocol):
    """One connection's Amazon account. Everything raises Unavailable when Amazon does not answer, ConsentWithdrawn when it may not.

    `payload` raises NotDelivered, and UnreadablePayload for one that no memory should hold.
    """

    def wait_seconds(self, operation: Operation) -> float: ...

    def transactions(self, since: date, until: datetime, page_token: str | None) -> TransactionsPage: ...

    def invoice_details(self, lines: Sequence[LineKey]) -> Sequence[InvoiceDetailsOfLine]: ...

    def create_report(self, order_id: str) -> str: ...

    def report(self, report_id: str) -> ReportAnswer | None: ...

    def payload(self, report_document_id: str) -> bytes | None: ...


class Accounts(Protocol):
    """The Amazon accounts of the connections."""

    def open(self, run: Run) -> Account: ...

    def consent_withdrawn(self, run: Run) -> None: ...


class Shelf(Protocol):
    """Where documents are kept, once, under the hash of their bytes."""

    def keep(self, pdf: bytes) -> DocumentRef: ...

    def keep_unreadable(self, payload: bytes) -> None: ...


class Reader(Protocol):
    """Reads what a PDF says; a PDF that cannot be read gives evidence `none`, never an error."""

    def read(self, data: bytes) -> Evidence: ...


class Progress(Protocol):
    """What a run has done so far. Each `keep_…` is one transaction, so that a killed run goes on where it was."""

    def run(self, run_id: str) -> Run: ...

    def scan(self, run_id: str) -> Scan: ...

    def keep_page(self, run: Run, page: TransactionsPage, now: datetime) -> Scan: ...

    def restart_scan(self, run: Run) -> Scan: ...

    def lines_to_ask(self, run: Run, limit: int) -> Sequence[LineKey]: ...

    def keep_numbers(
        self, run: Run, asked: Sequence[LineKey], numbers: Sequence[StatedNumber], pending: Sequence[LineKey], now: datetime
    ) -> None: ...

    def orders_to_request(self, run: Run) -> Sequence[str]: ...

    def keep_report(self, run: Run, report: Report) -> None: ...

    def next_report(self, run: Run, state: ReportState) -> Report | None: ...

    def keep_papers(self, run: Run, report: Report, payload_sha256: str, papers: Sequence[Paper], now: datetime) -> None: ...

    def orders_seen(self, run: Run) -> Sequence[str]: ...

    def dossier(self, run: Run, order_id: str) -> Dossier: ...

    def writing(self, run_id: str) -> "AbstractContextManager[Book]": ...


class Book(Protocol):
    """One transaction: what is written in it and what is said in it stand or fall together."""

    @property
    def run(self) -> Run: ...

    def company(self, company_id: str) -> Company: ...

    def statements(self, found: Numbered) -> Statements: ...

    def invoice(self, orders: Sequence[str], found: Numbered, minted: str) -> Invoice: ...

    def say_collected(self, invoice: Invoice, collected: InvoiceCollected, now: datetime) -> None: ...

    def finish_run(self, finished: CollectionFinished, now: datetime) -> None: ...


class Connections(Protocol):
    """The connections, inside one transaction."""

    def locked_connection(self, connection_id: str) -> Connection | None: ...

    def run(self, run_id: str) -> Run | None: ...

    def move(self, connection: Connection, state: str, now: datetime) -> None: ...

    def company(self, company_id: str) -> Company: ...

    def describe_company(self, company_id: str, now: datetime) -> None: ...

    def say_about_connection(self, connection_id: str, data: EventData, now: datetime, causation_id: str) -> None: ...


@dataclass(frozen=True)
class Collect:
    """One import run, from the transactions to its marker. It may be killed at any point and called again."""

    progress: Progress
    accounts: Accounts
    shelf: Shelf
    reader: Reader
    clock: Clock
    check_stopping: Callable[[], None]

    def __call__(self, run_id: str) -> None:
        """Collect until the run is finished. A finished run is left alone."""
        run = self.progress.run(run_id)
        if run.finished:
            return
        try:
            account = self.accounts.open(run)
            self._scan(run, account)
            self._resolve(run, account)
            self._fetch_documents(run, account)
        except ConsentWithdrawn:
            self.accounts.consent_withdrawn(run)
            raise
        self._finish(run, self._emit_all(run))

    def _scan(self, run: Run, account: Account) -> None:
        """Read every page of the window; a page and the place where the next one starts are kept together."""
        scan = self.progress.scan(run.run_id)
        while scan.finished_at is None:
            self.check_stopping()
            try:
                page = account.transactions(run.window_from, run.reads_until, scan.next_page_token)
            except PageRefused:
                scan = self.progress.restart_scan(run)
                page = account.transactions(run.window_from, run.reads_until, None)
            scan = self.progress.keep_page(run, page, self.clock.now())

    def _resolve(self, run: Run, account: Account) -> None:
        """Ask the numbers of the lines that need one; null and `Pending` stay waiting for another run."""
        while lines := self.progress.lines_to_ask(run, BATCH):
            self.check_stopping()
            numbers, pending = answered(account.invoice_details(lines), set(lines))
            self.progress.keep_numbers(run, lines, numbers, pending, self.clock.now())

    def _fetch_documents(self, run: Run, account: Account) -> None:
        """Request, poll and fetch, each as soon as Amazon's allowance lets it, until nothing is open."""
        wanted = deque(self.progress.orders_to_request(run))
        while True:
            self.check_stopping()
            waits = [self._request(run, account, wanted), self._poll(run, account), self._fetch(run, account)]
            seconds = [wait for wait in waits if wait is not None]
            if not seconds:
                return
            self.clock.sleep(min(*seconds, LONGEST_SLEEP_SECONDS))

    def _request(self, run: Run, account: Account, wanted: deque[str]) -> float | None:
        """Ask for the documents of one order; seconds until the next turn, None = nothing left to do."""
        if not wanted:
            return None
        wait = account.wait_seconds(Operation.CREATE_REPORT)
        if wait > 0:
            return wait
        report_id, now = account.create_report(wanted[0]), self.clock.now()
        report = Report(report_id, wanted[0], ReportState.ASKED, 0, now, now + poll_again_after(0), None)
        self.progress.keep_report(run, report)
        wanted.popleft()
        return 0.0

    def _poll(self, run: Run, account: Account) -> float | None:
        """Ask after the report whose turn it is."""
        report = self.progress.next_report(run, ReportState.ASKED)
        if report is None:
            return None
        until_due = (report.next_poll_at - self.clock.now()).total_seconds()
        wait = max(until_due, account.wait_seconds(Operation.GET_REPORT))
        if wait > 0:
            return wait
        self.progress.keep_report(run, after_poll(report, account.report(report.report_id), self.clock.now()))
        return 0.0

    def _fetch(self, run: Run, account: Account) -> float | None:
        """Fetch and keep the documents of a report that is ready."""
        report = self.progress.next_report(run, ReportState.READY)
        if report is None:
            return None
        until_due = (report.next_poll_at - self.clock.now()).total_seconds()
        wait = max(until_due, account.wait_seconds(Operation.GET_REPORT_DOCUMENT))
        if wait > 0:
            return wait
        try:
            payload = account.payload(report.report_document_id or "")
        except NotDelivered as trouble:
            self.progress.keep_report(run, after_refusal(report, self.clock.now()))
            log.warning(Logged.PAYLOAD_NOT_DELIVERED, order_id=report.order_id, trouble=str(trouble))
        except UnreadablePayload as trouble:
            self._end_unread(run, report, trouble)
        else:
            self._keep(run, report, payload)
        return 0.0

    def _keep(self, run: Run, report: Report, payload: bytes | None) -> None:
        if payload is None:
            self.progress.keep_report(run, report.ended(ReportState.LOST))
        else:
            self._unpack(run, report, payload)

    def _unpack(self, run: Run, report: Report, payload: bytes) -> None:
        """Keep the PDFs; of what is none keep the bytes, and let the order wait for another run."""
        try:
            pdfs = unpack(payload)
        except UnreadablePayload as trouble:
            self.shelf.keep_unreadable(payload)
            self._end_unread(run, report, trouble, payload_sha256=sha256_of(payload))
        else:
            papers = [Paper(self.shelf.keep(pdf), self.reader.read(pdf)) for pdf in pdfs]
            self.progress.keep_papers(run, report.ended(ReportState.FETCHED), sha256_of(payload), papers, self.clock.now())

    def _end_unread(self, run: Run, report: Report, trouble: UnreadablePayload, **kept: str) -> None:
        """The order waits for another run: its documents are missing when there was none, failed when something was there."""
        state = ReportState.NOTHING if isinstance(trouble, EmptyArchive) else ReportState.FAILED
        self.progress.keep_report(run, report.ended(state))
        log.warning(Logged.PAYLOAD_UNREADABLE, order_id=report.order_id, trouble=type(trouble).__name__, **kept)

    def _emit_all(self, run: Run) -> Counter[Waiting]:
        """Say every document that is final; what is not is counted by reason."""
        reasons, settled = Counter[Waiting](), set[str]()
        for order_id in self.progress.orders_seen(run):
            self.check_stopping()
            dossier = self.progress.dossier(run, order_id)
            matched = match(dossier)
            reasons.update(waiting(dossier, matched))
            for found in matched.numbered:
                if found.paper.document.sha256 not in settled:
                    settled.add(found.paper.document.sha256)
                    reasons.update(self._emit(run, found))
        return reasons

    def _emit(self, run: Run, found: Numbered) -> list[Waiting]:
        """Say one document unless it was said with the same facts, in one transaction; the reason when it may not be said.

        Another process may have finished the run meanwhile: after its marker, what is new belongs to the next one.
        """
        now = self.clock.now()
        with self.progress.writing(run.run_id) as book:
            if book.run.finished:
                return []
            statements = book.statements(found)
            stated = stated_of(found.number, found.kind, statements)
            invoice = book.invoice(statements.orders, found, minted_id(run, found, stated))
            settings = book.company(run.company_id).settings(now.date())
            collected = fitting(collected_of(run, found, stated, invoice, settings), VALUE_MAX_BYTES)
            facts = facts_of(found, collected)
            if invoice.facts_hash == facts:
                return []
            if reason := held_back(settings, collected):
                return [reason]
            book.say_collected(next_revision(invoice, facts), collected, now)
        return []

    def _finish(self, run: Run, reasons: Counter[Waiting]) -> None:
        """Say the marker in the transaction that finishes the run."""
        now = self.clock.now()
        with self.progress.writing(run.run_id) as book:
            if book.run.finished:
                return
            finished = CollectionFinished(
                company_id=run.company_id,
                connection_id=run.connection_id,
                run_id=run.run_id,
                kind=run.kind,
                emitted=book.run.emitted,
                waiting=tuple(ReasonCount(reason=reason, count=count) for reason, count in sorted(reasons.items())),
                window_from=run.window_from,
                window_to=run.window_to,
                settings=book.company(run.company_id).settings(now.date()),
            )
            book.finish_run(finished, now)
        log.info(Logged.COLLECTED, run_id=run.run_id, kind=run.kind, emitted=finished.emitted, waiting=sum(reasons.values()))


@dataclass(frozen=True)
class ImportEnds:
    """import.finished of a connection's first run → the connection is active, and says so with the counts."""

    connections: Callable[[DatabaseTransaction], Connections]
    clock: Clock

    def __call__(self, event: Event[ImportFinished], transaction: DatabaseTransaction) -> None:
        """Only the run that initialised the connection moves it, and only from `initialising`."""
        told, book, now = event.data, self.connections(transaction), self.clock.now()
        connection, run = book.locked_connection(told.connection_id), book.run(told.run_id)
        if connection is None or connection.state != "initialising" or run is None or run.kind != "initial":
            return
        if run.connection_id != connection.connection_id:
            return
        book.move(connection, "active", now)
        changed = ConnectionChanged(
            company_id=connection.company_id,
            connection_id=connection.connection_id,
            connector="amazon_business",
            from_state="initialising",
            to_state="active",
            reason="import_finished",
            run_id=told.run_id,
            counts=told.counts,
            waiting=told.waiting,
            test_environment=book.company(connection.company_id).test_environment,
        )
        book.say_about_connection(connection.connection_id, changed, now, event.id)
        book.describe_company(connection.company_id, now)
