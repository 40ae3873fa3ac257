"""Consent and tokens as Login with Amazon gives them (reference: LWA, RFC 6749), lifetimes on the virtual clock."""

from urllib.parse import parse_qs, urlsplit

import pytest
from httpx import Response

from tests.unit.simulator import shapes
from tests.unit.simulator.customer import Customer


@pytest.fixture
def customer() -> Customer:
    """A fresh account with a valid access token."""
    return Customer(invoices=8)


def error_of(answer: Response) -> str:
    """The flat error of the token endpoint, shape checked."""
    return shapes.GrantError.model_validate_json(answer.content).error


def test_consent_page_names_the_company_and_offers_both_decisions(customer: Customer):
    """A correct request shows a French page."""
    page = customer.api.ask("GET", "/b2b/abws/oauth", query=customer.consent_query)
    assert 200 == page.status_code
    assert all(words in page.text for words in ("Atelier Lumière SAS", "Autoriser", "Refuser", "administrateur"))


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"redirect_uri": "http://127.0.0.1:8080/connectivite/amazon/callback/"}, 400),
        ({"applicationId": "amzn1.sp.solution.other"}, 400),
        ({"state": ""}, 400),
    ],
)
def test_a_wrong_request_is_told_on_the_page_and_not_sent_back(customer: Customer, changed: dict[str, str], status: int):
    """redirect_uri must be equal to the registered one, not begin like it."""
    assert status == customer.api.ask("GET", "/b2b/abws/oauth", query=customer.consent_query | changed).status_code
    assert status == customer.decide(changed=changed).status_code


def test_authorising_sends_code_and_state_back(customer: Customer):
    """The state is returned unchanged."""
    answer = customer.decide()
    target = urlsplit(answer.headers["location"])
    assert 302 == answer.status_code
    assert ["opaque-state"] == parse_qs(target.query)["state"]
    assert customer.application.redirect_uri == f"{target.scheme}://{target.netloc}{target.path}"


def test_refusing_sends_the_refusal_back(customer: Customer):
    """No code then."""
    assert {"error": ["access_denied"], "error_description": ["Access not permitted."], "state": ["opaque-state"]} == parse_qs(
        urlsplit(customer.decide("refuse").headers["location"]).query
    )


def test_only_an_administrator_may_authorise(customer: Customer):
    """The second person of the account is a plain buyer."""
    answer = customer.decide(person=1)
    assert 403 == answer.status_code
    assert "Seul un administrateur" in answer.text


def test_code_works_once(customer: Customer):
    """The second exchange of one code is refused."""
    code = customer.code()
    assert 200 == customer.exchange(code=code).status_code
    assert "invalid_grant" == error_of(customer.exchange(code=code))


@pytest.mark.parametrize(("seconds", "status"), [(299, 200), (300, 400)])
def test_code_lives_five_minutes(customer: Customer, seconds: int, status: int):
    """On the virtual clock."""
    code = customer.code()
    customer.clock.advance(seconds)
    assert status == customer.exchange(code=code).status_code


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"redirect_uri": "http://127.0.0.1:8080/elsewhere"}, 400, "invalid_grant"),
        ({"code": "made-up"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"refresh_token": "Atzr|made-up", "grant_type": "refresh_token"}, 400, "invalid_grant"),
        ({"refresh_token": "", "grant_type": "refresh_token"}, 400, "invalid_request"),
    ],
)
def test_refused_exchanges(customer: Customer, changed: dict[str, str], status: int, error: str):
    """Flat errors, not the APIs' list."""
    answer = customer.exchange(**changed)
    assert (status, error) == (answer.status_code, error_of(answer))


def test_token_endpoint_takes_forms_only(customer: Customer):
    """A JSON body is an invalid request."""
    assert "invalid_request" == error_of(customer.api.ask("POST", "/auth/o2/token", json={"grant_type": "refresh_token"}))


def test_refresh_token_gives_access_again_after_any_time(customer: Customer):
    """Refresh tokens have no age limit; the client secret has, and was rotated twice meanwhile."""
    refresh_token = customer.granted().refresh_token
    secret = ""
    for days in (170, 170, 60):
        customer.clock.advance(days * 86_400)
        secret = customer.simulator.registration.secrets.rotate()
    answer = customer.exchange(grant_type="refresh_token", refresh_token=refresh_token, client_secret=secret)
    customer.access_token = shapes.Granted.model_validate_json(answer.content).access_token
    assert 200 == customer.transactions().status_code


def test_refresh_token_outlives_a_restart():
    """The same seed after a restart accepts it; another account does not."""
    refresh_token = Customer(seed=1, invoices=8).granted().refresh_token
    assert 200 == Customer(seed=1, invoices=8).exchange(grant_type="refresh_token", refresh_token=refresh_token).status_code
    assert 400 == Customer(seed=2, invoices=8).exchange(grant_type="refresh_token", refresh_token=refresh_token).status_code


@pytest.mark.parametrize(("seconds", "status"), [(3599, 200), (3600, 403)])
def test_access_token_lives_an_hour(customer: Customer, seconds: int, status: int):
    """An expired one is answered with 403, as documented."""
    customer.clock.advance(seconds)
    assert status == customer.transactions().status_code


def test_expired_token_is_access_denied(customer: Customer):
    """Body and header of the documented 403."""
    customer.clock.advance(3600)
    answer = customer.transactions()
    error = shapes.ErrorList.model_validate_json(answer.content).errors[0]
    assert ("Unauthorized", "Access to requested resource is denied.") == (error.code, error.message)
    assert "AccessDeniedException" == answer.headers["x-amzn-ErrorType"]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"x-amz-access-token": "Atza|made-up"}, 401),
        ({"x-amz-access-token": "made-up"}, 401),
        ({"x-amz-access-token": ""}, 401),
        ({"x-amz-date": ""}, 400),
        ({"x-amz-date": "2026-03-02T08:00:00Z"}, 400),
        ({"user-agent": ""}, 400),
    ],
)
def test_headers_are_checked_on_each_call(customer: Customer, changed: dict[str, str], status: int):
    """Malformed token 401, missing or malformed x-amz-date or user-agent 400."""
    answer = customer.api.ask("GET", "/reports/2021-09-30/reports/x", headers=customer.headers | changed)
    assert status == answer.status_code
    assert shapes.ErrorList.model_validate_json(answer.content).errors
