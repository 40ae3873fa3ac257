"""Document API 2021-09-30: reports that take their time, and documents that are handed out by short-lived links."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from typing import Literal, cast, get_args
from uuid import uuid4

from deploy.local.amazon.accounts import Accounts
from deploy.local.amazon.assumptions import Assumptions
from deploy.local.amazon.calls import Answer, Call, Json, Weather
from deploy.local.amazon.clock import VirtualClock, iso
from deploy.local.amazon.facts import Document
from deploy.local.amazon.payloads import PayloadKind, payload
from deploy.local.amazon.refusals import bad_report_input, denied, unknown_resource
from deploy.local.amazon.report_queries import ReportQuery
from deploy.local.amazon.signing import Signer
from deploy.local.amazon.world import World

REPORT_TYPE = "GET_AB_INVOICE_PDF"
RECORDS_KEPT = timedelta(days=90)
GZIPPED: frozenset[PayloadKind] = frozenset({"gzip_zip", "gzip_pdf", "empty_zip", "foreign", "several"})

ODD_PAYLOADS: tuple[PayloadKind, ...] = tuple(kind for kind in get_args(PayloadKind.__value__) if kind != "gzip_zip")

type Fate = Literal["by_its_content", "FATAL", "CANCELLED"]


@dataclass(slots=True)
class Report:
    """One report; its status follows from the clock until it is cancelled. `found`: what it holds, once it has ended."""

    id: str
    document_id: str
    account: str
    marketplaces: tuple[str, ...]
    options: dict[str, str]
    created_at: datetime
    started_at: datetime
    ended_at: datetime
    fate: Fate
    payload: PayloadKind
    cancelled: bool = False
    found: tuple[Document, ...] = ()

    def status(self, now: datetime) -> str:
        """`processingStatus`: CANCELLED on request, or at the end when there is nothing to return."""
        if self.cancelled:
            return "CANCELLED"
        if now < self.started_at:
            return "IN_QUEUE"
        if now < self.ended_at:
            return "IN_PROGRESS"
        if self.fate != "by_its_content":
            return self.fate
        return "DONE" if self.found else "CANCELLED"

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


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what the reports run: assumptions, weather, and the other host that serves the downloads."""

    assumed: Assumptions
    weather: Weather
    documents_url: str


