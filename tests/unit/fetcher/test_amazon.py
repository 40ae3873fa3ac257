"""The client of Amazon against scripted answers, on a clock that the test moves."""

import json
import logging
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest
import respx
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.fetcher.adapters.amazon import Amazon, AmazonAccount
from services.fetcher.adapters.amazon_refusals import AccessDenied, AmazonRefused, BadRequest, CodeRefused, Forgotten, RefusedByAmazon
from services.fetcher.config import Application
from services.fetcher.domain.pace import Operation
from services.fetcher.domain.records import Kind
from services.fetcher.stages.ports import ConsentWithdrawn, NotCollecting, PageRefused
from services.kernel.errors import Unavailable
from tests.support.consents import HeldConsent
from tests.unit.fetcher.known import NOW, ORDER, key

API, TOKEN_URL = "https://api.example", "https://login.example/auth/o2/token"
TRANSACTIONS = f"{API}/reconciliation/2021-01-08/transactions"
REPORTS = f"{API}/reports/2021-09-30/reports"
DOCUMENTS = f"{API}/reports/2021-09-30/documents"
APPLICATION = Application(
    API, "https://shop.example", TOKEN_URL, "amzn1.sp.solution.1", "client", "the-secret", "https://us.example/retour"
)
EMPTY: dict[str, list[object]] = {"transactions": []}


class HeldClock:
    """Time passes only by sleeping."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        """The held moment."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def amazon() -> Generator[respx.MockRouter]:
    """Amazon, whose token endpoint gives tokens A1, A2, …"""
    with respx.mock(assert_all_called=False) as router:
        tokens = (httpx.Response(200, json={"access_token": f"Atza|A{number}", "expires_in": 3600}) for number in range(1, 99))
        router.post(TOKEN_URL).mock(side_effect=tokens)
        yield router


@pytest.fixture
def clock() -> HeldClock:
    """A clock of the test's own."""
    return HeldClock()


@pytest.fixture
def account(clock: HeldClock) -> AmazonAccount:
    """One connection's account."""
    return Amazon(APPLICATION, clock).account("con-1", "A13V1IB3VIYZZH", HeldConsent("Atzr|the-refresh-token"))


def tokens_used(route: respx.Route) -> list[str]:
    """The access token of each call of a route."""
    return [route.calls[number].request.headers["x-amz-access-token"] for number in range(route.call_count)]


def test_a_call_carries_the_headers_amazon_asks_for(amazon: respx.MockRouter, account: AmazonAccount) -> None:
    """Access token, date in UTC, user agent; the window as instants."""
    route = amazon.get(TRANSACTIONS).respond(json=EMPTY)
    account.transactions(NOW.date() - timedelta(days=45), NOW, None)
    request = route.calls.last.request
    assert "Atza|A1" == request.headers["x-amz-access-token"]
    assert "20261123T080000Z" == request.headers["x-amz-date"]
    assert request.headers["user-agent"].startswith("Achats/")
    assert {"feedStartDate": "2026-10-09T00:00:00Z", "feedEndDate": "2026-11-23T08:00:00Z"} == dict(request.url.params)


def test_a_page_token_goes_alone(amazon: respx.MockRouter, account: AmazonAccount) -> None:
    """With a token, no date; a refused token is PageRefused, a refused window is our fault."""
    route = amazon.get(TRANSACTIONS).mock(side_effect=[httpx.Response(200, json=EMPTY), httpx.Response(400), httpx.Response(400)])
    account.transactions(NOW.date(), NOW, "next")
    assert {"nextPageToken": "next"} == dict(route.calls.last.request.url.params)
    with pytest.raises(PageRefused):
        account.transactions(NOW.date(), NOW, "stale")
    with pytest.raises(AmazonRefused):
        account.transactions(NOW.date(), NOW, None)


def test_an_access_token_is_used_until_five_minutes_before_its_end(
    amazon: respx.MockRouter, account: AmazonAccount, clock: HeldClock
) -> None:
    """3600 s: still good at 54:59, renewed at 55:00."""
    route = amazon.get(TRANSACTIONS).respond(json=EMPTY)
    for wait in (0, 55 * 60 - 1, 1):
        clock.sleep(wait)
        account.transactions(NOW.date(), NOW, None)
    assert ["Atza|A1", "Atza|A1", "Atza|A2"] == tokens_used(route)


