"""An Amazon account that says exactly what a test writes down, and a reader that reads `%PDF-NUMBER` as a number."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from schemas.invoice_collected.v1 import Evidence
from services.fetcher.adapters.collection import PostgresProgress
from services.fetcher.adapters.documents import DocumentShelf
from services.fetcher.domain.amazon.collecting import InvoiceDetailsAnswer, InvoiceDetailsOfLine, Report, ReportsPage, TransactionsPage
from services.fetcher.domain.pace import PUBLISHED, SHARE, Operation
from services.fetcher.domain.records import Kind, LineKey, Run
from services.fetcher.handler import Collect
from services.fetcher.stages.ports import NotCollecting, Reader
from tests.integration.fetcher.place import Place
from tests.unit.fetcher.known import evidence

ORDER = "171-0000001-0000001"


@dataclass
class Scripted:
    """What the account holds: transactions, details by line, payloads by order, and the troubles that come before each.

    A missing payload is a cancelled report.
    """

    transactions_now: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    details: dict[str, list[dict[str, Any]]] = field(default_factory=dict[str, list[dict[str, Any]]])
    payloads: dict[str, bytes] = field(default_factory=dict[str, bytes])
    troubles: dict[str, list[Exception]] = field(default_factory=dict[str, list[Exception]])
    asked: list[str] = field(default_factory=list[str])
    listed: int = 0
    losses: list[tuple[str, str | None]] = field(default_factory=list[tuple[str, str | None]])

    def open(self, run: Run) -> "Scripted":
        """There is one account."""
        return self

    def lost(self, run: Run, why: NotCollecting) -> None:
        """Written down."""
        self.losses.append((run.run_id, why.breaks))

    def wait_seconds(self, operation: Operation, several: int = 1) -> float:
        """No hurry, no wait."""
        return 0.0

    def allowed(self, operation: Operation) -> int:
        """As many as Amazon takes at once from us."""
        return int(PUBLISHED[operation].burst * SHARE)

    def transactions(self, since: date, until: datetime, page_token: str | None) -> TransactionsPage:
        """Everything on one page."""
        self._meet("transactions")
        return TransactionsPage.model_validate({"transactions": self.transactions_now})

    def invoice_details(self, lines: Sequence[LineKey]) -> Sequence[InvoiceDetailsOfLine]:
        """The details written down for each line; a line's trouble is the whole batch's."""
        for line in lines:
            self._meet(f"details {line.order_line_item_id}")
        answers = [
            {
                "orderLineItem": {"orderId": line.order_id, "orderLineItemId": line.order_line_item_id, "shipmentId": line.shipment_id},
                "invoiceDetails": self.details.get(line.order_line_item_id),
            }
            for line in lines
        ]
        return InvoiceDetailsAnswer.model_validate({"invoiceDetailsByOrderLineItems": answers}).invoice_details_by_order_line_items or []

    def create_report(self, order_id: str, number: str, kind: Kind = Kind.INVOICE) -> str:
        """A report named after the order or the number, and the number of times it was asked for."""
        self._meet(f"create {order_id or number}")
        self.asked.append(order_id or number)
        return f"{order_id or number}/{len(self.asked)}"

    def ended_reports(self, since: datetime, page_token: str | None) -> ReportsPage:
        """Whatever was asked for, on one page."""
        self.listed += 1
        return ReportsPage(reports=[self.report(f"{name}/{place}") for place, name in enumerate(self.asked, 1)])

    def report(self, report_id: str) -> Report:
        """Done at once, when there is something."""
        order_id = report_id.partition("/")[0]
        self._meet(f"report {order_id}")
        there = order_id in self.payloads
        return Report(
            report_id=report_id, processing_status="DONE" if there else "CANCELLED", report_document_id=order_id if there else None
        )

    def payload(self, report_document_id: str) -> bytes:
        """The bytes written down, once the troubles are over."""
        self._meet(report_document_id)
        return self.payloads[report_document_id]

    def _meet(self, name: str) -> None:
        """The next trouble of that name."""
        if troubles := self.troubles.get(name):
            raise troubles.pop(0)


class NumberReader:
    """`%PDF-FR-1` says its number is FR-1; `%PDF-` alone says nothing."""

    def read(self, data: bytes) -> Evidence:
        """The number behind the magic bytes, up to a space."""
        number = data.removeprefix(b"%PDF-").decode().partition(" ")[0]
        return evidence(number or None, "credit_note" if number.startswith("CN") else None)


def collect_of(place: Place, scripted: Scripted, reader: Reader | None = None) -> Collect:
    """The story against the scripted account."""
    shelf = DocumentShelf(f"file://{place.folder}/documents")
    return Collect(PostgresProgress(place.store), scripted, shelf, reader or NumberReader(), place.clock, lambda: None)


def collect(place: Place, scripted: Scripted, run_id: str) -> None:
    """One run against the scripted account."""
    collect_of(place, scripted)(run_id)


def charge(line: str = "L1", order: str = ORDER, total: str = "12.00", kind: str = "CHARGE", transaction: str = "T") -> dict[str, Any]:
    """A payment event of one line."""
    money = {"currencyCode": "EUR", "amount": total}
    item = {"orderId": order, "orderLineItemId": line, "shipmentId": f"S-{line}", "totalAmount": money, "merchantLegalName": "Papeterie"}
    return {"transactionId": f"{transaction}-{line}", "transactionType": kind, "transactionLineItems": [item]}


def detail(number: str | None, kind: str = "STANDARD", pending: bool = False) -> dict[str, Any]:
    """What `/invoices` says of a line."""
    consolidated = {"invoiceNumber": "Pending"} if pending else None
    return {"invoiceNumber": number, "invoiceDate": "2026-11-12T10:00:00Z", "invoiceType": kind, "consolidatedInvoiceDetails": consolidated}
