"""Document API 2021-09-30: reports that take their time, and documents that are handed out by short-lived links."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import uuid4

from deploy.local.amazon.calls import Answer, Call, Json
from deploy.local.amazon.clock import VirtualClock, iso
from deploy.local.amazon.papers import Kind
from deploy.local.amazon.refusals import bad_report_input, unknown_resource
from deploy.local.amazon.report_queries import ReportQuery
from deploy.local.amazon.settings import Pace
from deploy.local.amazon.signing import Signer
from deploy.local.amazon.world import FRANCE, Document, World

REPORT_TYPE = "GET_AB_INVOICE_PDF"
KEPT = timedelta(days=30)
LINK_S = 300
CREDITS = frozenset({"Credits", "CreditMemo"})


@dataclass(slots=True)
class Report:
    """One report; its status follows from the clock until it is cancelled."""

    id: str
    document_id: str
    created_at: datetime
    marketplaces: tuple[str, ...]
    documents: tuple[Document, ...]
    pace: Pace
    cancelled: bool = False

    def status(self, now: datetime) -> str:
        """`processingStatus`: CANCELLED on request, or at the end when there is nothing to return."""
        if self.cancelled:
            return "CANCELLED"
        if now < self.started_at:
            return "IN_QUEUE"
        if now < self.ended_at:
            return "IN_PROGRESS"
        return "DONE" if self.documents else "CANCELLED"

    @property
    def started_at(self) -> datetime:
        """When it leaves the queue."""
        return self.created_at + timedelta(seconds=self.pace.queued_s)

    @property
    def ended_at(self) -> datetime:
        """When it is done."""
        return self.started_at + timedelta(seconds=self.pace.processing_s)

    def described(self, now: datetime) -> Json:
        """The `Report` object; like Amazon's it does not repeat the report options."""
        status = self.status(now)
        started, ended = not self.cancelled and now >= self.started_at, not self.cancelled and now >= self.ended_at
        return {
            "reportId": self.id,
            "reportType": REPORT_TYPE,
            "createdTime": iso(self.created_at),
            "processingStatus": status,
            "marketplaceIds": list(self.marketplaces),
            **({"processingStartTime": iso(self.started_at)} if started else {}),
            **({"processingEndTime": iso(self.ended_at)} if ended else {}),
            **({"reportDocumentId": self.document_id} if status == "DONE" else {}),
        }


class Reports:
    """The five operations; `documents_url` is the other host that serves the downloads."""

    def __init__(self, world: World, clock: VirtualClock, signer: Signer, pace: Pace, documents_url: str) -> None:
        self._world = world
        self._clock = clock
        self._signer = signer
        self._pace = pace
        self._documents_url = documents_url
        self._reports: dict[str, Report] = {}
        self._by_document: dict[str, Report] = {}

    def create(self, call: Call) -> Answer:
        """202 and a new report, also for a body seen before."""
        body = call.json(bad_report_input())
        options, marketplaces = _options(body), _marketplaces(body)
        found = _matching(self._world.documents, options) if FRANCE in marketplaces else ()
        report = Report(
            id=str(uuid4()),
            document_id=f"amzn1.spdoc.1.4.eu.{uuid4()}",
            created_at=self._clock.now(),
            marketplaces=marketplaces,
            documents=found,
            pace=self._pace,
        )
        self._reports[report.id] = self._by_document[report.document_id] = report
        return Answer({"reportId": report.id}, 202)

    def get(self, call: Call) -> Answer:
        """One report. Raises Refused (404)."""
        return Answer(self._report(call.path["reportId"]).described(self._clock.now()))

    def list(self, call: Call) -> Answer:
        """Reports by filter, newest first, in pages."""
        now = self._clock.now()
        query = ReportQuery.of(call.query, self._signer, now)
        found = [report.described(now) for report in reversed(self._reports.values()) if query.matches(report, now)]
        body: Json = {"reports": found[query.offset : query.offset + query.page_size]}
        if query.offset + query.page_size < len(found):
            body["nextToken"] = query.next_token(self._signer)
        return Answer(body)

    def cancel(self, call: Call) -> Answer:
        """Cancel a report that still waits in the queue. Raises Refused (400, 404)."""
        report = self._report(call.path["reportId"])
        if report.status(self._clock.now()) != "IN_QUEUE":
            raise bad_report_input("Only reports in the queue can be cancelled.")
        report.cancelled = True
        return Answer(None)

    def document(self, call: Call) -> Answer:
        """A link to the bytes that lives five minutes. Raises Refused (404), also 30 days after the report."""
        document_id, now = call.path["reportDocumentId"], self._clock.now()
        report = self._by_document.get(document_id)
        if report is None or report.status(now) != "DONE" or now > report.created_at + KEPT:
            raise unknown_resource(document_id)
        return Answer({"reportDocumentId": document_id, "compressionAlgorithm": "GZIP", "url": self._link(document_id, now)})

    def papers(self, document_id: str) -> Sequence[Document]:
        """What a report document holds; nothing when it is unknown."""
        report = self._by_document.get(document_id)
        return report.documents if report else ()

    def _report(self, report_id: str) -> Report:
        if report_id not in self._reports:
            raise unknown_resource(report_id)
        return self._reports[report_id]

    def _link(self, document_id: str, now: datetime) -> str:
        until = int(now.timestamp()) + LINK_S
        signature = self._signer.sign("link", f"{document_id} {until}")
        return f"{self._documents_url}/{document_id}?X-Amz-Expires={LINK_S}&Expires={until}&X-Amz-Signature={signature}"


def _marketplaces(body: Mapping[str, object]) -> tuple[str, ...]:
    """One to 25 marketplaces. Raises Refused (400), also for another report type."""
    given = body.get("marketplaceIds")
    if body.get("reportType") != REPORT_TYPE or not isinstance(given, list) or not 1 <= len(cast(list[object], given)) <= 25:
        raise bad_report_input()
    return tuple(str(marketplace) for marketplace in cast(list[object], given))


def _options(body: Mapping[str, object]) -> dict[str, str]:
    """`reportOptions`, a map of strings naming an order or an invoice. Raises Refused (400)."""
    given = body.get("reportOptions")
    options = {name: str(value) for name, value in cast(dict[str, object], given).items()} if isinstance(given, dict) else {}
    if "orderId" not in options and "invoiceId" not in options:
        raise bad_report_input("reportOptions must name an orderId or an invoiceId.")
    return options


def _matching(documents: Sequence[Document], options: Mapping[str, str]) -> tuple[Document, ...]:
    """The documents an order, a line, a shipment or a number selects; a document type selects within a number only."""
    return tuple(document for document in documents if _selected(document, options))


def _selected(document: Document, options: Mapping[str, str]) -> bool:
    if "invoiceId" in options:
        kind = Kind.CREDIT_NOTE if options.get("documentType") in CREDITS else Kind.INVOICE
        return document.number == options["invoiceId"] and ("documentType" not in options or document.kind is kind)
    line = options.get("orderLineItemId", options.get("orderlineItemId"))
    return (
        document.order_id == options["orderId"]
        and options.get("shipmentId", document.shipment_id) == document.shipment_id
        and (line is None or any(one.order_line_id == line for one in document.lines))
    )
