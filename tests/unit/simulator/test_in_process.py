"""The simulator without sockets, and the fetcher's own client on it, both on one clock that stands still."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from deploy.local.amazon.in_process import InProcess
from services.fetcher.adapters.amazon import Amazon
from services.fetcher.config import Application
from services.fetcher.domain.pace import Operation
from tests.support.consents import HeldConsent
from tests.unit.simulator.customer import FRANCE, START, Customer

API, STORE, CONTROL = "http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3"


@pytest.fixture
def customer() -> Customer:
    """Eight documents; its settings name the ports 1, 2 and 3."""
    return Customer(invoices=8)


@pytest.fixture
def client(customer: Customer) -> httpx.Client:
    """A client whose requests never leave the process."""
    return httpx.Client(transport=InProcess(customer.simulator, customer.settings))


def fetcher(customer: Customer, client: httpx.Client) -> Amazon:
    """The fetcher's client of Amazon, on the simulator's clock."""
    ours = customer.application
    place = (API, API, f"{API}/auth/o2/token", ours.application_id, ours.client_id, ours.client_secret, ours.redirect_uri)
    return Amazon(Application(*place), customer.clock, client)


def test_the_three_ports_answer_and_no_other(client: httpx.Client):
    """As over sockets."""
    assert (200, 403) == (client.get(f"{CONTROL}/ready").status_code, client.get(f"{STORE}/x").status_code)
    with pytest.raises(httpx.ConnectError):
        client.get("http://127.0.0.1:4/")


def test_the_fetcher_collects_an_order_without_waiting(customer: Customer, client: httpx.Client):
    """Consent, token, transactions, report and PDF; waiting moves the clock that both share."""
    amazon = fetcher(customer, client)
    query = parse_qs(urlsplit(amazon.consent_page("state")).query)
    form = {"account": customer.simulator.accounts.first.people[0].id, "decision": "authorise"}
    back = client.post(f"{API}/b2b/abws/oauth", params={name: values[0] for name, values in query.items()}, data=form)
    token = amazon.exchange_code(parse_qs(urlsplit(back.headers["location"]).query)["code"][0])
    account = amazon.account("connection", FRANCE, HeldConsent(token))
    page = account.transactions(START.date().replace(month=1), customer.clock.now(), None)
    assert 8 == len(page.transactions or [])
    report_id = account.create_report(customer.truth()[0]["order_id"], "")
    customer.clock.sleep(60)
    report = account.report(report_id)
    assert report is not None
    assert report.report_document_id is not None
    payload = account.payload(report.report_document_id)
    assert payload is not None
    assert payload.startswith(b"\x1f\x8b")
    assert 0 <= account.wait_seconds(Operation.GET_REPORT) < 1
    assert customer.clock.now() > START


@pytest.mark.parametrize(("status", "error"), [("silent", httpx.ReadTimeout), ("truncated", httpx.RemoteProtocolError)])
def test_lost_answers_are_lost_here_too(customer: Customer, client: httpx.Client, status: str, error: type[httpx.TransportError]):
    """Handled all the same: the call is counted."""
    customer.control.ask("POST", "/faults", json=[{"operation": "token", "status": status, "times": 1}])
    with pytest.raises(error):
        client.post(f"{API}/auth/o2/token")
    assert 400 == client.post(f"{API}/auth/o2/token").status_code
    assert {"200": 1, "400": 2} == client.get(f"{CONTROL}/calls").json()["token"]


def test_downloads_are_cut_at_their_rate(customer: Customer, client: httpx.Client):
    """Every one of them at the rate of one; a refused link is cut as well."""
    customer.rule("/rates", truncated=1)
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(f"{STORE}/x")


def test_the_shortest_wait_moves_a_clock_that_stands_still(customer: Customer):
    """A rounding error of a wait is less than an instant can tell; whoever waits in a loop must come to its end."""
    before = customer.clock.now()
    customer.clock.sleep(1e-17)
    assert 1 == (customer.clock.now() - before).microseconds
    customer.clock.sleep(0)
    assert 1 == (customer.clock.now() - before).microseconds
