"""What the fetcher remembers, as values: runs, lines, numbers, reports, documents, invoices."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum

from schemas.invoice_collected.v1 import Evidence
from schemas.values import DocumentRef
from services.fetcher.domain.amazon.collecting import Transaction


class Kind(StrEnum):
    """Which side of a purchase a document is on."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class Waiting(StrEnum):
    """Why something that was collected or expected is not emitted."""

    IMPORT_DISABLED = "import_disabled"
    BEFORE_IMPORT_START = "before_import_start"
    NUMBER_UNKNOWN = "number_unknown"
    NUMBER_PENDING = "number_pending"
    DOCUMENT_MISSING = "document_missing"
    DOCUMENT_FAILED = "document_failed"


class ReportState(StrEnum):
    """Where a report stands; the last four are ends."""

    ASKED = "asked"
    READY = "ready"
    FETCHED = "fetched"
    NOTHING = "nothing"
    FAILED = "failed"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Connection:
    """A company's connection to one marketplace."""

    connection_id: str
    company_id: str
    marketplace_id: str
    state: str
    opened_at: datetime
    since: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """One import run of a connection over a window of days."""

    run_id: str
    company_id: str
    connection_id: str
    kind: str
    state: str
    window_from: date
    window_to: date
    started_at: datetime
    emitted: int

    @property
    def reads_until(self) -> datetime:
        """Until when it reads transactions: the moment it started, unless its window ends before, as that of a migration does."""
        return min(self.started_at, datetime.combine(self.window_to, time.max, UTC))

    @property
    def finished(self) -> bool:
        """Whether its marker has been said."""
        return self.state == "finished"


@dataclass(frozen=True, slots=True)
class Scan:
    """How far a run has read the transactions."""

    next_page_token: str | None
    pages: int
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class LineKey:
    """One line of one shipment."""

    order_id: str
    order_line_item_id: str
    shipment_id: str


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line with what was charged or refunded on it, and whether its number is announced as `Pending`."""

    key: LineKey
    charged: bool
    refunded: bool
    pending: bool


@dataclass(frozen=True, slots=True)
class StatedNumber:
    """A number that Amazon's API gives for a line. `shared` = the line has several numbers of this kind."""

    key: LineKey
    number: str
    kind: Kind
    issue_date: date | None
    origin: str
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """A report asked for an order."""

    report_id: str
    order_id: str
    state: ReportState
    polls: int
    asked_at: datetime
    next_poll_at: datetime
    report_document_id: str | None

    def ended(self, state: ReportState) -> "Report":
        """The same report at its end."""
        return replace(self, state=state)


@dataclass(frozen=True, slots=True)
class Paper:
    """A stored PDF and what it says."""

    document: DocumentRef
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything known of one order."""

    order_id: str
    lines: tuple[OrderLine, ...]
    numbers: tuple[StatedNumber, ...]
    papers: tuple[Paper, ...]
    report_failed: bool


@dataclass(frozen=True, slots=True)
class Statements:
    """What the API says of one number over all its orders."""

    marketplace_id: str
    orders: tuple[str, ...]
    numbers: tuple[StatedNumber, ...]
    transactions: tuple[Transaction, ...]


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice with its id; `revision` 0 = never said. `facts_hash` = what was last said of it from the PDF in hand."""

    invoice_id: str
    number: str
    kind: str
    revision: int
    facts_hash: str | None
    said: int
