"""A customer of the simulator for tests: in process, on a clock that stands still until it is advanced."""

import asyncio
import gzip
import io
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from httpx import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette

from deploy.local.amazon.app import Simulator, build
from deploy.local.amazon.application import Application
from deploy.local.amazon.assumptions import Assumptions
from deploy.local.amazon.clock import VirtualClock, iso
from deploy.local.amazon.settings import Settings, Ways
from deploy.local.amazon.truth import Truth
from tests.unit.simulator import shapes

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
FRANCE = "A13V1IB3VIYZZH"


def stopped_clock() -> VirtualClock:
    """Virtual time that moves only by `advance`."""
    return VirtualClock(START, time.time(), 0.0)


@dataclass(frozen=True)
class Port:
    """One application of the simulator, asked without a network."""

    app: Starlette

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        json: object = None,
    ) -> Response:
        """One request; redirects are not followed."""

        async def answer() -> Response:
            async with AsyncClient(transport=ASGITransport(self.app), base_url="http://simulator") as client:
                return await client.request(method, path, params=query, headers=headers, data=form, json=json)

        return asyncio.run(answer())


@dataclass
class Customer:
    """Asks the simulator as a client of the published API would."""

    seed: int = 1
    invoices: int = 40
    documents: Path | None = None
    page_size: int = 100
    ways: Ways = field(default_factory=Ways)
    assumed: Assumptions = field(default_factory=Assumptions)
    simulator: Simulator = field(init=False)
    access_token: str = field(init=False)

    def __post_init__(self) -> None:
        self.application = Application()
        self.clock = stopped_clock()
        self.assumed.set({"page_size": self.page_size})
        given = (self.seed, self.invoices, self.documents, self.clock)
        self.settings = Settings(1, 2, 3, *given, assumed=self.assumed, ways=self.ways)
        self.simulator = build(self.settings)
        self.api = Port(self.simulator.api)
        self.store = Port(self.simulator.documents)
        self.control = Port(self.simulator.control)
        self.access_token = self.granted().access_token

    @property
    def consent_query(self) -> dict[str, str]:
        """The parameters of a correct consent request."""
        return {"state": "opaque-state", "redirect_uri": self.application.redirect_uri, "applicationId": self.application.application_id}

    def rule(self, path: str, **body: object) -> Response:
        """A POST to the control plane."""
        return self.control.ask("POST", path, json=body)

    def do(self, *deeds: Mapping[str, object]) -> list[str]:
        """Deeds in the first account; what they made."""
        answer = self.rule("/deeds", deeds=list(deeds))
        assert 200 == answer.status_code, answer.text
        return answer.json()

    def bought(self, **invoice: object) -> tuple[str, str, str]:
        """One article ordered, shipped and invoiced now: order, shipment, number."""
        [order_id] = self.do({"deed": "place"})
        [shipment_id] = self.do({"deed": "ship", "order_id": order_id})
        [number] = self.do({"deed": "invoice", "shipment_id": shipment_id, **invoice})
        return order_id, shipment_id, number

    def later(self, **duration: float) -> None:
        """Time passes, and the access token is renewed."""
        self.clock.advance(timedelta(**duration).total_seconds())
        self.refresh()

    def recent(self) -> list[shapes.Transaction]:
        """The transactions that can be seen now, of the last 400 days."""
        now = self.clock.now()
        answer = self.transactions(feedStartDate=iso(now - timedelta(days=400)), feedEndDate=iso(now))
        return shapes.TransactionsResponse.model_validate_json(answer.content).transactions

    def details(self, *lines: dict[str, str]) -> list[shapes.InvoiceDetail]:
        """The details of order lines, in no order."""
        answer = shapes.InvoicesResponse.model_validate_json(self.invoices_of(list(lines)).content)
        return [detail for each in answer.invoiceDetailsByOrderLineItems for detail in each.invoiceDetails]

    def truth(self, **query: str) -> list[Truth]:
        """What the control plane says of the documents; no PDF is drawn."""
        return self.control.ask("GET", "/truth", query={"hashes": "0", **query}).json()["documents"]

    def decide(self, decision: str = "authorise", *, person: int = 0, changed: Mapping[str, str] | None = None) -> Response:
        """Post the consent page's form."""
        account = self.simulator.accounts.first.people[person].id
        form = {"account": account, "decision": decision}
        return self.api.ask("POST", "/b2b/abws/oauth", query={**self.consent_query, **(changed or {})}, form=form)

    def code(self) -> str:
        """A fresh authorisation code."""
        return parse_qs(urlsplit(self.decide().headers["location"]).query)["code"][0]

    def exchange(self, **changed: str) -> Response:
        """Post to the token endpoint; a fresh code by default."""
        form = {
            "client_id": self.application.client_id,
            "client_secret": self.application.client_secret,
            "grant_type": "authorization_code",
        }
        if "refresh_token" not in changed:
            form |= {"code": changed.get("code") or self.code(), "redirect_uri": self.application.redirect_uri}
        return self.api.ask("POST", "/auth/o2/token", form=form | changed)

    def granted(self) -> shapes.Granted:
        """Tokens of a fresh consent."""
        return shapes.Granted.model_validate_json(self.exchange().content)

    def refresh(self) -> None:
        """Replace the access token by a fresh one."""
        self.access_token = self.granted().access_token

    @property
    def headers(self) -> dict[str, str]:
        """The headers Amazon wants."""
        return {"x-amz-access-token": self.access_token, "x-amz-date": "20260302T080000Z", "user-agent": "test/1 (Language=Python)"}

    def get(self, path: str, **query: str) -> Response:
        """An authorised GET."""
        return self.api.ask("GET", path, query=query, headers=self.headers)

    def post(self, path: str, body: Mapping[str, object]) -> Response:
        """An authorised POST."""
        return self.api.ask("POST", path, json=body, headers=self.headers)

    def transactions(self, **query: str) -> Response:
        """One page, of the last 45 days unless the query says otherwise."""
        if not query:
            query = {"feedStartDate": iso(START - timedelta(days=45)), "feedEndDate": iso(START)}
        return self.get("/reconciliation/2021-01-08/transactions", **query)

    def all_transactions(self) -> list[shapes.Transaction]:
        """Every transaction, checked against the published shape."""
        return shapes.TransactionsResponse.model_validate_json(self.transactions().content).transactions

    def invoices_of(self, lines: list[dict[str, str]]) -> Response:
        """Ask for the numbers of order lines."""
        return self.post("/reconciliation/2021-01-08/invoices", {"orderLineItems": lines})

    def create_report(self, **options: str) -> Response:
        """Ask for the PDFs of an order or an invoice."""
        return self.post(
            "/reports/2021-09-30/reports",
            {"reportType": "GET_AB_INVOICE_PDF", "marketplaceIds": [FRANCE], "reportOptions": options},
        )

    def report(self, report_id: str) -> shapes.Report:
        """The state of a report."""
        return shapes.Report.model_validate_json(self.get(f"/reports/2021-09-30/reports/{report_id}").content)

    def finished_report(self, **options: str) -> shapes.Report:
        """A new report, one virtual minute later."""
        report_id = self.create_report(**options).json()["reportId"]
        self.clock.advance(60)
        return self.report(report_id)

    def link(self, document_id: str) -> str:
        """The download path and query of a report document."""
        answer = shapes.ReportDocument.model_validate_json(self.get(f"/reports/2021-09-30/documents/{document_id}").content)
        return answer.url.removeprefix("http://127.0.0.1:2")

    def pdfs(self, **options: str) -> dict[str, bytes]:
        """The PDFs of a report, by entry name."""
        document_id = self.finished_report(**options).reportDocumentId
        assert document_id is not None
        payload = self.store.ask("GET", self.link(document_id)).content
        with zipfile.ZipFile(io.BytesIO(gzip.decompress(payload))) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


def order_line(line: shapes.TransactionLineItem) -> dict[str, str]:
    """The key of a line, as `/invoices` wants it."""
    assert line.orderId
    assert line.orderLineItemId
    assert line.shipmentId
    return {"orderId": line.orderId, "orderLineItemId": line.orderLineItemId, "shipmentId": line.shipmentId}


def cents(money: shapes.Money | None) -> int:
    """A published amount in cents, its sign dropped; zero when absent."""
    if money is None:
        return 0
    whole, _, part = money.amount.lstrip("-").partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0"))