class Reports:
    """The five operations."""

    def __init__(self, accounts: Accounts, clock: VirtualClock, signer: Signer, terms: Terms) -> None:
        self._accounts = accounts
        self._clock = clock
        self._signer = signer
        self._assumed, self._weather, self._documents_url = terms.assumed, terms.weather, terms.documents_url
        self._reports: dict[str, Report] = {}
        self._by_document: dict[str, Report] = {}
        self._of_account: defaultdict[str, list[Report]] = defaultdict(list)

    def create(self, call: Call) -> Answer:
        """202 and a new report, also for a body seen before."""
        body = call.json(bad_report_input())
        options, marketplaces = _options(body), _marketplaces(body)
        if call.marketplace not in marketplaces and self._assumed.wrong_marketplace == "denied":
            raise denied("The authorization is for another marketplace.")
        started_at = self._start(call.account)
        fate, kind = self._lot(call.account)
        report = Report(
            id=str(uuid4()),
            document_id=f"amzn1.spdoc.1.4.eu.{uuid4()}",
            account=call.account,
            marketplaces=tuple(one for one in marketplaces),
            options={**options, "marketplace": call.marketplace},
            created_at=self._clock.now(),
            started_at=started_at,
            ended_at=started_at + timedelta(seconds=self._assumed.processing_seconds),
            fate=fate,
            payload=kind,
        )
        self._reports[report.id] = self._by_document[report.document_id] = report
        self._of_account[call.account].append(report)
        return Answer({"reportId": report.id}, 202)

    def get(self, call: Call) -> Answer:
        """One report. Raises Refused (404)."""
        return Answer(self._report(call).described(self._clock.now()))

    def list(self, call: Call) -> Answer:
        """Reports by filter, newest first, in pages."""
        now = self._clock.now()
        query = ReportQuery.of(call.query, self._signer, now)
        own = (self._settled(report, now) for report in reversed(self._of_account[call.account]))
        found = list(islice((one for one in own if query.matches(one, now)), query.offset, query.offset + query.page_size + 1))
        body: Json = {"reports": [report.described(now) for report in found[: query.page_size]]}
        if len(found) > query.page_size:
            body["nextToken"] = query.next_token(self._signer)
        return Answer(body)

    def cancel(self, call: Call) -> Answer:
        """Cancel a report that still waits in the queue. Raises Refused (400, 404)."""
        report = self._report(call)
        if report.status(self._clock.now()) != "IN_QUEUE":
            raise bad_report_input("Only reports in the queue can be cancelled.")
        report.cancelled = True
        return Answer(None)

    def document(self, call: Call) -> Answer:
        """A link to the bytes that lives five minutes. Raises Refused (404), also 30 days after the report."""
        document_id, now = call.path["reportDocumentId"], self._clock.now()
        report = self._by_document.get(document_id)
        if report is None or report.account != call.account or self._settled(report, now).status(now) != "DONE" or self._gone(report, now):
            raise unknown_resource(document_id)
        gzipped = {"compressionAlgorithm": "GZIP"} if report.payload in GZIPPED else {}
        return Answer({"reportDocumentId": document_id, **gzipped, "url": self._link(document_id, now)})

    def payload(self, document_id: str) -> bytes | None:
        """What a report document holds; None when it is unknown or too old."""
        report, now = self._by_document.get(document_id), self._clock.now()
        if report is None or self._gone(report, now):
            return None
        if not (documents := self._settled(report, now).found):
            return None
        if report.payload == "foreign":
            documents = (_other(self._accounts.of(report.account), documents[0], report.ended_at), *documents[1:])
        return payload(report.payload, documents, report.ended_at)

    def _report(self, call: Call) -> Report:
        report, now = self._reports.get(call.path["reportId"]), self._clock.now()
        if report is None or report.account != call.account or now > report.created_at + RECORDS_KEPT:
            raise unknown_resource(call.path["reportId"])
        return self._settled(report, now)

    def _settled(self, report: Report, now: datetime) -> Report:
        """The report; what it holds is settled when it has ended, and does not change later."""
        if not report.found and now >= report.ended_at and report.options["marketplace"] in report.marketplaces:
            found = self._accounts.of(report.account).documents_of(report.options, self._assumed.consolidated_by_order)
            own = (one for one in found if one.marketplace == report.options["marketplace"])
            report.found = tuple(document for document in own if document.uploaded(report.ended_at))
        return report

    def _start(self, account: str) -> datetime:
        """When a report leaves the queue: others of the account may have to end first."""
        earliest, limit = self._clock.now() + timedelta(seconds=self._assumed.queued_seconds), self._assumed.reports_at_once
        if not limit:
            return earliest
        ends = sorted(report.ended_at for report in self._of_account[account] if not report.cancelled and report.ended_at > earliest)
        return ends[-limit] if len(ends) >= limit else earliest

    def _lot(self, account: str) -> tuple[Fate, PayloadKind]:
        """How this report ends and what its payload looks like, by the account's seed and the report's rank."""
        rates, dice = self._weather.rates, Random(f"{self._accounts.of(account).seed} report {len(self._of_account[account])}")
        drawn, odd = dice.random(), dice.random() < rates.odd_payloads
        kind: PayloadKind = dice.choice(ODD_PAYLOADS) if odd else self._assumed.payload
        if drawn < rates.fatal:
            return "FATAL", kind
        return ("CANCELLED" if drawn < rates.fatal + rates.cancelled else "by_its_content"), kind

    def _gone(self, report: Report, now: datetime) -> bool:
        return now > report.created_at + timedelta(days=self._assumed.kept_days)

    def _link(self, document_id: str, now: datetime) -> str:
        lives = int(self._assumed.link_seconds)
        until = int(now.timestamp()) + lives
        signature = self._signer.sign("link", f"{document_id} {until}")
        return f"{self._documents_url}/{document_id}?X-Amz-Expires={lives}&Expires={until}&X-Amz-Signature={signature}"


def _other(world: World, document: Document, at: datetime) -> Document:
    """A document of another order that is there, or the same one when the account has no other."""
    others = (one for one in world.documents if one.order_id != document.order_id and one.uploaded(at))
    return next(others, document)


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
