"""`getTransactions` and `/invoices`: shapes, filters, pages, and agreement with the truth to the cent."""

from datetime import timedelta
from itertools import batched

import pytest

from deploy.local.amazon.clock import iso
from deploy.local.amazon.truth import truth_of
from tests.unit.simulator import shapes
from tests.unit.simulator.customer import START, Customer, cents, order_line


@pytest.fixture(scope="module")
def customer() -> Customer:
    """A well-filled account; tests of this module advance its clock to refill the buckets."""
    return Customer(invoices=80)


@pytest.fixture(autouse=True)
def filled_buckets(customer: Customer) -> None:
    """Ten seconds between tests fill the buckets; the token is renewed."""
    customer.clock.advance(10)
    customer.refresh()


def test_transactions_have_the_published_shape(customer: Customer):
    """Closed models: an unknown field, a number as amount or a Japan-only field would fail."""
    transactions = customer.all_transactions()
    assert 80 == len(transactions)
    assert {"CHARGE": 70, "REFUND": 10} == {kind: sum(t.transactionType == kind for t in transactions) for kind in ("CHARGE", "REFUND")}
    assert {"A13V1IB3VIYZZH"} == {transaction.marketplaceId for transaction in transactions}


def test_unknown_facts_are_null_in_about_half_the_places(customer: Customer):
    """`giftWrapTaxRate` is unknown everywhere: sometimes left out, sometimes null, the same way at each call."""
    first, second = customer.transactions().json(), customer.transactions().json()
    stated = sum("giftWrapTaxRate" in transaction for transaction in first["transactions"])
    assert 20 < stated < 60
    assert first == second


def test_some_transactions_state_the_number_and_some_do_not(customer: Customer):
    """So the client must ask `/invoices`."""
    known = sum(transaction.invoiceNumber is not None for transaction in customer.all_transactions())
    assert 20 < known < 60


def test_lines_add_up(customer: Customer):
    """total = principal + shipping + discount + tax on each line, and the lines are the transaction's amount."""
    for transaction in customer.all_transactions():
        lines = transaction.transactionLineItems or []
        assert cents(transaction.amount) == sum(cents(line.totalAmount) for line in lines)
        for line in lines:
            assert cents(line.totalAmount) == (
                cents(line.principalAmount) + cents(line.shippingCharge) - cents(line.discount) + cents(line.tax)
            )


def test_amounts_of_transactions_are_the_truth_of_each_document(customer: Customer):
    """Numbers by `/invoices`, amounts by transactions; a credit note's transaction is the REFUND of the line."""
    found = dict[str, tuple[int, int]]()
    for transaction in customer.all_transactions():
        lines = transaction.transactionLineItems or []
        customer.clock.advance(1)
        answer = shapes.InvoicesResponse.model_validate_json(customer.invoices_of([order_line(line) for line in lines]).content)
        wanted = "STANDARD" if transaction.transactionType == "CHARGE" else "CREDIT_MEMO"
        details = [
            detail for each in answer.invoiceDetailsByOrderLineItems for detail in each.invoiceDetails if detail.invoiceType == wanted
        ]
        (number,) = {detail.invoiceNumber for detail in details}
        assert number
        assert number not in found
        found[number] = (cents(transaction.amount), sum(cents(line.tax) for line in lines))
    assert {
        document["number"]: (document["gross_cents"], document["vat_cents"]) for document in truth_of(customer.simulator.world)
    } == found


@pytest.mark.parametrize(("seed", "negative"), [(1, False), (2, True)])
def test_refunds_are_positive_or_negative_by_seed(seed: int, negative: bool):
    """The type gives the direction, the sign is Amazon's whim; charges are never negative."""
    transactions = Customer(seed=seed).all_transactions()
    refunds = [t.amount.amount for t in transactions if t.amount and t.transactionType == "REFUND"]
    assert [negative] * 5 == [amount.startswith("-") for amount in refunds]
    assert not [t for t in transactions if t.transactionType == "CHARGE" and t.amount and t.amount.amount.startswith("-")]


def test_feed_date_decides_and_bounds_are_included(customer: Customer):
    """The bounds of one transaction's own feed date select it."""
    some = customer.all_transactions()[7]
    assert some.feedDate is not None
    answer = customer.transactions(feedStartDate=iso(some.feedDate), feedEndDate=iso(some.feedDate + timedelta(milliseconds=1)))
    assert [some.transactionId] == [transaction["transactionId"] for transaction in answer.json()["transactions"]]


