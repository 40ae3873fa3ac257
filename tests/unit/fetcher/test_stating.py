"""What the API says of a document: its charges, and only its own."""

from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.fetcher.domain.amazon.collecting import InvoiceDetailsAnswer, Money, Transaction
from services.fetcher.domain.records import Kind, LineKey, StatedNumber, Statements
from services.fetcher.domain.stating import answered, day_of, stated_of
from tests.unit.fetcher.known import ORDER, key, stated


def transaction(name: str, kind: str, line: str = "L1", number: str | None = None, total: str = "12.00") -> Transaction:
    """A payment event of one line, as Amazon sends it."""
    item = {
        "orderId": ORDER,
        "orderLineItemId": line,
        "shipmentId": "S1",
        "totalAmount": {"currencyCode": "EUR", "amount": total},
        "tax": None,
        "businessOrderInfo": {"Centre de coût": "Atelier", "GL": ""},
    }
    people = {"buyer": {"id": "amzn1", "name": "Somebody", "email": "somebody@example.org"}}
    return Transaction.model_validate(
        {"transactionId": name, "transactionType": kind, "invoiceNumber": number, "transactionLineItems": [item], **people}
    )


def statements(numbers: tuple[StatedNumber, ...], *transactions: Transaction) -> Statements:
    """What is known of a number."""
    return Statements("A13V1IB3VIYZZH", (ORDER,), numbers, transactions)


def test_charges_go_to_invoices_and_refunds_to_credit_notes() -> None:
    """One line, one charge, one refund: each document gets its own; amounts lose their sign."""
    events = (transaction("T1", "CHARGE"), transaction("T2", "REFUND", total="-12.00"))
    invoice = stated_of("FR-1", Kind.INVOICE, statements((stated("FR-1"),), *events))
    credit = stated_of("CN-1", Kind.CREDIT_NOTE, statements((stated("CN-1", kind=Kind.CREDIT_NOTE),), *events))
    assert [("T1", "charge", 1200)] == [(charge.transaction_id, charge.kind, charge.total_cents) for charge in invoice.charges]
    assert [("T2", "refund", 1200)] == [(charge.transaction_id, charge.kind, charge.total_cents) for charge in credit.charges]


def test_a_charge_that_names_another_number_stays_away() -> None:
    """The transaction itself says which invoice it is for."""
    events = (transaction("T1", "CHARGE", number="FR-1"), transaction("T2", "CHARGE", number="FR-2"))
    assert ["T1"] == [charge.transaction_id for charge in stated_of("FR-1", Kind.INVOICE, statements((stated("FR-1"),), *events)).charges]


def test_a_line_with_two_credit_notes_counts_only_when_the_refund_says_which() -> None:
    """Two partial refunds of a line: the one without a number could be either, so it is in neither."""
    shared = StatedNumber(key(), "CN-1", Kind.CREDIT_NOTE, None, "api:invoices", shared=True)
    events = (transaction("T1", "REFUND"), transaction("T2", "REFUND", number="CN-1"))
    assert ["T2"] == [charge.transaction_id for charge in stated_of("CN-1", Kind.CREDIT_NOTE, statements((shared,), *events)).charges]


def test_no_person_leaves() -> None:
    """The buyer's name, address and account are nowhere in what is said; the checkout fields that were filled in are."""
    said = stated_of("FR-1", Kind.INVOICE, statements((stated("FR-1"),), transaction("T1", "CHARGE"))).model_dump_json()
    assert "Somebody" not in said
    assert "somebody@example.org" not in said
    assert "amzn1" not in said
    assert '"business_order_info":{"Centre de coût":"Atelier"}' in said


@pytest.mark.parametrize(
    ("amount", "cents"),
    [("12.00", 12_00), ("-12.5", 12_50), ("+3", 3_00), ("0.001", None), ("Infinity", None), ("-inf", None), ("NaN", None), ("sNaN", None),
     ("1E+999999", None), ("9" * 40, None), ("12,00", None), ("١٢", None), ("", None), (None, None)],
)  # fmt: skip
def test_only_plain_decimal_text_is_money(amount: str | None, cents: int | None) -> None:
    """Goal: an amount that is no number is unknown, and never ends the run."""
    assert cents == Money(currency_code="EUR", amount=amount).cents


def test_an_identifier_that_no_contract_takes_ends_nothing() -> None:
    """Case: an order of 200 characters is left out, a transaction's name becomes a digest; two names stay two."""
    item = {"orderId": "x" * 200, "orderLineItemId": "L1", "shipmentId": "S1"}
    odd = [
        Transaction.model_validate({"transactionId": name, "transactionType": "CHARGE", "transactionLineItems": [item]})
        for name in ("a b", "a  b")
    ]
    number = StatedNumber(LineKey("x" * 200, "L1", "S1"), "FR-1", Kind.INVOICE, None, "api:invoices")
    said = stated_of("FR-1", Kind.INVOICE, Statements("A13V1IB3VIYZZH", ("x" * 200, ORDER), (number,), tuple(odd)))
    assert (ORDER,) == said.orders
    assert [None, None] == [charge.order_id for charge in said.charges]
    names = [charge.transaction_id for charge in said.charges]
    assert ["sha256-", "sha256-"] == [name[:7] for name in names]
    assert 2 == len(set(names))


