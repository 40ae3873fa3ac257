"""Several accounts on one consent page, and what tokens are bound to: account, marketplace, roles, consent, client secret."""

from urllib.parse import parse_qs, urlsplit

import pytest

from deploy.local.amazon.accounts import AccountKind
from deploy.local.amazon.settings import Ways
from tests.unit.simulator.customer import Customer

REPORTS = "/reports/2021-09-30/reports"
KINDS = (AccountKind.SELLER, AccountKind.PERSONAL, AccountKind.SUSPENDED, AccountKind.CLOSED, AccountKind.BUSINESS)
REDIRECT = "http://127.0.0.1:8080/connectivite/amazon/callback"


@pytest.fixture
def customer() -> Customer:
    """Six accounts: business, seller, personal, suspended, closed, business."""
    return Customer(invoices=8, ways=Ways(accounts=6, kinds=KINDS))


def consent(customer: Customer, rank: int, path: str = "/b2b/abws/oauth") -> str:
    """The code of a consent by the administrator of the rank-th account."""
    form = {"account": customer.simulator.accounts.all[rank].people[0].id, "decision": "authorise"}
    answer = customer.api.ask("POST", path, query=customer.consent_query, form=form)
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def test_each_account_has_its_own_purchases(customer: Customer):
    """The tokens of the sixth account see its transactions and none of the first one's."""
    first = {one.transactionId for one in customer.all_transactions()}
    customer.access_token = customer.exchange(code=consent(customer, 5)).json()["access_token"]
    other = {one.transactionId for one in customer.all_transactions()}
    assert (8, 8, set()) == (len(first), len(other), first & other)


def test_a_thousand_accounts_are_opened_at_once_and_planned_when_asked():
    """The consent page names them all; only the first was planned."""
    customer = Customer(invoices=8, ways=Ways(accounts=1000))
    page = customer.api.ask("GET", "/b2b/abws/oauth", query=customer.consent_query).text
    names = {account.buyer.name for account in customer.simulator.accounts.all}
    assert 1000 == len(names)
    assert 2000 == page.count('type="radio"')


@pytest.mark.parametrize(("rank", "word"), [(1, "vendeur"), (2, "personnel"), (3, "suspendu"), (4, "fermé")])
def test_only_business_accounts_can_be_connected(customer: Customer, rank: int, word: str):
    """The page says which account it is; the browser is not sent back."""
    form = {"account": customer.simulator.accounts.all[rank].people[0].id, "decision": "authorise"}
    answer = customer.api.ask("POST", "/b2b/abws/oauth", query=customer.consent_query, form=form)
    assert 403 == answer.status_code
    assert word in answer.text


def test_other_accounts_can_be_sent_back_or_refused_by_the_api(customer: Customer):
    """The two other readings of `other_accounts`."""
    customer.rule("/assumptions", other_accounts="redirect")
    form = {"account": customer.simulator.accounts.all[1].people[0].id, "decision": "authorise"}
    assert "error=access_denied" in customer.api.ask("POST", "/b2b/abws/oauth", query=customer.consent_query, form=form).headers["location"]
    customer.rule("/assumptions", other_accounts="api")
    customer.access_token = customer.exchange(code=consent(customer, 1)).json()["access_token"]
    assert 403 == customer.transactions().status_code


@pytest.mark.parametrize(("kind", "refresh", "call"), [("suspended", 200, 403), ("closed", 400, 403), ("business", 200, 200)])
def test_a_connected_account_can_be_suspended_or_closed(customer: Customer, kind: str, refresh: int, call: int):
    """A suspended account still gives tokens, a closed one does not; neither answers."""
    refresh_token = customer.granted().refresh_token
    account = customer.simulator.accounts.first.id
    assert kind == customer.rule(f"/accounts/{account}", kind=kind).json()["kind"]
    assert refresh == customer.exchange(grant_type="refresh_token", refresh_token=refresh_token).status_code
    assert call == customer.transactions().status_code


def test_tokens_are_for_one_marketplace(customer: Customer):
    """A consent on the German page sees none of the French purchases, and its reports find none."""
    order_id = customer.truth()[0]["order_id"]
    customer.access_token = customer.exchange(code=consent(customer, 0, "/de/b2b/abws/oauth")).json()["access_token"]
    assert [] == customer.all_transactions()
    assert "CANCELLED" == customer.finished_report(orderId=order_id).processingStatus


def test_another_marketplace_can_be_denied():
    """The other reading of `wrong_marketplace`."""
    customer = Customer(invoices=8)
    customer.rule("/assumptions", wrong_marketplace="denied")
    body = {"reportType": "GET_AB_INVOICE_PDF", "marketplaceIds": ["A1PA6795UKMFR9"], "reportOptions": {"orderId": "x"}}
    assert 403 == customer.post(REPORTS, body).status_code


def test_a_consent_gives_the_roles_of_its_day(customer: Customer):
    """Without the analytics role the Reporting API is denied; a role added later needs a new consent."""
    path = "/reports/2025-06-09/orderReports"
    customer.rule("/application", roles=["reconciliation"])
    customer.refresh()
    refresh_token = customer.granted().refresh_token
    customer.rule("/application", roles=["reconciliation", "analytics"])
    answer = customer.exchange(grant_type="refresh_token", refresh_token=refresh_token)
    customer.access_token = answer.json()["access_token"]
    assert (200, 403) == (customer.transactions().status_code, customer.get(path).status_code)
    customer.refresh()
    assert 400 == customer.get(path).status_code