def test_pages_by_token_alone():
    """40 transactions in pages of 15; the token is opaque, complete, and refused beside another parameter or when altered."""
    customer = Customer(page_size=15)
    pages = [shapes.TransactionsResponse.model_validate_json(customer.transactions().content)]
    while token := pages[-1].nextPageToken:
        pages.append(shapes.TransactionsResponse.model_validate_json(customer.transactions(nextPageToken=token).content))
    assert [15, 15, 10] == [len(page.transactions) for page in pages]
    assert 40 == len({transaction.transactionId for page in pages for transaction in page.transactions})
    token = str(pages[0].nextPageToken)
    assert 400 == customer.transactions(nextPageToken=token, feedStartDate=iso(START)).status_code
    assert 400 == customer.transactions(nextPageToken=f"A{token}").status_code


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            {"feedStartDate": "incorrectFormatDate", "feedEndDate": "2020-08-01T00:00:00Z"},
            "Input date [incorrectFormatDate] is not in the expected ISO8601 format.",
        ),
        (
            {"feedStartDate": "2026-02-30T00:00:00Z", "feedEndDate": "2026-03-01T00:00:00Z"},
            "Input date [2026-02-30T00:00:00Z] is not in the expected ISO8601 format.",
        ),
        ({"feedStartDate": "2026-02-01T00:00:00Z"}, "Missing required request parameters."),
        ({"feedStartDate": "2026-03-02T00:00:00Z", "feedEndDate": "2026-03-01T00:00:00Z"}, "feedStartDate must be before feedEndDate."),
    ],
)
def test_bad_dates_are_refused(customer: Customer, query: dict[str, str], message: str):
    """400 with the published code and, where published, message."""
    answer = customer.transactions(**query)
    error = shapes.ErrorList.model_validate_json(answer.content).errors[0]
    assert (400, "INVALID_REQUEST_PARAMETER", message) == (answer.status_code, error.code, error.message)


def test_invoices_answers_in_another_order_with_siblings_repeated(customer: Customer):
    """Match by key: same set of questions, other order; lines of one invoice each repeat it; notes and invoices come mixed."""
    lines = [order_line(line) for t in customer.all_transactions() for line in t.transactionLineItems or []]
    unique = [dict(line) for line in {tuple(line.items()): line for line in lines}.values()]
    for batch in batched(unique[:75], 25):
        customer.clock.advance(1)
        asked = list(batch)
        answer = shapes.InvoicesResponse.model_validate_json(customer.invoices_of(asked).content).invoiceDetailsByOrderLineItems
        answered = [each.orderLineItem.model_dump() for each in answer]
        assert asked != answered
        assert sorted(map(str, asked)) == sorted(map(str, answered))


def test_a_returned_line_has_its_invoice_and_its_credit_note(customer: Customer):
    """Both kinds in one list."""
    refund = next(t for t in customer.all_transactions() if t.transactionType == "REFUND")
    answer = customer.invoices_of([order_line(line) for line in (refund.transactionLineItems or [])[:1]])
    details = shapes.InvoicesResponse.model_validate_json(answer.content).invoiceDetailsByOrderLineItems[0].invoiceDetails
    assert ["CREDIT_MEMO", "STANDARD"] == sorted(str(detail.invoiceType) for detail in details)


def test_unknown_line_is_all_null_with_status_200(customer: Customer):
    """As users reported it."""
    answer = customer.invoices_of([{"orderId": "x", "orderLineItemId": "y", "shipmentId": "z"}])
    assert 200 == answer.status_code
    assert [{"invoiceNumber": None, "invoiceDate": None, "invoiceType": None}] == (
        answer.json()["invoiceDetailsByOrderLineItems"][0]["invoiceDetails"]
    )


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"orderLineItems": []},
        {"orderLineItems": [{"orderId": "x", "orderLineItemId": "y"}]},
        {"orderLineItems": ["x"]},
        {"orderLineItems": [{"orderId": "x", "orderLineItemId": "y", "shipmentId": "z"}] * 26},
    ],
)
def test_bad_bodies_of_invoices_are_refused(customer: Customer, body: dict[str, object]):
    """None, incomplete, or more than 25."""
    answer = customer.post("/reconciliation/2021-01-08/invoices", body)
    assert (400, "INVALID_REQUEST_PARAMETER") == (answer.status_code, answer.json()["errors"][0]["code"])
