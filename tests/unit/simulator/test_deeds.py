"""What is made to happen from the control plane, and how it is seen over time by a client of the published API."""

from datetime import timedelta

import pytest

from deploy.local.amazon.clock import iso
from tests.unit.simulator import shapes
from tests.unit.simulator.customer import Customer, cents


@pytest.fixture
def customer() -> Customer:
    """An account that bought nothing yet, but for the eight documents of before."""
    return Customer(invoices=8)


def of_order(customer: Customer, order_id: str) -> list[shapes.Transaction]:
    """The transactions of an order that can be seen now."""
    return [one for one in customer.recent() if order_id in {line.orderId for line in one.transactionLineItems or []}]


def line_key(customer: Customer, order_id: str) -> dict[str, str]:
    """The first line of an order, as `/invoices` wants it."""
    line = (of_order(customer, order_id)[0].transactionLineItems or [])[0]
    return {"orderId": order_id, "orderLineItemId": str(line.orderLineItemId), "shipmentId": str(line.shipmentId)}


def test_from_the_order_to_the_pdf(customer: Customer):
    """Nothing before it is shipped; then a charge without number; then the number; the PDF a quarter of an hour later."""
    [order_id] = customer.do({"deed": "place", "seller": "stationer", "products": [0, 1], "quantity": 2})
    assert [] == of_order(customer, order_id)
    [shipment_id] = customer.do({"deed": "ship", "order_id": order_id})
    [charge] = of_order(customer, order_id)
    assert ("CHARGE", None, 2) == (charge.transactionType, charge.invoiceNumber, len(charge.transactionLineItems or []))
    assert [None] == [detail.invoiceNumber for detail in customer.details(line_key(customer, order_id))]
    [number] = customer.do({"deed": "invoice", "shipment_id": shipment_id})
    assert [number] == [detail.invoiceNumber for detail in customer.details(line_key(customer, order_id))]
    assert "CANCELLED" == customer.finished_report(orderId=order_id).processingStatus
    customer.later(minutes=15)
    assert [f"{number}.pdf"] == list(customer.pdfs(orderId=order_id))
    [truth] = [one for one in customer.truth() if one["number"] == number]
    assert cents(charge.amount) == truth["gross_cents"]


def test_an_order_in_two_shipments(customer: Customer):
    """Each is charged and invoiced by itself."""
    [order_id] = customer.do({"deed": "place", "seller": "stationer", "products": [0, 1]})
    first, second = customer.do({"deed": "ship", "order_id": order_id, "most": 1}, {"deed": "ship", "order_id": order_id})
    assert first != second
    assert 2 == len(of_order(customer, order_id))
    assert 400 == customer.rule("/deeds", deeds=[{"deed": "ship", "order_id": order_id}]).status_code


def test_a_seller_uploads_late(customer: Customer):
    """Six days later; until then reports end CANCELLED, and the truth says that the document is waited for."""
    order_id, _, number = customer.bought(uploaded=False)
    customer.later(days=6)
    assert "CANCELLED" == customer.finished_report(orderId=order_id).processingStatus
    waiting = customer.control.ask("GET", "/truth", query={"at": iso(customer.clock.now()), "hashes": "0"}).json()["waiting"]
    assert [(number, "document")] == [(one["number"], one["waits_for"]) for one in waiting]
    customer.do({"deed": "upload", "number": number})
    assert [f"{number}.pdf"] == list(customer.pdfs(orderId=order_id))


@pytest.mark.parametrize(("digital", "never"), [(True, "digital_order"), (False, "mailed_by_the_seller")])
def test_some_documents_never_come(customer: Customer, digital: bool, never: str):
    """A digital order has neither number nor PDF; a seller that mails the PDF has a number only. The truth says why."""
    order_id, _, number = customer.bought(digital=digital)
    if not digital:
        customer.do({"deed": "mail", "number": number})
    customer.later(days=150)
    assert [None if digital else number] == [detail.invoiceNumber for detail in customer.details(line_key(customer, order_id))]
    assert "CANCELLED" == customer.finished_report(orderId=order_id).processingStatus
    [truth] = [one for one in customer.truth() if one["number"] == number]
    assert (None, never) == (truth["final_at"], truth["never"])


