"""What is longer than a contract takes: texts are cut with an ellipsis, the rest is left out whole, and nothing is raised."""

import pytest

from schemas.invoice_collected.v1 import InvoiceCollected
from services.fetcher.domain.amazon.collecting import Transaction
from services.fetcher.domain.emitting import fitting
from services.fetcher.domain.reading.limits import entire, shortened, whole
from services.fetcher.domain.reading.xml_evidence import XmlInvoice, XmlLine, XmlParty, XmlTax, xml_evidence
from services.fetcher.domain.records import Kind, StatedNumber, Statements
from services.fetcher.domain.stating import stated_of
from tests.support import collected
from tests.unit.fetcher.known import ORDER, stated

LONG = "Perceuse à colonne " * 200
NOBODY = XmlParty(None, None, None, None, None)


def test_a_text_is_cut_with_an_ellipsis_and_an_identifier_is_left_out():
    assert 500 == len(shortened(LONG) or "")
    assert (LONG[:499] + "…", "Perceuse", None, None) == (shortened(LONG), shortened(" Perceuse\x00 "), shortened(" \t"), shortened(None))
    assert ("A1", None, None) == (entire(" A1 ", 2), entire("A12", 2), entire(None))
    assert ((1, 2), ()) == (whole([1, 2], 2), whole([1, 2, 3], 2))


def transaction(**item: object) -> Transaction:
    """A charge of one line, whose texts are what a test says."""
    line = {"orderId": ORDER, "orderLineItemId": "L1", "shipmentId": "S1", **item}
    return Transaction.model_validate({"transactionId": "T1", "transactionType": "CHARGE", "transactionLineItems": [line]})


def statements(*transactions: Transaction, numbers: tuple[StatedNumber, ...] = (stated("FR-1"),)) -> Statements:
    """What is known of a number, over more orders than a contract takes."""
    return Statements("A13V1IB3VIYZZH", (ORDER,) * 501, numbers, transactions)


def test_a_charge_of_too_long_texts_is_stated_within_the_limits():
    """A title of 3,000 characters; an ASIN, a rate, a currency, an amount and checkout fields that nobody could read."""
    fields = {f"Champ {n}": "x" for n in range(60)} | {"n" * 101: "x", "Centre": LONG}
    odd = transaction(
        productTitle=LONG[:3000],
        merchantLegalName=LONG,
        asin="B" * 101,
        unspsc="",
        taxRate="20 %",
        totalAmount={"currencyCode": "euros", "amount": "99999999999999999"},
        businessOrderInfo=fields,
    )
    (charge,) = stated_of("FR-1", Kind.INVOICE, statements(odd)).charges
    assert (LONG[:499] + "…", LONG[:499] + "…") == (charge.title, charge.merchant)
    assert (None,) * 5 == (charge.asin, charge.unspsc, charge.tax_rate, charge.currency, charge.total_cents)
    assert (50, "x") == (len(charge.business_order_info), charge.business_order_info["Champ 0"])


def test_more_charges_than_a_contract_takes_are_none():
    said = stated_of("FR-1", Kind.INVOICE, statements(*[transaction()] * 2_001))
    assert ((), 500) == (said.charges, len(said.orders))
    assert 2_000 == len(stated_of("FR-1", Kind.INVOICE, statements(*[transaction()] * 2_000)).charges)


def xml(lines: int = 1, taxes: int = 1, **changes: object) -> XmlInvoice:
    """An embedded invoice of lines and VAT rows of 1,00 €."""
    said: dict[str, object] = {
        "number": "FR-1",
        "type_code": "380",
        "issue_date": "20260310",
        "currency": "EUR",
        "preceding": (),
        "seller": NOBODY,
        "buyer": NOBODY,
        "net": f"{lines}.00",
        "tax": "0.00",
        "gross": f"{lines}.00",
        "taxes": (XmlTax("20", "S", "1.00", "0.20", None, None),) * taxes,
        "lines": (XmlLine("1", LONG[:600], "1", "1.00", "20", None),) * lines,
        "charges": (),
        "notes": (),
    }
    return XmlInvoice(**{**said, **changes})  # pyright: ignore[reportArgumentType]


def test_a_label_of_600_characters_is_cut():
    assert LONG[:499] + "…" == xml_evidence(xml()).lines[0].label


@pytest.mark.parametrize(("count", "lines", "vat"), [((2_000, 50), 2_000, 50), ((2_001, 51), 0, 0)])
def test_more_lines_or_vat_rows_than_a_contract_takes_are_none(count: tuple[int, int], lines: int, vat: int):
    said = xml_evidence(xml(*count))
    assert (lines, vat) == (len(said.lines), len(said.vat))


def test_numbers_that_are_too_long_or_misshapen_are_none():
    seller = XmlParty(LONG, "FR 88/902" + "1" * 60, None, None, "France")
    said = xml_evidence(xml(number="9" * 501, seller=seller, type_code="381", preceding=("8" * 501,)))
    assert (None, None, None, None) == (said.number, said.credited_number, said.seller.vat_id, said.seller.country)
    assert said.seller.name is not None
    assert 500 == len(said.seller.name.value)


def heavy() -> InvoiceCollected:
    """A document whose 2,000 lines and 2,000 charges weigh more than an event may."""
    lines = (collected.line("é" * 500, 1),) * 2_000
    charges = [collected.charge("ô" * 500)] * 2_000
    return collected.collected(collected.evidence(lines, (collected.vat("20", 20_00, 4_00),)), collected.stated(charges))


def test_an_event_that_is_too_heavy_goes_without_charges_then_without_lines():
    document = heavy()
    sizes = {most: fitting(document, most) for most in (10**7, 3 * 10**6, 900_000)}
    assert [(2_000, 2_000), (0, 2_000), (0, 0)] == [(len(one.stated.charges), len(one.evidence.lines)) for one in sizes.values()]
    assert document is sizes[10**7]
