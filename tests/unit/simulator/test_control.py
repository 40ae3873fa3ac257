"""The control plane, the clock, the command line and the process itself."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from deploy.local.amazon.amounts import decimal_text, share
from deploy.local.amazon.clock import parse_clock
from deploy.local.amazon.process import AmazonSimulator, Ports, arguments
from deploy.local.amazon.settings import parse
from deploy.local.folders import temporary_data_folder
from tests.unit.simulator.customer import Customer


def test_truth_lists_every_document():
    """With the buyer and the account it belongs to."""
    truth = Customer(invoices=16).control.ask("GET", "/truth").json()
    assert ("Atelier Lumière SAS", 16) == (truth["buyer"], len(truth["documents"]))


def test_calls_are_counted_by_operation_and_status():
    """One exchange and one consent made the customer; then two calls."""
    customer = Customer(invoices=8)
    customer.transactions()
    customer.get("/reports/2021-09-30/reports/unknown")
    assert {"consent": {"302": 1}, "getReport": {"404": 1}, "getTransactions": {"200": 1}, "token": {"200": 1}} == (
        customer.control.ask("GET", "/calls").json()
    )


def test_faults_are_answered_before_the_handler_then_used_up():
    """Two 503, one 429, then the real answer; the bucket is not touched."""
    customer = Customer(invoices=8)
    faults = [{"operation": "getTransactions", "status": 503, "times": 2}, {"operation": "getTransactions", "status": 429, "times": 1}]
    assert 204 == customer.control.ask("POST", "/faults", json=faults).status_code
    assert [503, 503, 429, 200] == [customer.transactions().status_code for _ in range(4)]


def test_faults_of_tokens_and_downloads():
    """The token endpoint keeps its flat errors, the object store its XML."""
    customer = Customer(invoices=8)
    faults = [{"operation": "token", "status": 400, "times": 1}, {"operation": "download", "status": 503, "times": 1}]
    customer.control.ask("POST", "/faults", json=faults)
    assert "invalid_grant" == customer.exchange().json()["error"]
    assert (503, "<?xml") == ((answer := customer.store.ask("GET", "/x")).status_code, answer.text[:5])


def test_an_unknown_operation_is_no_silent_fault():
    """The answer names the known ones."""
    answer = Customer(invoices=8).control.ask("POST", "/faults", json=[{"operation": "getTransaction", "status": 500, "times": 1}])
    assert (400, ["getTransaction"]) == (answer.status_code, answer.json()["unknown"])


def test_clock_can_be_advanced():
    """And says the new present."""
    customer = Customer(invoices=8)
    assert {"now": "2026-03-02T08:00:00.000Z", "speed": 0.0} == customer.control.ask("GET", "/clock").json()
    assert {"now": "2026-03-02T09:00:00.000Z"} == customer.control.ask("POST", "/clock/advance", json={"seconds": 3600}).json()


def test_clock_runs_from_its_origin_at_its_speed():
    """Ten real minutes ago at sixty times: ten virtual hours."""
    epoch = datetime.now(UTC) - timedelta(minutes=10)
    clock = parse_clock(f"2026-03-02T08:00:00Z@{epoch.timestamp()}*60")
    assert abs(clock.now() - datetime(2026, 3, 2, 18, 0, tzinfo=UTC)) < timedelta(minutes=1)


def test_a_clock_needs_a_time_zone():
    """A local origin would mean another instant on each machine."""
    with pytest.raises(ValueError, match="no time zone"):
        parse_clock("2026-03-02T08:00:00@0*1")


@pytest.mark.parametrize(("cents", "text"), [(1235, "12.35"), (1220, "12.2"), (1230, "12.30"), (0, "0.0"), (-299, "-2.99"), (5, "0.05")])
def test_amounts_are_written_as_amazon_writes_them(cents: int, text: str):
    """Both `12.3`-like and `12.30`-like strings occur."""
    assert text == decimal_text(cents)


@pytest.mark.parametrize(("total", "weights", "shares"), [(10, [1, 1, 1], [3, 3, 4]), (7, [5], [7]), (0, [1, 2], [0, 0])])
def test_shares_add_up(total: int, weights: list[int], shares: list[int]):
    """Nothing is lost in rounding."""
    assert shares == share(total, weights)


def test_command_line_is_read_back_as_given():
    """`arguments` and `parse` agree; the VAT number follows from the SIREN."""
    options: dict[str, str | int | Path | None] = {
        "seed": 9,
        "invoices": 12,
        "buyer-name": "Essai SAS",
        "buyer-siren": "902100478",
        "documents": None,
    }
    command = arguments(Ports(1, 2, 3), options)
    settings = parse(command[3:])
    assert [sys.executable, "-m", "deploy.local.amazon"] == command[:3]
    assert (1, 2, 3, 9, 12, None) == (
        settings.port,
        settings.documents_port,
        settings.control_port,
        settings.seed,
        settings.invoices,
        settings.documents,
    )
    assert ("Essai SAS", "FR88902100478") == (settings.buyer.name, settings.buyer.vat_number)


def test_the_process_serves_all_three_ports_and_keeps_tokens_over_a_restart():
    """A child process on a fast clock, root given up: consent, refresh after a kill, an order's PDFs from the other port."""
    clock = f"2026-03-02T08:00:00Z@{datetime.now(UTC).timestamp()}*60"
    with temporary_data_folder() as folder:
        simulator = AmazonSimulator(folder, Ports(), {"clock": clock, "invoices": 8})
        simulator.start()
        try:
            refresh_token = consent(simulator)
            simulator.kill()
            assert not simulator.alive
            simulator.start()
            assert "0" != user_id(simulator.pid), "the simulator must not answer as root"
            assert payload(simulator, refresh_token).startswith(b"\x1f\x8b")
        finally:
            simulator.stop()
        assert not simulator.alive
        assert "" == (folder / "amazon.log").read_text()


