"""Amazon Business in memory: the accounts that companies have there, and the client that the fetcher asks them through."""

import gzip
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Self, cast

from schemas.invoice_collected.v1 import Evidence
from services.fetcher.adapters.amazon import Amazon, GivenConsent
from services.fetcher.adapters.amazon_refusals import CodeRefused
from services.fetcher.domain.amazon.collecting import InvoiceDetailsOfLine, Report, ReportsPage, TransactionsPage
from services.fetcher.domain.company import CompanyFile
from services.fetcher.domain.pace import PUBLISHED, Bucket, Operation
from services.fetcher.domain.reading.evidence import unreadable
from services.fetcher.domain.records import Kind, LineKey
from services.fetcher.stages.ports import AccessLost, ConsentWithdrawn, PageRefused
from services.kernel.clock import Clock
from tests.simulation.memory.purchases import Purchase, purchases

QUEUED, WORKING, KEPT = timedelta(seconds=15), timedelta(seconds=30), timedelta(days=30)
PAGE_SIZE = 3
UNKNOWN = {"invoiceNumber": None, "invoiceDate": None, "invoiceType": None}


@dataclass(frozen=True, slots=True)
class Asked:
    """A report that somebody asked for."""

    report_id: str
    company_id: str
    purchases: tuple[Purchase, ...]
    asked_at: datetime

    def answer(self, now: datetime) -> Report:
        """What Amazon says of it."""
        status = self.status(now)
        document = f"doc-{self.report_id}" if status == "DONE" else None
        return Report(report_id=self.report_id, processing_status=status, report_document_id=document)

    def status(self, now: datetime) -> str:
        """Queued, in progress, then done; cancelled when there was nothing to return."""
        if now < self.asked_at + QUEUED:
            return "IN_QUEUE"
        if now < self.asked_at + QUEUED + WORKING:
            return "IN_PROGRESS"
        return "DONE" if self.purchases else "CANCELLED"


@dataclass
class AmazonWorld:
    """What Amazon knows: it outlives every process that asks. Companies that withdrew their consent are in `withdrawn`.

    Those whose account Amazon does not let us read are in `denied`.
    """

    purchases: Sequence[Purchase]
    reports: dict[str, Asked] = field(default_factory=dict[str, Asked])
    withdrawn: set[str] = field(default_factory=set[str])
    denied: set[str] = field(default_factory=set[str])
    used_codes: set[str] = field(default_factory=set[str])

    @classmethod
    def made_up(cls, random: Random, companies: Sequence[CompanyFile], origin: datetime, documents: int = 6) -> Self:
        """Accounts of that many documents each, all bought in the 25 days before `origin`."""
        return cls([purchase for company in companies for purchase in purchases(random, company, origin, documents)])

    def truth(self, company_id: str) -> list[Purchase]:
        """Every document of a company, whether or not Amazon gives it already."""
        return [purchase for purchase in self.purchases if purchase.company_id == company_id]

    def read(self, data: bytes) -> Evidence:
        """The Reader: what a PDF of this world says; unknown bytes say nothing."""
        return next((purchase.evidence for purchase in self.purchases if purchase.pdf == data), unreadable("not_a_pdf"))

    def payload(self, report_id: str) -> bytes:
        """The bytes of a report: any layer of packing may be missing."""
        pdfs = [purchase.pdf for purchase in self.reports[report_id].purchases]
        packed = pdfs[0] if len(pdfs) == 1 and len(pdfs[0]) % 2 else zipped(pdfs)
        return packed if len(packed) % 3 == 0 else gzip.compress(packed, mtime=0)


class MemoryAmazon:
    """Stands in for the adapter `Amazon`: one for each process, for it remembers how fast each account was asked."""

    def __init__(self, world: AmazonWorld, clock: Clock) -> None:
        self.world, self.clock = world, clock
        self._accounts = dict[str, MemoryAccount]()

    def consent_page(self, state: str) -> str:
        """Where the person is sent."""
        return f"https://amazon.test/consent?state={state}"

    def exchange_code(self, code: str) -> str:
        """`code-COMPANY` is good once. Raises CodeRefused."""
        if code in self.world.used_codes or not code.startswith("code-"):
            raise CodeRefused
        self.world.used_codes.add(code)
        return f"Atzr|{code.removeprefix('code-')}"

    def account(self, connection_id: str, marketplace_id: str, consent: GivenConsent) -> "MemoryAccount":
        """The account behind a connection, the same object while the token is the same."""
        known = self._accounts.get(connection_id)
        if known is None or known.consent.fingerprint != consent.fingerprint:
            known = self._accounts[connection_id] = MemoryAccount(self.world, consent, self.clock)
        return known

    def forget(self, connection_id: str) -> None:
        """The connection is closed."""
        self._accounts.pop(connection_id, None)

    def as_amazon(self) -> Amazon:
        """This client where an adapter asks for the real one."""
        return cast(Amazon, self)