TEXTS = st.none() | st.sampled_from(["", "Infinity", "NaN", "1E+99", "EUR", "0.2", "9" * 99, "\0"]) | st.text(max_size=120)
MONEY = st.none() | st.fixed_dictionaries({"currencyCode": TEXTS, "amount": TEXTS})
DAYS = TEXTS | st.datetimes().map(datetime.isoformat) | st.datetimes(timezones=st.timezones()).map(datetime.isoformat)
AMOUNTS = ("totalAmount", "principalAmount", "shippingCharge", "discount", "tax")
ITEM_TEXTS = ("orderId", "orderLineItemId", "shipmentId", "productTitle", "asin", "unspsc", "taxRate", "merchantLegalName")
ITEMS = st.fixed_dictionaries(
    {
        **dict.fromkeys(ITEM_TEXTS, TEXTS),
        **dict.fromkeys(AMOUNTS, MONEY),
        "itemQuantity": st.none() | st.integers(),
        "businessOrderInfo": st.none() | st.dictionaries(st.text(max_size=120), TEXTS, max_size=3),
    }
)


@settings(max_examples=200, deadline=None)
@given(ITEMS, TEXTS, TEXTS, DAYS)
def test_whatever_amazon_writes_can_be_stated(item: dict[str, object], name: str | None, entity: str | None, day: str | None) -> None:
    """Goal: total. Method: any text in any field of a transaction that belongs to the number; its charge is always said."""
    page = {"transactionId": name, "transactionType": "CHARGE", "legalEntityName": entity, "transactionLineItems": [item]}
    read = Transaction.model_validate(page)
    line = (read.transaction_line_items or [])[0]
    where = LineKey(line.order_id or "", line.order_line_item_id or "", line.shipment_id or "")
    number = StatedNumber(where, "FR-1", Kind.INVOICE, day_of(day), "api:invoices")
    said = stated_of("FR-1", Kind.INVOICE, Statements("A13V1IB3VIYZZH", (where.order_id,), (number,), (read,)))
    assert (1 if line.order_id else 0) == len(said.charges)
    assert type(said).model_validate_json(said.model_dump_json()) == said


@pytest.mark.parametrize("published", ["0001-01-01T00:00:00+14:00", "1899-12-31T12:00:00Z", "3000-01-01T12:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_day_beyond_all_books_is_unknown(published: str) -> None:
    """Case: the first of them is in Paris still in the year before the calendar begins."""
    assert day_of(published) is None


def test_answers_are_matched_by_key() -> None:
    """Another order of answers, a null detail, a pending number, a line nobody asked about."""
    first, second, third = key("L1"), key("L2"), key("L3")

    def line(asked: LineKey, **detail: object) -> dict[str, object]:
        named = {"orderId": asked.order_id, "orderLineItemId": asked.order_line_item_id, "shipmentId": asked.shipment_id}
        return {"orderLineItem": named, "invoiceDetails": [detail]}

    published = [
        line(third, invoiceNumber=None, invoiceDate=None, invoiceType=None),
        line(second, invoiceNumber="X", invoiceType="STANDARD", consolidatedInvoiceDetails={"invoiceNumber": "Pending"}),
        line(first, invoiceNumber="FR-1", invoiceDate="2026-11-12T23:30:00Z", invoiceType="STANDARD"),
        line(key("L9"), invoiceNumber="FR-9", invoiceType="STANDARD"),
    ]
    answer = InvoiceDetailsAnswer.model_validate({"invoiceDetailsByOrderLineItems": published})
    numbers, pending = answered(answer.invoice_details_by_order_line_items or [], {first, second, third})
    assert [StatedNumber(first, "FR-1", Kind.INVOICE, date(2026, 11, 13), "api:invoices")] == numbers
    assert [second] == pending


def test_an_instant_becomes_a_day_in_france() -> None:
    """23:30 UTC is the next day in Paris; what is no instant is no day."""
    assert date(2026, 11, 13) == day_of("2026-11-12T23:30:00Z")
    assert day_of(None) is None
    assert day_of("soon") is None


def test_money_is_exact() -> None:
    """Cents from text: no float, no rounding, no sign; finer than a cent is unknown."""
    assert [1230, 1230, 5, None, None] == [Money(amount=text).cents for text in ("12.3", "-12.30", "0.05", "1.005", "NaN€")]