def user_id(pid: int | None) -> str:
    """The number of the user a process runs as."""
    return subprocess.run(["ps", "-o", "uid=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout.strip()


def consent(simulator: AmazonSimulator) -> str:
    """Go through consent and exchange; returns the refresh token."""
    given = parse(arguments(simulator.ports, {})[3:]).application
    query = {"state": "s", "redirect_uri": given.redirect_uri, "applicationId": given.application_id}
    with httpx.Client(base_url=simulator.api_url) as browser:
        page = browser.get("/b2b/abws/oauth", params=query).text
        account = page.partition('name="account" value="')[2].partition('"')[0]
        answer = browser.post("/b2b/abws/oauth", params=query, data={"account": account, "decision": "authorise"})
        code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": given.redirect_uri}
        return str(browser.post("/auth/o2/token", data={**form, **client_of(simulator)}).json()["refresh_token"])


def client_of(simulator: AmazonSimulator) -> dict[str, str]:
    """The client credentials of the default application."""
    given = parse(arguments(simulator.ports, {})[3:]).application
    return {"client_id": given.client_id, "client_secret": given.client_secret}


def payload(simulator: AmazonSimulator, refresh_token: str) -> bytes:
    """The first order's documents, as downloaded."""
    with httpx.Client(base_url=simulator.api_url) as client:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        token = client.post("/auth/o2/token", data={**form, **client_of(simulator)}).json()["access_token"]
        client.headers.update({"x-amz-access-token": token, "x-amz-date": "20260302T080000Z", "user-agent": "test/1"})
        order_id = httpx.get(f"{simulator.control_url}/truth").json()["documents"][0]["order_id"]
        body = {"reportType": "GET_AB_INVOICE_PDF", "marketplaceIds": ["A13V1IB3VIYZZH"], "reportOptions": {"orderId": order_id}}
        report_id = client.post("/reports/2021-09-30/reports", json=body).json()["reportId"]
        httpx.post(f"{simulator.control_url}/clock/advance", json={"seconds": 60})
        report = client.get(f"/reports/2021-09-30/reports/{report_id}").json()
        url = client.get(f"/reports/2021-09-30/documents/{report['reportDocumentId']}").json()["url"]
        return httpx.get(url).content


def test_answers_can_be_lost_on_the_way():
    """On the wire: one answer cut in the middle, one that comes when the caller has hung up; each call was handled all the same."""
    faults = [{"operation": "token", "status": status, "times": 1} for status in ("truncated", "silent")]
    with temporary_data_folder() as folder:
        simulator = AmazonSimulator(folder, Ports(), {"invoices": 8})
        simulator.start()
        try:
            httpx.post(f"{simulator.control_url}/faults", json=faults).raise_for_status()
            token = f"{simulator.api_url}/auth/o2/token"
            with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
                httpx.post(token)
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(token, timeout=0.3)
            assert 400 == httpx.post(token).status_code
            while {"400": 3} != httpx.get(f"{simulator.control_url}/calls").json()["token"]:
                assert simulator.alive
        finally:
            simulator.stop()