@pytest.mark.parametrize(("revocation", "status"), [("at_once", 403), ("with_the_access_token", 200)])
def test_a_withdrawn_consent(customer: Customer, revocation: str, status: int):
    """`invalid_grant` from then on, until the person consents again; the access token dies at once or in its time."""
    customer.rule("/assumptions", revocation=revocation)
    refresh_token, account = customer.granted().refresh_token, customer.simulator.accounts.first.id
    customer.rule(f"/accounts/{account}", withdraw="fr")
    refused = customer.exchange(grant_type="refresh_token", refresh_token=refresh_token)
    assert (400, "invalid_grant") == (refused.status_code, refused.json()["error"])
    assert status == customer.transactions().status_code
    customer.refresh()
    assert 200 == customer.transactions().status_code


@pytest.mark.parametrize(("days", "valid"), [(0, [True, True]), (6, [True, True]), (8, [False, True]), (181, [False, False])])
def test_two_secrets_are_valid_while_one_replaces_the_other(customer: Customer, days: int, valid: list[bool]):
    """Seven days of overlap; each secret lives 180 days."""
    old, token = customer.application.client_secret, customer.granted().refresh_token
    new = customer.rule("/application", rotate=True).json()["secrets"][-1]["secret"]
    customer.clock.advance(days * 86_400)
    answers = [customer.exchange(grant_type="refresh_token", refresh_token=token, client_secret=secret) for secret in (old, new)]
    assert valid == [answer.status_code == 200 for answer in answers]


def test_a_secret_that_nobody_rotated_is_an_invalid_client(customer: Customer):
    """After 180 days, and at once when the control plane ends it."""
    token = customer.granted().refresh_token
    customer.clock.advance(180 * 86_400 - 1)
    assert 200 == customer.exchange(grant_type="refresh_token", refresh_token=token).status_code
    customer.rule("/application", expire=True)
    assert "invalid_client" == customer.exchange(grant_type="refresh_token", refresh_token=token).json()["error"]


@pytest.mark.parametrize(("repeats", "same"), [(True, True), (False, False)])
def test_a_refresh_may_give_another_refresh_token(customer: Customer, repeats: bool, same: bool):
    """Both are good afterwards."""
    customer.rule("/assumptions", refresh_repeats=repeats)
    first, second = (customer.granted().refresh_token for _ in range(2))
    assert same == (first == second)
    assert 200 == customer.exchange(grant_type="refresh_token", refresh_token=first).status_code


def test_consent_from_the_app_center(customer: Customer):
    """Amazon opens our login address; we lead back to its page; the code comes with Amazon's address to end at."""
    begun = customer.api.ask("GET", "/b2b/abws/appcenter").headers["location"]
    given = {name: values[0] for name, values in parse_qs(urlsplit(begun).query).items()}
    assert begun.startswith("http://127.0.0.1:8080/connectivite/amazon-business/app-center?")
    callback = urlsplit(given["amazon_callback_uri"]).path
    query = {"amazon_state": given["amazon_state"], "state": "ours", "redirect_uri": REDIRECT, "status": "authentication_successful"}
    assert 200 == customer.api.ask("GET", callback, query=query).status_code
    form = {"account": customer.simulator.accounts.first.people[0].id, "decision": "authorise"}
    back = parse_qs(urlsplit(customer.api.ask("POST", callback, query=query, form=form).headers["location"]).query)
    assert (["ours"], [given["amazon_callback_uri"]]) == (back["state"], back["amazon_callback_uri"])
    assert 200 == customer.exchange(code=back["code"][0]).status_code
    assert "est autorisée" in customer.api.ask("GET", callback, query={"status": "auth_code_use_successful"}).text


@pytest.mark.parametrize("wrong", [{"amazon_state": "forged"}, {"status": "authentication_failure"}, {"redirect_uri": "http://elsewhere"}])
def test_a_wrong_way_from_the_app_center_is_refused(customer: Customer, wrong: dict[str, str]):
    """Amazon's own state, the status and our address are checked."""
    given = parse_qs(urlsplit(customer.api.ask("GET", "/b2b/abws/appcenter").headers["location"]).query)
    query = {"amazon_state": given["amazon_state"][0], "state": "ours", "redirect_uri": REDIRECT, "status": "authentication_successful"}
    assert 400 == customer.api.ask("GET", "/b2b/abws/appcenter/callback", query=query | wrong).status_code


def test_an_account_can_be_opened_while_the_simulator_runs(customer: Customer):
    """With a name and a seed of its own; unknown accounts and kinds are told in words."""
    opened = customer.rule("/accounts", name="Nouvelle SAS", seed=77, kind="business")
    assert (201, "Nouvelle SAS") == (opened.status_code, opened.json()["name"])
    assert 7 == len(customer.control.ask("GET", "/accounts").json())
    assert 8 == len(customer.truth(account=opened.json()["account"]))
    assert 400 == customer.rule("/accounts/unknown", kind="closed").status_code
    assert 400 == customer.rule("/accounts", kind="other").status_code