@pytest.mark.parametrize("status", [401, 403])
def test_one_fresh_token_and_no_more(amazon: respx.MockRouter, account: AmazonAccount, status: int) -> None:
    """401 or 403 once: refresh and go on. Twice: access is denied."""
    route = amazon.get(TRANSACTIONS).mock(side_effect=[httpx.Response(status), httpx.Response(200, json=EMPTY)])
    account.transactions(NOW.date(), NOW, None)
    assert ["Atza|A1", "Atza|A2"] == tokens_used(route)
    route.mock(side_effect=None, return_value=httpx.Response(status, json={"errors": [{"code": "Unauthorized", "message": "Denied."}]}))
    with pytest.raises(AccessDenied, match="Unauthorized"):
        account.transactions(NOW.date(), NOW, None)


def test_a_429_waits_and_is_no_failure(amazon: respx.MockRouter, account: AmazonAccount, clock: HeldClock) -> None:
    """createReport refused for speed: a whole new token at half the rate (25 s) later it is asked again."""
    answers = [httpx.Response(429), httpx.Response(429), httpx.Response(202, json={"reportId": "R1"})]
    amazon.post(REPORTS).mock(side_effect=answers)
    assert "R1" == account.create_report(ORDER, "")
    assert 50.0 == pytest.approx((clock.moment - NOW).total_seconds())


def test_the_local_allowance_spreads_calls(amazon: respx.MockRouter, account: AmazonAccount, clock: HeldClock) -> None:
    """Twelve reports at once, the thirteenth after 12.5 seconds: Amazon never needs to refuse."""
    route = amazon.post(REPORTS).respond(202, json={"reportId": "R1"})
    for _ in range(13):
        account.create_report(ORDER, "")
    assert 12.5 == pytest.approx((clock.moment - NOW).total_seconds())
    sent = json.loads(route.calls.last.request.content)
    expected = {"reportType": "GET_AB_INVOICE_PDF", "marketplaceIds": ["A13V1IB3VIYZZH"], "reportOptions": {"orderId": ORDER}}
    assert expected == sent


def test_the_rate_header_is_followed(amazon: respx.MockRouter, account: AmazonAccount) -> None:
    """Amazon states twice the published rate: half the wait."""
    amazon.post(REPORTS).respond(202, json={"reportId": "R1"}, headers={"x-amzn-RateLimit-Limit": "0.2"})
    for _ in range(12):
        account.create_report(ORDER, "")
    assert 6.25 == pytest.approx(account.wait_seconds(Operation.CREATE_REPORT))


def test_trouble_at_amazon_is_tried_again_a_few_times(amazon: respx.MockRouter, account: AmazonAccount, clock: HeldClock) -> None:
    """503 and silence, then an answer; and when it lasts, Unavailable within a bound."""
    route = amazon.get(TRANSACTIONS).mock(
        side_effect=[httpx.Response(503), httpx.ConnectTimeout("silence"), httpx.Response(200, json=EMPTY)]
    )
    assert [] == account.transactions(NOW.date(), NOW, None).transactions
    route.mock(side_effect=None, return_value=httpx.Response(504))
    with pytest.raises(Unavailable, match="504"):
        account.transactions(NOW.date(), NOW, None)
    assert 3 + 7 == route.call_count
    assert clock.moment - NOW < timedelta(minutes=3)


def test_a_dead_link_is_asked_for_once_more(amazon: respx.MockRouter, account: AmazonAccount) -> None:
    """The presigned URL answers 403: a second link works; the download carries no header of the API."""
    links = [httpx.Response(200, json={"reportDocumentId": "D1", "url": f"https://store.example/{number}"}) for number in (1, 2)]
    amazon.get(f"{DOCUMENTS}/D1").mock(side_effect=links)
    amazon.get("https://store.example/1").respond(403, text="<Error/>")
    second = amazon.get("https://store.example/2").respond(200, content=b"%PDF-")
    assert b"%PDF-" == account.payload("D1")
    assert "x-amz-access-token" not in second.calls.last.request.headers