def test_details_are_all_null_for_a_while(customer: Customer):
    """Three days, with status 200."""
    order_id, _, number = customer.bought()
    customer.do({"deed": "hide", "number": number, "days": 3})
    assert [(None, None, None)] == [
        (one.invoiceNumber, one.invoiceDate, one.invoiceType) for one in customer.details(line_key(customer, order_id))
    ]
    customer.later(days=3)
    assert [number] == [one.invoiceNumber for one in customer.details(line_key(customer, order_id))]


def test_a_consolidated_invoice_is_pending_then_numbered(customer: Customer):
    """Two orders; `Pending` in both fields, then the same number in both; its PDF by the number only."""
    orders = [customer.do({"deed": "place"})[0] for _ in range(2)]
    shipments = [customer.do({"deed": "ship", "order_id": order_id})[0] for order_id in orders]
    [number] = customer.do({"deed": "consolidate", "shipment_ids": shipments, "days": 10})
    keys = [line_key(customer, order_id) for order_id in orders]

    def stated() -> set[tuple[str | None, str | None]]:
        details = customer.details(*keys)
        return {(one.invoiceNumber, one.consolidatedInvoiceDetails and one.consolidatedInvoiceDetails.invoiceNumber) for one in details}

    assert {("Pending", "Pending")} == stated()
    customer.later(days=11)
    assert {(number, number)} == stated()
    assert "CANCELLED" == customer.finished_report(orderId=orders[0]).processingStatus
    assert [f"{number}.pdf"] == list(customer.pdfs(invoiceId=number, documentType="Invoice"))
    customer.rule("/assumptions", consolidated_by_order=True)
    assert [f"{number}.pdf"] == list(customer.pdfs(orderId=orders[0]))


