"""Payment details and both Reporting APIs: their rules, and agreement with what was bought."""

from datetime import timedelta

import pytest

from deploy.local.amazon.clock import iso
from tests.unit.simulator.customer import START, Customer

NEW, OLD = "/reports/2025-06-09", "/reports/2021-01-08"
PAYMENTS = "/reconciliation/2021-01-08/invoices/batch/paymentDetails"
MONTH = {"orderStartDate": iso(START - timedelta(days=30)), "orderEndDate": iso(START)}


@pytest.fixture
def customer() -> Customer:
    """40 documents."""
    return Customer()


def euros(cents: int | None) -> float:
    """A sum as the API of 2025 states it."""
    return (cents or 0) / 100


def net_total(row: dict[str, list[dict[str, dict[str, float]]]]) -> float:
    """The `NET_TOTAL` of a row."""
    return next(charge["amount"]["amount"] for charge in row["charges"] if str(charge["type"]) == "NET_TOTAL")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("orderReports", "ordersReport"),
        ("orderLineItemReports", "orderLineItemsReport"),
        ("shipmentReports", "shipmentsReport"),
        ("shipmentLineItemReports", "shipmentLineItemsReport"),
    ],
)
def test_each_report_sums_up_to_the_invoices(customer: Customer, path: str, name: str):
    """Everything bought, whichever way it is cut."""
    rows = customer.get(f"{NEW}/{path}", **MONTH).json()[name]
    invoiced = sum(truth["gross_cents"] or 0 for truth in customer.truth() if truth["type"] == "STANDARD")
    assert euros(invoiced) == round(sum(net_total(row) for row in rows), 2)


def test_dates_have_two_shapes(customer: Customer):
    """An object as in the schema, text as in the sample; or always the one or the other."""
    shapes = dict[str, set[type]]()
    for dates in ("mixed", "object", "text"):
        customer.rule("/assumptions", dates=dates)
        rows = customer.get(f"{NEW}/orderReports", **MONTH).json()["ordersReport"]
        shapes[dates] = {type(row["orderMetadata"]["orderDate"]) for row in rows}
    assert {"mixed": {dict, str}, "object": {dict}, "text": {str}} == shapes


@pytest.mark.parametrize(
    "query",
    [
        {"orderEndDate": iso(START)},
        {"orderStartDate": "yesterday", "orderEndDate": iso(START)},
        {"orderStartDate": iso(START), "orderEndDate": iso(START - timedelta(days=1))},
        {"orderStartDate": iso(START - timedelta(days=367)), "orderEndDate": iso(START)},
        {"orderStartDate": iso(START), "orderEndDate": iso(START + timedelta(seconds=1))},
        {**MONTH, "orderIds": ",".join(str(rank) for rank in range(31))},
        {**MONTH, "nextPageToken": "made-up"},
    ],
)
def test_bad_questions_are_refused(customer: Customer, query: dict[str, str]):
    """A start, 366 days at most, no future, 30 values at most, tokens of our own."""
    assert 400 == customer.get(f"{NEW}/orderLineItemReports", **query).status_code


def test_pages_need_the_same_parameters(customer: Customer):
    """The opposite of the two other APIs."""
    customer.rule("/assumptions", page_size=20)
    pages = [customer.get(f"{NEW}/orderLineItemReports", **MONTH).json()]
    while token := pages[-1].get("nextPageToken"):
        pages.append(customer.get(f"{NEW}/orderLineItemReports", **MONTH, nextPageToken=token).json())
    lines = [row["orderLineItemId"] for page in pages for row in page["orderLineItemsReport"]]
    assert len(lines) == len(set(lines)) == sum(page["size"] for page in pages)
    other = {**MONTH, "orderStartDate": iso(START - timedelta(days=29))}
    assert 400 == customer.get(f"{NEW}/orderLineItemReports", **other, nextPageToken=str(pages[0]["nextPageToken"])).status_code