REFUSED = [
    (400, "INVALID_REQUEST_PARAMETER", BadRequest),
    (400, "InvalidInput", BadRequest),
    (400, "400", BadRequest),
    (401, "Unauthorized", AccessDenied),
    (403, "Unauthorized", AccessDenied),
    (404, "NotFound", Forgotten),
    (413, "RequestTooLarge", BadRequest),
    (415, "UnsupportedMediaType", BadRequest),
    (302, "Moved", BadRequest),
]


@pytest.mark.parametrize(("status", "code", "refused"), REFUSED)
def test_a_status_says_who_is_at_fault(
    amazon: respx.MockRouter, account: AmazonAccount, status: int, code: str, refused: type[RefusedByAmazon]
) -> None:
    """Each status of the error table, without a second call save for a fresh token; the error list's first code and message stand in it."""
    listed = {"errors": [{"code": code, "message": "Not so.", "details": "jeanne@example.org"}, {"code": "second", "message": ""}]}
    route = amazon.post(REPORTS).respond(status, json=listed, headers={"x-amzn-requestId": "req-1"})
    with pytest.raises(RefusedByAmazon) as caught:
        account.create_report(ORDER, "")
    assert refused is type(caught.value)
    assert (status, code, "Not so.") == (caught.value.status, caught.value.code, caught.value.message)
    assert ("createReport", status, code, "Not so.", "req-1") == caught.value.args
    assert (2 if status in (401, 403) else 1) == route.call_count


@pytest.mark.parametrize("status", [500, 503, 504])
def test_trouble_is_no_refusal(amazon: respx.MockRouter, account: AmazonAccount, status: int) -> None:
    """A 5xx is tried seven times in all, then Unavailable, whatever its error list says (`InternalFailure`)."""
    route = amazon.post(REPORTS).respond(status, json={"errors": [{"code": "InternalFailure", "message": "Sorry."}]})
    with pytest.raises(Unavailable, match=str(status)):
        account.create_report(ORDER, "")
    assert 7 == route.call_count


def test_an_endless_429_ends(amazon: respx.MockRouter, account: AmazonAccount) -> None:
    """`QuotaExceeded` is waited out, within a bound: then the job comes again later."""
    route = amazon.get(TRANSACTIONS).respond(429, json={"errors": [{"code": "QuotaExceeded", "message": "Slow down."}]})
    with pytest.raises(Unavailable, match="too many requests"):
        account.transactions(NOW.date(), NOW, None)
    assert 20 == route.call_count


@pytest.mark.parametrize(
    "body", ["", "<html>", "[]", '{"errors": null}', '{"errors": []}', '{"errors": [{"code": 5}]}', '{"errors": [{}]}']
)
def test_a_refusal_without_an_error_list_is_one_all_the_same(amazon: respx.MockRouter, account: AmazonAccount, body: str) -> None:
    """The status decides; code and message are then unknown."""
    amazon.get(TRANSACTIONS).respond(400, text=body)
    with pytest.raises(AmazonRefused) as refused:
        account.transactions(NOW.date(), NOW, None)
    assert (None, None) == (refused.value.code, refused.value.message)


def test_a_404_is_never_an_empty_page(amazon: respx.MockRouter, account: AmazonAccount) -> None:
    """`getTransactions` has no 404 to mean « nothing »: the scan must not end as if it had read the last page."""
    amazon.get(TRANSACTIONS).respond(404, json={"errors": [{"code": "NotFound", "message": "No such path."}]})
    with pytest.raises(AmazonRefused, match="NotFound"):
        account.transactions(NOW.date(), NOW, None)


def test_an_answer_cut_short_is_asked_for_again_later(amazon: respx.MockRouter, account: AmazonAccount) -> None:
    """Half a page, a page of another shape: Unavailable, and what it said of a person does not show."""
    halves = ['{"transactions": [{"buyer": {"name": "Jeanne', '{"transactions": [{"buyer": "Jeanne"}]}']
    amazon.get(TRANSACTIONS).mock(side_effect=[httpx.Response(200, text=half) for half in halves])
    for _ in halves:
        with pytest.raises(Unavailable, match="unreadable") as trouble:
            account.transactions(NOW.date(), NOW, None)
        assert "Jeanne" not in f"{trouble.value!r} {trouble.value.__cause__!r} {trouble.value.__cause__}"


