"""An account at Amazon, in memory or behind the simulator's HTTP: pages, numbers, reports, payloads, and what is refused."""

import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import batched
from pathlib import Path
from random import Random
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from deploy.local.amazon.process import AmazonSimulator, Ports
from deploy.local.amazon.settings import Application as Registered
from services.fetcher.adapters.amazon import Amazon, GivenConsent
from services.fetcher.adapters.amazon_refusals import CodeRefused
from services.fetcher.config import Application
from services.fetcher.domain.amazon.collecting import Report, Transaction
from services.fetcher.domain.identity import sha256_of
from services.fetcher.domain.pace import Operation
from services.fetcher.domain.records import LineKey
from services.fetcher.domain.stating import answered, key_of
from services.fetcher.domain.unpacking import unpack
from services.fetcher.stages.ports import Account, ConsentWithdrawn, PageRefused
from services.kernel.clock import Clock
from tests.adapters.fetcher_bench import ORIGIN, HeldClock
from tests.simulation.memory.amazon import PAGE_SIZE, AmazonWorld, MemoryAmazon
from tests.support.connected import company_file
from tests.support.consents import HeldConsent

FRANCE = "A13V1IB3VIYZZH"
SINCE = ORIGIN.date() - timedelta(days=45)
KINDS = {"STANDARD": "invoice", "CREDIT_MEMO": "credit_note"}

type Known = tuple[str, str, str, str]
"""Order, number, kind, hash of the PDF."""


class Client(Protocol):
    """What opens accounts."""

    def exchange_code(self, code: str) -> str: ...

    def account(self, connection_id: str, marketplace_id: str, consent: GivenConsent) -> Account: ...


@dataclass
class Shop:
    """A client, the account of one company, and what is true of it two days after the last order."""

    client: Client
    clock: Clock
    code: Callable[[], str]
    withdraw: Callable[[], None]
    truth: list[Known]

    def __post_init__(self) -> None:
        self.token = self.client.exchange_code(self.code())
        self.account = self.client.account("con-1", FRANCE, HeldConsent(self.token))

    def payments(self) -> list[Transaction]:
        """Every page of the window."""
        page = self.account.transactions(SINCE, self.clock.now(), None)
        found = list(page.transactions or [])
        while page.next_page_token:
            page = self.account.transactions(SINCE, self.clock.now(), page.next_page_token)
            found += page.transactions or []
        return found

    def done(self, report_id: str) -> Report:
        """The report, a minute after it was asked for."""
        self.clock.sleep(60)
        report = self.account.report(report_id)
        assert report is not None
        return report


class SharedClock(HeldClock):
    """Held, and the simulator's too."""

    def __init__(self, control_url: str) -> None:
        super().__init__()
        self._control_url = control_url

    def sleep(self, seconds: float) -> None:
        """Both move on."""
        super().sleep(seconds)
        httpx.post(f"{self._control_url}/clock/advance", json={"seconds": seconds}).raise_for_status()


