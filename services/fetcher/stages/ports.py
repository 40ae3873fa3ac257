"""What a run needs from outside, what can go wrong there, and what its stages share."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Protocol

from schemas.collection_finished.v1 import CollectionFinished
from schemas.invoice_collected.v1 import Evidence, InvoiceCollected
from schemas.values import DocumentRef
from services.fetcher.domain.amazon.collecting import InvoiceDetailsOfLine, ReportsPage, TransactionsPage
from services.fetcher.domain.amazon.collecting import Report as ReportAnswer
from services.fetcher.domain.company import Company
from services.fetcher.domain.dossier import Dossier
from services.fetcher.domain.emitting import Named
from services.fetcher.domain.matching import Numbered
from services.fetcher.domain.pace import Operation
from services.fetcher.domain.records import Invoice, Kind, LineKey, OrderLine, Report, ReportState, Run, Scan, StatedNumber, Statements
from services.fetcher.domain.reports import Outcome
from services.fetcher.domain.settling import Settlement
from services.fetcher.domain.waiting import Waiting
from services.fetcher.domain.wanting import Wanted
from services.kernel.clock import Clock
from services.kernel.errors import KernelError, Unavailable


class NotCollecting(Exception):
    """The run's connection may not be read now: it is closed, its consent was replaced, or the company's plan is too low."""

    breaks: ClassVar[str | None] = None
    """Why the connection is broken by this, as connection.broken says it."""


class ConsentWithdrawn(NotCollecting):
    """Amazon refuses the connection's refresh token: the company withdrew its consent."""

    breaks = "consent_withdrawn"


class AccessLost(NotCollecting):
    """Amazon denies access with a fresh token: the account lost its role, or is closed or suspended."""

    breaks = "access_denied"


class RequestRefused(KernelError):
    """Amazon refuses a request for what it asks; asking the same again changes nothing, so this is a fault of ours."""


class AnswerUnreadable(Unavailable):
    """Amazon's answer cannot be read: cut short, or of another shape. The next one may be whole."""


class PageRefused(Exception):
    """Amazon refuses a page token: the scan starts again from its window."""


class NotDelivered(KernelError):
    """Amazon's store does not give a document: its link is refused, or the download ends early."""


class Account(Protocol):
    """One connection's Amazon account. Everything raises Unavailable when Amazon does not answer, NotCollecting when we may not ask,
    RequestRefused when the request itself is wrong.

    `wait_seconds` is 0 when so many calls may go now, `allowed` = how many may. `create_report` asks for the documents of an order, or of
    a `number` of that kind. `ended_reports` is one page of those that were asked for since. `payload` raises NotDelivered, and
    UnreadablePayload for one that no memory should hold.
    """

    def wait_seconds(self, operation: Operation, several: int = 1) -> float: ...

    def allowed(self, operation: Operation) -> int: ...

    def transactions(self, since: date, until: datetime, page_token: str | None) -> TransactionsPage: ...

    def invoice_details(self, lines: Sequence[LineKey]) -> Sequence[InvoiceDetailsOfLine]: ...

    def create_report(self, order_id: str, number: str, kind: Kind = Kind.INVOICE) -> str: ...

    def ended_reports(self, since: datetime, page_token: str | None) -> ReportsPage: ...

    def report(self, report_id: str) -> ReportAnswer | None: ...

    def payload(self, report_document_id: str) -> bytes | None: ...


class Accounts(Protocol):
    """The Amazon accounts of the connections."""

    def open(self, run: Run) -> Account: ...

    def lost(self, run: Run, why: NotCollecting) -> None: ...


class Shelf(Protocol):
    """Where documents are kept, once, under the hash of their bytes."""

    def keep(self, pdf: bytes) -> DocumentRef: ...

    def keep_unreadable(self, payload: bytes) -> None: ...


class Reader(Protocol):
    """Reads what a PDF says; a PDF that cannot be read gives evidence `none`, never an error."""

    def read(self, data: bytes) -> Evidence: ...


class Each(Protocol):
    """How the same is done to many things, in their order: `map`, or what does several at a time."""

    def __call__[T, R](self, work: Callable[[T], R], things: Iterable[T], /) -> Iterable[R]: ...


class Progress(Protocol):
    """What a run has done so far. Each `keep_…` is one transaction, so that a killed run goes on where it was."""

    def run(self, run_id: str) -> Run: ...

    def scan(self, run_id: str) -> Scan: ...

    def keep_page(self, run: Run, page: TransactionsPage, now: datetime) -> Scan: ...

    def restart_scan(self, run: Run) -> Scan: ...

    def lines_to_ask(self, run: Run, now: datetime, limit: int) -> Sequence[OrderLine]: ...

    def keep_numbers(
        self, run: Run, asked: Sequence[OrderLine], numbers: Sequence[StatedNumber], pending: Sequence[LineKey], now: datetime
    ) -> None: ...

    def next_wanted(self, run: Run, now: datetime, limit: int = 1) -> Sequence[Wanted]: ...

    def keep_wanted(self, run: Run, moved: Sequence[tuple[Wanted, Wanted]], now: datetime) -> None: ...

    def keep_outcomes(self, run: Run, outcomes: Sequence[Outcome], now: datetime) -> None: ...

    def next_reports(self, run: Run, state: ReportState, limit: int = 1) -> Sequence[Report]: ...

    def orders_to_look_at(self, run: Run, after: str, limit: int) -> Mapping[str, int]: ...

    def dossiers(self, run: Run, orders: Sequence[str]) -> Sequence[Dossier]: ...

    def writing(self, run_id: str) -> "AbstractContextManager[Book]": ...


class Book(Protocol):
    """One transaction: what is written in it and what is said in it stand or fall together."""

    @property
    def run(self) -> Run: ...

    def company(self, company_id: str) -> Company: ...

    def statements(self, several: Sequence[Numbered]) -> Sequence[Statements]: ...

    def invoices(self, several: Sequence[Named]) -> Sequence[Invoice]: ...

    def routed(self, statements: Statements) -> Waiting | None: ...

    def say_collected(self, several: Sequence[tuple[Invoice, InvoiceCollected]], now: datetime) -> None: ...

    def looked_at(self, news: Mapping[str, int]) -> None: ...

    def settle(self, settled: Sequence[Settlement], now: datetime) -> None: ...

    def finish_run(self, finished: CollectionFinished, now: datetime) -> None: ...

    def count_emissions(self, now: datetime) -> None: ...


@dataclass(frozen=True)
class Work:
    """One run at work: what its stages share."""

    run: Run
    account: Account
    progress: Progress
    shelf: Shelf
    reader: Reader
    clock: Clock
    check_stopping: Callable[[], None]
    each: Each
    at_once: int