class MemoryAccount:
    """What one connection may ask, within its allowance."""

    def __init__(self, world: AmazonWorld, consent: GivenConsent, clock: Clock) -> None:
        self.company_id, self.consent = consent.refresh_token().removeprefix("Atzr|"), consent
        self._world, self._clock = world, clock
        self._buckets = {operation: Bucket(allowance, clock.now()) for operation, allowance in PUBLISHED.items()}

    def unhurried(self) -> Self:
        """A migration of history may be as fast as it likes here."""
        return self

    def wait_seconds(self, operation: Operation, several: int = 1) -> float:
        """How long until this operation may be called without waiting, once or several times."""
        return self._buckets[operation].wait_seconds(self._clock.now(), several)

    def allowed(self, operation: Operation) -> int:
        """How many calls of this operation may go now, one after the other."""
        return self._buckets[operation].allowed(self._clock.now())

    def transactions(self, since: date, until: datetime, page_token: str | None) -> TransactionsPage:
        """One page by feed date, both bounds included. Raises PageRefused."""
        self._take(Operation.GET_TRANSACTIONS)
        start, end, offset = _window(page_token) if page_token else (datetime.combine(since, time(), UTC), _whole(until), 0)
        latest = min(end, self._clock.now())
        found = [purchase for purchase in self._mine() if start <= purchase.fed_at <= latest]
        following = offset + PAGE_SIZE
        token = f"page|{start.isoformat()}|{end.isoformat()}|{following}" if following < len(found) else None
        return TransactionsPage(transactions=[purchase.transaction for purchase in found[offset:following]], next_page_token=token)

    def invoice_details(self, lines: Sequence[LineKey]) -> Sequence[InvoiceDetailsOfLine]:
        """The documents of each line, last line first; one detail full of nulls when Amazon knows none now."""
        self._take(Operation.GET_INVOICE_DETAILS)
        return [self._details(line) for line in reversed(lines)]

    def create_report(self, order_id: str, number: str, kind: Kind = Kind.INVOICE) -> str:
        """A new report, also for an order or a number asked for before."""
        self._take(Operation.CREATE_REPORT)
        now, report_id = self._clock.now(), f"report-{len(self._world.reports) + 1}"
        found = tuple(purchase for purchase in self._mine() if _is_asked(purchase, order_id, number) and purchase.uploaded_at <= now)
        self._world.reports[report_id] = Asked(report_id, self.company_id, found, now)
        return report_id

    def report(self, report_id: str) -> Report | None:
        """How it stands; None when Amazon does not know it."""
        self._take(Operation.GET_REPORT)
        asked = self._world.reports.get(report_id)
        return asked.answer(self._clock.now()) if asked else None

    def ended_reports(self, since: datetime, page_token: str | None) -> ReportsPage:
        """A page of the company's, two of them at a time, oldest first."""
        self._take(Operation.GET_REPORTS)
        now, offset = self._clock.now(), int(page_token or "0")
        mine = [asked for asked in self._world.reports.values() if asked.company_id == self.company_id and asked.asked_at >= _whole(since)]
        ended = [answer for asked in mine if (answer := asked.answer(now)).processing_status in ("DONE", "CANCELLED")]
        following = offset + 2
        return ReportsPage(reports=ended[offset:following], next_token=str(following) if following < len(ended) else None)

    def payload(self, report_document_id: str) -> bytes | None:
        """The bytes, for thirty days."""
        self._take(Operation.GET_REPORT_DOCUMENT)
        asked, now = self._world.reports.get(report_document_id.removeprefix("doc-")), self._clock.now()
        if asked is None or asked.status(now) != "DONE" or now > asked.asked_at + KEPT:
            return None
        return self._world.payload(asked.report_id)

    def _mine(self) -> Sequence[Purchase]:
        return self._world.truth(self.company_id)

    def _take(self, operation: Operation) -> None:
        """One call within the allowance. Raises NotCollecting, ConsentWithdrawn, AccessLost."""
        self.consent.refresh_token()
        if self.company_id in self._world.denied:
            raise AccessLost
        if self.company_id in self._world.withdrawn:
            raise ConsentWithdrawn
        if (wait := self.wait_seconds(operation)) > 0:
            self._clock.sleep(wait)
        self._buckets[operation].take(self._clock.now())

    def _details(self, line: LineKey) -> InvoiceDetailsOfLine:
        now = self._clock.now()
        details = [purchase.detail(now) for purchase in self._mine() if line in purchase.lines]
        asked = {"orderId": line.order_id, "orderLineItemId": line.order_line_item_id, "shipmentId": line.shipment_id}
        return InvoiceDetailsOfLine.model_validate({"orderLineItem": asked, "invoiceDetails": details or [UNKNOWN]})


def _is_asked(purchase: Purchase, order_id: str, number: str) -> bool:
    return purchase.number == number if number else purchase.order_id == order_id


def zipped(pdfs: Sequence[bytes]) -> bytes:
    """The PDFs in an archive, always with the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for place, pdf in enumerate(pdfs):
            archive.writestr(zipfile.ZipInfo(f"{place}.pdf"), pdf)
    return buffer.getvalue()


def _window(page_token: str) -> tuple[datetime, datetime, int]:
    name, *parts = page_token.split("|")
    if name != "page" or len(parts) != 3:
        raise PageRefused
    return datetime.fromisoformat(parts[0]), datetime.fromisoformat(parts[1]), int(parts[2])


def _whole(moment: datetime) -> datetime:
    """Whole seconds, as the client writes an instant to Amazon."""
    return moment.replace(microsecond=0)