@pytest.fixture(scope="module", params=["memory", "real"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Shop]:
    """An account in memory, then one behind HTTP."""
    with memory_shop() if request.param == "memory" else real_shop(tmp_path_factory.mktemp("amazon")) as shop:
        yield shop


@contextmanager
def memory_shop() -> Generator[Shop]:
    """Twelve documents made up in memory."""
    clock = HeldClock()
    world = AmazonWorld.made_up(Random(5), [company_file("acme", ORIGIN)], ORIGIN, documents=12)
    truth = [(one.order_id, one.number, one.kind, one.sha256) for one in world.purchases]
    clock.sleep(2 * 86_400)

    def code() -> str:
        world.used_codes.clear()
        return "code-acme"

    yield Shop(MemoryAmazon(world, clock), clock, code, lambda: world.withdrawn.add("acme"), truth)


@contextmanager
def real_shop(folder: Path) -> Generator[Shop]:
    """Twelve documents of the simulator, asked through the real client."""
    options = {"clock": f"{ORIGIN.isoformat()}@0*0", "invoices": 12, "page-size": PAGE_SIZE}
    simulator = AmazonSimulator(folder, Ports(), {**options})
    simulator.start()
    ours, clock, api = Registered(), SharedClock(simulator.control_url), simulator.api_url
    identity = (ours.application_id, ours.client_id, ours.client_secret, ours.redirect_uri)
    amazon = Amazon(Application(api, api, f"{api}/auth/o2/token", *identity), clock)
    documents: list[dict[str, Any]] = httpx.get(f"{simulator.control_url}/truth").json()["documents"]
    clock.sleep(2 * 86_400)

    def withdraw() -> None:
        fault = {"operation": "token", "status": 400, "times": 1}
        httpx.post(f"{simulator.control_url}/faults", json=[fault]).raise_for_status()

    yield Shop(amazon, clock, lambda: _consented(amazon), withdraw, [_known(one) for one in documents])
    simulator.stop()


def _known(document: dict[str, Any]) -> Known:
    return document["order_id"], document["number"], KINDS[document["type"]], document["sha256"]


def _consented(amazon: Amazon) -> str:
    """A fresh code of Amazon's consent page."""
    page = amazon.consent_page("state")
    people: list[str] = re.findall(r'value="(amzn1[^"]+)"', httpx.get(page).text)
    answer = httpx.post(page, data={"decision": "authorise", "account": people[0]})
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def lines_of(payments: list[Transaction]) -> list[LineKey]:
    """Every shipped line, once."""
    items = [item for payment in payments for item in payment.transaction_line_items or []]
    return list(dict.fromkeys(key for item in items if (key := key_of(item))))


def test_every_payment_is_on_one_page(shop: Shop) -> None:
    """Full pages up to the last, each payment once, of every order that has a document."""
    page = shop.account.transactions(SINCE, shop.clock.now(), None)
    payments = shop.payments()
    assert (PAGE_SIZE, True) == (len(page.transactions or []), page.next_page_token is not None)
    assert len(shop.truth) == len({payment.transaction_id for payment in payments}) == len(payments)
    assert {order for order, *_ in shop.truth} == {line.order_id for line in lines_of(payments)}


@pytest.mark.parametrize(("since", "until"), [(date(2026, 11, 24), ORIGIN + timedelta(days=1)), (SINCE, ORIGIN - timedelta(days=40))])
def test_a_window_without_payments_is_empty(shop: Shop, since: date, until: datetime) -> None:
    """After the last one, before the first one."""
    page = shop.account.transactions(since, until, None)
    assert ([], None) == (page.transactions, page.next_page_token)


def test_a_token_that_amazon_did_not_give_is_refused(shop: Shop) -> None:
    """The scan has to begin again."""
    with pytest.raises(PageRefused):
        shop.account.transactions(SINCE, shop.clock.now(), "stale")


def test_every_number_belongs_to_a_line(shop: Shop) -> None:
    """Numbers and kinds of all documents by their lines, with their day; a line nobody knows has none."""
    lines = lines_of(shop.payments())
    answers = [answer for some in batched(lines, 25) for answer in shop.account.invoice_details(some)]
    numbers, pending = answered(answers, set(lines))
    assert {(order, number, kind) for order, number, kind, _ in shop.truth} == {(one.key.order_id, one.number, one.kind) for one in numbers}
    assert ([], True) == (pending, all(one.issue_date for one in numbers))
    nobody = LineKey("171-9999999-9999999", "L1", "S1")
    assert ([], []) == answered(shop.account.invoice_details([nobody]), {nobody})


def test_a_report_is_queued_then_done(shop: Shop) -> None:
    """It has a document only in the end, and the document is the order's PDFs, each once."""
    order = shop.truth[0][0]
    report_id = shop.account.create_report(order, "")
    queued = shop.account.report(report_id)
    assert queued is not None
    assert (report_id, "IN_QUEUE", None) == (queued.report_id, queued.processing_status, queued.report_document_id)
    shop.clock.sleep(20)
    working = shop.account.report(report_id)
    assert working is not None
    assert ("IN_PROGRESS", None) == (working.processing_status, working.report_document_id)
    assert "DONE" == shop.done(report_id).processing_status


def test_the_payloads_are_the_truth(shop: Shop) -> None:
    """Every order's report brings its documents, nothing else, byte for byte; asked again it brings them again under another id."""
    orders = sorted({order for order, *_ in shop.truth})
    for order in (*orders, orders[0]):
        report = shop.done(shop.account.create_report(order, ""))
        payload = shop.account.payload(report.report_document_id or "")
        assert payload is not None
        expected = sorted(sha256 for belongs_to, _, _, sha256 in shop.truth if belongs_to == order)
        assert expected == sorted(map(sha256_of, unpack(payload)))
    assert shop.account.create_report(orders[0], "") != shop.account.create_report(orders[0], "")


def test_an_order_without_documents_ends_cancelled(shop: Shop) -> None:
    """There is nothing to return."""
    report = shop.done(shop.account.create_report("171-9999999-9999999", ""))
    assert ("CANCELLED", None) == (report.processing_status, report.report_document_id)


def test_what_amazon_does_not_know_is_none(shop: Shop) -> None:
    """A report, a document; and a document after thirty days."""
    assert (None, None) == (shop.account.report("report-0"), shop.account.payload("amzn1.spdoc.0"))
    report = shop.done(shop.account.create_report(shop.truth[0][0], ""))
    shop.clock.sleep(31 * 86_400)
    assert shop.account.payload(report.report_document_id or "") is None


def test_the_allowance_is_kept(shop: Shop) -> None:
    """Twelve reports at once, the thirteenth after 12.5 seconds; another operation does not wait."""
    shop.clock.sleep(1_000)
    before, order = shop.clock.now(), shop.truth[0][0]
    for _ in range(12):
        assert 0 < shop.account.allowed(Operation.CREATE_REPORT)
        assert 0.0 == shop.account.wait_seconds(Operation.CREATE_REPORT)
        shop.account.create_report(order, "")
    assert 0 == shop.account.allowed(Operation.CREATE_REPORT)
    assert 12.5 == pytest.approx(shop.account.wait_seconds(Operation.CREATE_REPORT))
    assert 0.0 == shop.account.wait_seconds(Operation.GET_REPORT)
    shop.account.create_report(order, "")
    assert 12.5 == pytest.approx((shop.clock.now() - before).total_seconds())


def test_a_code_is_good_once(shop: Shop) -> None:
    """The second exchange is refused, as is a code nobody gave; the account stays the same while its token does."""
    code = shop.code()
    token = shop.client.exchange_code(code)
    for refused in (code, "invented"):
        with pytest.raises(CodeRefused):
            shop.client.exchange_code(refused)
    assert shop.client.account("con-3", FRANCE, HeldConsent(token)) is shop.client.account("con-3", FRANCE, HeldConsent(token))


def test_a_withdrawn_consent_is_refused(shop: Shop) -> None:
    """Whatever is asked."""
    shop.withdraw()
    with pytest.raises(ConsentWithdrawn):
        shop.client.account("con-2", FRANCE, HeldConsent(shop.token)).transactions(SINCE, shop.clock.now(), None)