def test_a_refund_40_days_later_and_an_over_refund(customer: Customer):
    """A credit note naming its invoice; then a tenth more comes back, as OVERREFUND, under no document of its own."""
    order_id, _, number = customer.bought()
    customer.later(days=40)
    [note] = customer.do({"deed": "refund", "number": number})
    [excess] = customer.do({"deed": "over_refund", "number": note, "percent": 10})
    customer.later(hours=2)
    moves = {one.transactionId: (one.transactionType, cents(one.amount)) for one in of_order(customer, order_id)}
    [truth] = [one for one in customer.truth() if one["number"] == note]
    gross = truth["gross_cents"] or 0
    assert (number, "CREDIT_MEMO") == (truth["credited_number"], truth["type"])
    assert sorted([("CHARGE", gross), ("REFUND", gross), ("OVERREFUND", gross * 110 // 100 - gross)]) == sorted(moves.values())
    assert "OVERREFUND" == moves[excess][0]


def test_a_partial_refund_and_one_without_credit_note(customer: Customer):
    """Two of three pieces with a note; money that nobody documents."""
    [order_id] = customer.do({"deed": "place", "quantity": 3})
    [shipment_id] = customer.do({"deed": "ship", "order_id": order_id})
    [number] = customer.do({"deed": "invoice", "shipment_id": shipment_id})
    [note] = customer.do({"deed": "refund", "number": number, "quantity": 2})
    customer.do({"deed": "refund", "number": number, "quantity": 1, "noted": False, "reason": "Account Adjustment"})
    nets = {one["number"]: one["net_cents"] or 0 for one in customer.truth()}
    assert 3 * nets[note] == 2 * nets[number]
    refunds = [one for one in of_order(customer, order_id) if one.transactionType == "REFUND"]
    assert {"Customer Return", "Account Adjustment"} == {line.refundReason for one in refunds for line in one.transactionLineItems or []}
    assert 1 == len([one for one in customer.truth() if one["credited_number"] == number])


def test_an_authorised_amount_is_settled_later(customer: Customer):
    """120 % for three days, under the same transaction."""
    order_id, shipment_id, _ = customer.bought()
    settled = cents(of_order(customer, order_id)[0].amount)
    customer.do({"deed": "authorise", "shipment_id": shipment_id, "percent": 120, "days": 3})
    [before] = of_order(customer, order_id)
    customer.later(days=3)
    [after] = of_order(customer, order_id)
    assert (settled * 120 // 100, settled) == (cents(before.amount), cents(after.amount))
    assert before.transactionId == after.transactionId


def test_amazon_amends_amounts(customer: Customer):
    """Half of everything from now on, under the same transaction; the document does not change."""
    order_id, shipment_id, number = customer.bought()
    [before] = of_order(customer, order_id)
    customer.do({"deed": "amend", "shipment_id": shipment_id, "percent": 50})
    [after] = of_order(customer, order_id)
    assert before.transactionId == after.transactionId
    assert abs(cents(before.amount) - 2 * cents(after.amount)) <= 4
    assert cents(before.amount) == next(one["gross_cents"] for one in customer.truth() if one["number"] == number)


def test_a_document_is_uploaded_again(customer: Customer):
    """The same number, other bytes; the truth knows both hashes."""
    order_id, _, number = customer.bought()
    customer.later(days=1)
    [first] = customer.pdfs(orderId=order_id).values()
    customer.do({"deed": "correct", "number": number})
    [second] = customer.pdfs(orderId=order_id).values()
    assert first != second
    assert second.startswith(b"%PDF-")
    [truth] = [one for one in customer.control.ask("GET", "/truth").json()["documents"] if one["number"] == number]
    assert 2 == len({truth["sha256"], *(one["sha256"] for one in truth["replaced"])})


def test_a_second_legal_entity_appears_is_renamed_and_forgotten(customer: Customer):
    """Its name stands on its orders, changes on all of them, and may be missing."""
    [rank] = customer.do({"deed": "add_entity", "name": "Atelier Lumière Export SAS"})
    [order_id] = customer.do({"deed": "place", "entity": int(rank)})
    customer.do({"deed": "ship", "order_id": order_id})
    names = [of_order(customer, order_id)[0].legalEntityName]
    for name in ("Lumière Export SA", None):
        customer.clock.advance(1)
        customer.do({"deed": "rename_entity", "entity": 1, "name": name})
        names.append(of_order(customer, order_id)[0].legalEntityName)
    assert ["Atelier Lumière Export SAS", "Lumière Export SA", None] == names


@pytest.mark.parametrize(
    "deed",
    [
        {"deed": "fly"},
        {"deed": "place", "seller": "nobody"},
        {"deed": "place", "entity": 7},
        {"deed": "invoice", "shipment_id": "unknown"},
        {"deed": "amend", "shipment_id": "unknown", "percent": 10},
        {"deed": "upload", "number": "unknown"},
        {"deed": "refund"},
        {"deed": "rename_entity", "entity": 7, "name": "x"},
    ],
)
def test_impossible_deeds_are_told_in_words(customer: Customer, deed: dict[str, object]):
    """400, and nothing is done."""
    before = customer.truth()
    assert 400 == customer.rule("/deeds", deeds=[deed]).status_code
    assert before == customer.truth()


def test_truth_by_date_is_what_a_run_of_that_day_can_find(customer: Customer):
    """A document is final when transaction, number and PDF are there; a day earlier it waits."""
    order_id, _, number = customer.bought()
    final = next(one["final_at"] for one in customer.truth() if one["number"] == number)
    assert iso(customer.clock.now() + timedelta(minutes=15)) == final
    expected = {
        at: [one["number"] for one in customer.truth(at=at) if one["order_id"] == order_id]
        for at in (iso(customer.clock.now()), str(final))
    }
    assert [[], [number]] == list(expected.values())