def test_what_amazon_forgot_is_none(amazon: respx.MockRouter, account: AmazonAccount) -> None:
    """404 of a report or a document is an answer, not trouble."""
    amazon.get(f"{REPORTS}/R1").respond(404)
    amazon.get(f"{DOCUMENTS}/D1").respond(404)
    assert account.report("R1") is None
    assert account.payload("D1") is None


def test_a_withdrawn_consent_is_told_apart_from_a_wrong_secret(amazon: respx.MockRouter, account: AmazonAccount, clock: HeldClock) -> None:
    """`invalid_grant` is the company's doing, `invalid_client` is ours and hits everybody."""
    refusals = [httpx.Response(400, json={"error": "invalid_grant"}), httpx.Response(401, json={"error": "invalid_client"})]
    amazon.post(TOKEN_URL).mock(side_effect=refusals)
    with pytest.raises(ConsentWithdrawn):
        account.invoice_details([key()])
    with pytest.raises(AmazonRefused, match="invalid_client"):
        account.invoice_details([key()])


def test_a_throttled_token_endpoint_is_no_fault(amazon: respx.MockRouter, account: AmazonAccount) -> None:
    """429 of Login with Amazon: later. A secret that a description repeats stays out of the error."""
    told = {"error": "invalid_client", "error_description": "the-secret is wrong"}
    amazon.post(TOKEN_URL).mock(side_effect=[httpx.Response(429), httpx.Response(401, json=told)])
    with pytest.raises(Unavailable, match="too many requests"):
        account.invoice_details([key()])
    with pytest.raises(AmazonRefused) as refused:
        account.invoice_details([key()])
    assert ("invalid_client", None) == (refused.value.code, refused.value.message)
    assert "the-secret" not in repr(refused.value)


def test_a_code_becomes_a_refresh_token_once(amazon: respx.MockRouter, clock: HeldClock) -> None:
    """The exchange as a form; a used or old code is CodeRefused."""
    granted = httpx.Response(200, json={"access_token": "Atza|A", "refresh_token": "Atzr|R", "expires_in": 3600})
    route = amazon.post(TOKEN_URL).mock(side_effect=[granted, httpx.Response(400, json={"error": "invalid_grant"})])
    assert "Atzr|R" == Amazon(APPLICATION, clock).exchange_code("the-code")
    sent = dict(httpx.QueryParams(route.calls.last.request.content.decode()))
    assert ("authorization_code", "the-code", "https://us.example/retour") == (sent["grant_type"], sent["code"], sent["redirect_uri"])
    with pytest.raises(CodeRefused):
        Amazon(APPLICATION, clock).exchange_code("the-code")


def test_no_token_shows(amazon: respx.MockRouter, account: AmazonAccount, caplog: pytest.LogCaptureFixture) -> None:
    """Not in a log line at any level, not in an error, not in a repr."""
    caplog.set_level(logging.DEBUG)
    amazon.get(TRANSACTIONS).respond(400, json={"errors": [{"code": "InvalidInput", "message": "No."}]})
    with pytest.raises(AmazonRefused) as refused:
        account.transactions(NOW.date(), NOW, None)
    shown = f"{caplog.text} {refused.value!r} {refused.value} {account!r} {APPLICATION!r} {vars(account).keys()}"
    assert "Atz" not in shown
    assert "the-secret" not in shown


def test_a_secret_that_amazon_refuses_makes_way_for_the_other(amazon: respx.MockRouter, clock: HeldClock) -> None:
    """
    the first of two secrets has run out: the second is tried, and the operator is told once
    from then on the second comes first; when both are refused, that is our fault and no consent's
    """
    first = replace(APPLICATION, spare_secret="the-other-secret")
    refused = httpx.Response(401, json={"error": "invalid_client"})
    granted = httpx.Response(200, json={"access_token": "Atza|A", "refresh_token": "Atzr|R", "expires_in": 3600})
    route = amazon.post(TOKEN_URL).mock(side_effect=[refused, granted, granted, refused, refused])
    before, client = alerts(), Amazon(first, clock)
    with capture_logs() as logged:
        client.exchange_code("one")
        client.exchange_code("two")
        with pytest.raises(AmazonRefused, match="invalid_client"):
            client.exchange_code("three")
    sent = told(route, "client_secret")
    assert ["the-secret", "the-other-secret", "the-other-secret", "the-other-secret", "the-secret"] == sent
    assert [1, 2, 1] == [one["which"] for one in logged if one["event"] == "client_secret_refused"]
    assert 3.0 == alerts() - before


