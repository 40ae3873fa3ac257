"""The published token buckets, per operation, on the virtual clock."""

import pytest

from tests.unit.simulator import shapes
from tests.unit.simulator.customer import Customer

RATES = [
    ("GET", "/reconciliation/2021-01-08/transactions", 10, 2.0),
    ("POST", "/reconciliation/2021-01-08/invoices", 10, 2.0),
    ("POST", "/reports/2021-09-30/reports", 15, 0.1),
    ("GET", "/reports/2021-09-30/reports", 10, 0.1),
    ("GET", "/reports/2021-09-30/reports/x", 15, 2.0),
    ("DELETE", "/reports/2021-09-30/reports/x", 10, 0.1),
    ("GET", "/reports/2021-09-30/documents/x", 15, 0.1),
]


@pytest.mark.parametrize(("method", "path", "burst", "rate"), RATES)
def test_burst_then_one_call_per_period(method: str, path: str, burst: int, rate: float):
    """`burst` calls pass, the next is refused; after 1/rate seconds exactly one more passes. Bad input counts like good."""
    customer = Customer(invoices=8)

    def refused() -> bool:
        return customer.api.ask(method, path, headers=customer.headers).status_code == 429

    assert [False] * burst + [True] == [refused() for _ in range(burst + 1)]
    customer.clock.advance(1 / rate)
    assert [False, True] == [refused(), refused()]


def test_quota_exceeded_says_nothing_about_when():
    """No Retry-After; the rate header on Reconciliation's 429, not on the Document API's."""
    customer = Customer(invoices=8)
    transactions = [customer.transactions() for _ in range(11)][-1]
    documents = [customer.get("/reports/2021-09-30/documents/x") for _ in range(16)]
    assert ["QuotaExceeded"] == [error.code for error in shapes.ErrorList.model_validate_json(transactions.content).errors]
    assert "2.0" == transactions.headers["x-amzn-RateLimit-Limit"]
    assert (404, "0.1") == (documents[0].status_code, documents[0].headers["x-amzn-RateLimit-Limit"])
    assert (429, None) == (documents[-1].status_code, documents[-1].headers.get("x-amzn-RateLimit-Limit"))
    assert not [answer for answer in (transactions, documents[-1]) if "retry-after" in answer.headers]


def test_operations_have_their_own_buckets():
    """An empty bucket of one operation does not stop another."""
    customer = Customer(invoices=8)
    assert 429 in {customer.transactions().status_code for _ in range(11)}
    assert 202 == customer.create_report(orderId="171-0000000-0000000").status_code


def test_request_identifier_comes_in_varying_case():
    """Amazon spells it in several ways."""
    customer = Customer(invoices=8)
    names = {
        name
        for _ in range(15)
        for name, _ in customer.get("/reports/2021-09-30/reports/x").headers.raw
        if name.lower() == b"x-amzn-requestid"
    }
    assert {b"x-amzn-RequestId", b"x-amzn-requestId", b"x-amzn-requestid"} == names
