"""What the fetcher remembers, as values: runs, lines, numbers, reports, documents, invoices."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum

from schemas.invoice_collected.v1 import Evidence, InvoiceCollected
from schemas.values import DocumentRef
from services.fetcher.domain.amazon.collecting import Transaction
from services.fetcher.domain.schedule import HISTORY


class Kind(StrEnum):
    """Which side of a purchase a document is on."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


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
    """A company's connection to one marketplace. `trouble` = why it is broken; not `proven` = its new consent was not compared yet."""

    connection_id: str
    company_id: str
    marketplace_id: str
    state: str
    opened_at: datetime
    since: datetime
    trouble: str | None = None
    proven: bool = True


@dataclass(frozen=True, slots=True)
class Consent:
    """How far the two consents are: `step` company, amazon or done; until when Amazon's page may answer; why it refused the last time."""

    step: str
    expires_at: datetime | None
    refusal: str | None


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
    def of_history(self) -> bool:
        """Whether it is a migration of history: what only it has seen is its own until it is done."""
        return self.kind == HISTORY

    @property
    def reads_until(self) -> datetime:
        """Until when it reads transactions: the moment it started, unless its window ends before, as that of a migration does."""
        return min(self.started_at, datetime.combine(self.window_to, time.max, UTC))

    @property
    def finished(self) -> bool:
        """Whether it says nothing more: its marker has been said, or its connection was closed under it."""
        return self.state != "collecting"


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
    """A line with what was charged or refunded on it, and whether its number is announced as `Pending`.

    `moved_at` = when goods or money last moved on it; `ask_at` = when its number is asked again if it is still missing.
    """

    key: LineKey
    charged: bool
    refunded: bool
    pending: bool
    moved_at: datetime
    ask_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StatedNumber:
    """A number that Amazon's API gives for a line. `shared` = the line has several numbers of this kind.

    `consolidated` = its document is asked for by the number: it may cover a month of orders.
    """

    key: LineKey
    number: str
    kind: Kind
    issue_date: date | None
    origin: str
    shared: bool = False
    consolidated: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """A report asked for an order, or for a consolidated number (`order_id` '')."""

    report_id: str
    order_id: str
    number: str
    state: ReportState
    polls: int
    asked_at: datetime
    next_poll_at: datetime
    report_document_id: str | None

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state not in (ReportState.ASKED, ReportState.READY)

    def at(self, state: ReportState) -> "Report":
        """The same report in another state."""
        return replace(self, state=state)


@dataclass(frozen=True, slots=True)
class Paper:
    """A stored PDF and what it says, as an order shows it.

    `settled` = the number that was found for it earlier, when it says none. `of_another` = its number is stated of another order only.
    """

    document: DocumentRef
    evidence: Evidence
    settled: str | None = None
    of_another: bool = False


@dataclass(frozen=True, slots=True)
class Statements:
    """What the API says of one number over all its orders. `several_orders` = more than one order shows the PDF."""

    marketplace_id: str
    orders: tuple[str, ...]
    numbers: tuple[StatedNumber, ...]
    transactions: tuple[Transaction, ...]
    several_orders: bool = False


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice with its id; `revision` 0 = never said. `facts_hash` = what was last said of it from the PDF in hand.

    `decided` = the event last said of it, if people's decisions were in it.
    """

    invoice_id: str
    number: str
    kind: str
    revision: int
    facts_hash: str | None
    said: int
    decided: InvoiceCollected | None = None