def told(route: respx.Route, name: str) -> list[str]:
    """This field of each form that was sent."""
    contents: list[bytes] = [route.calls[number].request.content for number in range(route.call_count)]
    return [httpx.QueryParams(content.decode())[name] for content in contents]


def alerts() -> float:
    """How often an operator was called for a secret."""
    return REGISTRY.get_sample_value("achats_operator_alerts_total", {"reason": "client_secret_refused"}) or 0.0


def test_eight_calls_at_once_ask_for_one_token(amazon: respx.MockRouter, account: AmazonAccount) -> None:
    """The first that needs a token asks; the others wait for it."""
    tokens = amazon.post(TOKEN_URL).respond(json={"access_token": "Atza|A", "expires_in": 3600})
    amazon.get(TRANSACTIONS).respond(json=EMPTY)
    with ThreadPoolExecutor(8) as pool:
        for asked in [pool.submit(account.transactions, NOW.date(), NOW, None) for _ in range(8)]:
            asked.result()
    assert 1 == tokens.call_count


def test_another_refresh_token_is_kept_when_it_differs(amazon: respx.MockRouter, clock: HeldClock) -> None:
    """The same token again: nothing. Another: it takes the place of the first, and the next refresh sends it."""
    consent = HeldConsent("Atzr|1")
    account = Amazon(APPLICATION, clock).account("con-1", "A13V1IB3VIYZZH", consent)
    answers = [httpx.Response(200, json={"access_token": f"Atza|{n}", "refresh_token": f"Atzr|{n}", "expires_in": 3600}) for n in (1, 2, 2)]
    tokens = amazon.post(TOKEN_URL).mock(side_effect=answers)
    amazon.get(TRANSACTIONS).respond(json=EMPTY)
    for _ in answers:
        account.transactions(NOW.date(), NOW, None)
        clock.sleep(3600)
    assert ["Atzr|2"] == consent.renewals
    sent = told(tokens, "refresh_token")
    assert ["Atzr|1", "Atzr|1", "Atzr|2"] == sent


def test_a_consent_that_ended_stops_the_next_call(amazon: respx.MockRouter, clock: HeldClock) -> None:
    """Disconnected while a run is under way: not one call more, though the access token is good for an hour."""
    consent = HeldConsent("Atzr|1")
    account = Amazon(APPLICATION, clock).account("con-1", "A13V1IB3VIYZZH", consent)
    route = amazon.get(TRANSACTIONS).respond(json=EMPTY)
    account.transactions(NOW.date(), NOW, None)
    consent.ended = True
    with pytest.raises(NotCollecting):
        account.transactions(NOW.date(), NOW, None)
    assert 1 == route.call_count


@pytest.mark.parametrize(
    ("asked", "options"),
    [
        ((ORDER, "", Kind.INVOICE), {"orderId": ORDER}),
        (("", "FR-1", Kind.INVOICE), {"invoiceId": "FR-1", "documentType": "Invoice"}),
        (("", "CN-1", Kind.CREDIT_NOTE), {"invoiceId": "CN-1", "documentType": "CreditMemo"}),
    ],
)
def test_a_report_is_asked_for_an_order_or_for_a_number_as_what_it_is(
    amazon: respx.MockRouter, account: AmazonAccount, asked: tuple[str, str, Kind], options: dict[str, str]
) -> None:
    """An order id alone brings all its documents; a number says of which kind it is."""
    route = amazon.post(REPORTS).respond(202, json={"reportId": "R1"})
    account.create_report(*asked)
    assert options == json.loads(route.calls.last.request.content)["reportOptions"]