def test_orders_by_identifier_status_region_and_purchase_order(customer: Customer):
    """One that was just placed is pending; the filters keep what they name."""
    [order_id] = customer.do({"deed": "place"})
    rows = customer.get(f"{NEW}/orderReports", **MONTH, orderStatuses="PENDING_FULFILLMENT").json()["ordersReport"]
    assert [order_id] == [row["orderMetadata"]["orderId"] for row in rows]
    known = customer.truth()[0]["order_id"]
    rows = customer.get(f"{NEW}/shipmentReports", **MONTH, orderIds=f"{known},other").json()["shipmentsReport"]
    assert {known} == {row["orderMetadata"]["orderId"] for row in rows}
    assert [] == customer.get(f"{NEW}/orderReports", **MONTH, region="DE").json()["ordersReport"]
    rows = customer.get(f"{NEW}/orderReports", **MONTH, region="FR").json()["ordersReport"]
    number = next(row["purchaseOrderNumber"] for row in rows if "purchaseOrderNumber" in row)
    found = customer.get(f"{NEW}/purchaseOrders/{number}/orderReports").json()["ordersReport"]
    assert {number} == {row["purchaseOrderNumber"] for row in found}


def test_old_orders_24_hours_at_a_time(customer: Customer):
    """More is refused; text as money; parts on request; charges under the transactions' identifiers."""
    first = min(document.shipments[0].ordered_at for document in customer.simulator.world.documents)
    day = {"startDate": iso(first), "endDate": iso(first + timedelta(days=1))}
    [order, *_] = customer.get(f"{OLD}/orders", **day).json()["orders"]
    assert not {"lineItems", "shipments", "charges"} & order.keys()
    extras = {"includeLineItems": "true", "includeShipments": "true", "includeCharges": "true"}
    [whole] = customer.get(f"{OLD}/orders/{order['orderId']}", **extras).json()["orders"]
    truth = {one for row in customer.truth() if row["order_id"] == order["orderId"] for one in row["transactions"]}
    assert {charge["transactionId"] for charge in whole["charges"]} <= truth
    assert isinstance(whole["orderNetTotal"]["amount"], str)
    assert 400 == customer.get(f"{OLD}/orders", startDate=day["startDate"], endDate=iso(first + timedelta(hours=25))).status_code
    assert 400 == customer.get(f"{OLD}/orders", startDate=day["startDate"]).status_code


def test_old_orders_in_pages_by_token_alone():
    """101 orders of one day: 100 and one."""
    customer = Customer(invoices=0)
    customer.do(*({"deed": "place"} for _ in range(101)))
    day = {"startDate": iso(START), "endDate": iso(START + timedelta(days=1))}
    page = customer.get(f"{OLD}/orders", **day).json()
    rest = customer.get(f"{OLD}/orders", nextPageToken=page["nextPageToken"]).json()
    assert (100, 1) == (page["size"], rest["size"])
    assert 400 == customer.get(f"{OLD}/orders", **day, nextPageToken=page["nextPageToken"]).status_code


def test_payment_details_of_each_invoice(customer: Customer):
    """On account: issued, then paid in time or late. Another instrument or an unknown number is an ERROR inside the 200."""
    [order_id] = customer.do({"deed": "place"})
    [shipment_id] = customer.do({"deed": "ship", "order_id": order_id, "instrument": "Pay by Invoice"})
    [number] = customer.do({"deed": "invoice", "shipment_id": shipment_id})
    by_card = customer.bought()[2]
    results = customer.post(PAYMENTS, {"invoiceIds": [number, by_card, "unknown"]}).json()["invoicePaymentDetailsResults"]
    assert [("SUCCESS", None), ("ERROR", by_card), ("ERROR", "unknown")] == [
        (one["resultType"], one.get("error", {}).get("details")) for one in results
    ]
    assert {"status": "Issued", "dueDate": iso(START + timedelta(days=30))} == results[0]["paymentDetails"]
    seen = list[str]()
    for _ in range(45):
        customer.later(days=1)
        result = customer.post(PAYMENTS, {"invoiceIds": [number]}).json()["invoicePaymentDetailsResults"][0]
        seen.append(result["paymentDetails"]["status"])
    assert "Closed" == seen[-1]
    assert ["Issued", "Past Due", "Payment Processing", "Closed"] == sorted(
        {*seen, "Past Due"}, key=("Issued", "Past Due", "Payment Processing", "Closed").index
    )


@pytest.mark.parametrize("numbers", [[], ["x"] * 26, [""], ["x" * 256], [7], "x"])
def test_bad_batches_are_refused(customer: Customer, numbers: object):
    """One to 25 texts of one to 255 characters."""
    assert 400 == customer.post(PAYMENTS, {"invoiceIds": numbers}).status_code
