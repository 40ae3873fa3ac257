"""Identity: the document wins over the API, and both must agree when both speak."""

from typing import Any

import pytest

from schemas.invoice_collected.v1 import InvoiceCollected
from services.classifier.domain.holds import CurrencyMissing, NoRate, NotAnInvoice, NotAVatInvoice, NumberMismatch, NumberMissing
from services.classifier.domain.identity import Identity, identify, known_currency
from tests.support.collected import ISSUED, charge, collected, domestic_invoice, evidence, fact, stated, vat

TABLE = (vat("20", 100_00, 20_00),)


def case(api_number: str | None = "FR1", api_type: str | None = "invoice", **changes: object) -> InvoiceCollected:
    """A document whose identity differs from the API's."""
    return collected(evidence((), TABLE, **changes), stated(number=api_number, kind=api_type))


def test_a_document_that_says_everything() -> None:
    """Case: the ordinary invoice."""
    assert Identity("invoice", "FR6001ABCDE", ISSUED, "EUR") == identify(domestic_invoice())


def test_the_api_fills_what_the_document_leaves_out() -> None:
    """Case: nothing printed but the currency."""
    assert Identity("invoice", "FR1", ISSUED, "EUR") == identify(case(number=None, type=None, issue_date=None))


@pytest.mark.parametrize(("printed", "stated_number"), [("FR 60 01", "FR6001"), ("fr6001", "FR6001"), (" FR6001 ", "FR6001")])
def test_spelling_is_no_contradiction(printed: str, stated_number: str) -> None:
    """Goal: spaces and case do not make another number; the printed spelling stays."""
    assert printed.strip() == identify(case(stated_number, number=fact(printed))).number


@pytest.mark.parametrize(("printed", "stated_number"), [("FR6001", "FR6002"), ("INV-1", "INV1")])
def test_another_number_is_held(printed: str, stated_number: str) -> None:
    """Goal: a PDF of another order is caught."""
    with pytest.raises(NumberMismatch):
        identify(case(stated_number, number=fact(printed)))


def test_a_blank_number_is_no_number() -> None:
    """Goal: total on whatever a reader found."""
    with pytest.raises(NumberMissing):
        identify(case(None, number=fact("   ")))


@pytest.mark.parametrize("kind", ["proforma", "other", "delivery_note"])
def test_what_is_not_an_invoice_is_held_whatever_the_api_says(kind: str) -> None:
    """Case: the API calls it an invoice, the document does not."""
    with pytest.raises(NotAnInvoice):
        identify(case(type=fact(kind), number=None))


@pytest.mark.parametrize("changes", [{"type": fact("receipt")}, {"mentions": ("not_a_vat_invoice",), "vat": (), "vat_cents": None}])
def test_a_receipt_is_one_whatever_it_is_titled(changes: dict[str, Any]) -> None:
    """Cases: a proof of purchase; an « invoice » that says it is no VAT invoice, and charges none (BC38)."""
    assert "receipt" == identify(case(number=None, **changes)).type


def test_the_refund_of_a_receipt_is_a_credit_note_from_which_nothing_is_deducted() -> None:
    """Case: Amazon's « ceci n'est pas une facture de TVA » on a refund."""
    said = evidence(
        (), (), type=fact("credit_note"), mentions=("not_a_vat_invoice",), net_cents=None, vat_cents=None, gross_cents=fact(5_00)
    )
    identity = identify(collected(said, stated(kind=None, number=None)))
    assert ("credit_note", True) == (identity.type, identity.is_receipt)


@pytest.mark.parametrize("kind", ["invoice", "credit_note"])
def test_vat_on_what_is_no_vat_invoice_is_asked_about(kind: str) -> None:
    """Case: « ceci n'est pas une facture » on a document that charges VAT."""
    with pytest.raises(NotAVatInvoice):
        identify(collected(evidence((), TABLE, type=fact(kind), mentions=("not_a_vat_invoice",)), stated(kind=None, number=None)))


@pytest.mark.parametrize(("rate", "expected"), [("1.1250", "1.1250"), (None, None), ("0", None), ("-2", None)])
def test_a_foreign_currency_needs_its_printed_rate(rate: str | None, expected: str | None) -> None:
    """Goal: nobody guesses a rate (A10.13). Cases: printed, missing, and rates nothing can be divided by."""
    document = case(None, currency=fact("USD"), exchange_rate=fact(rate) if rate else None)
    if expected:
        assert expected == identify(document).exchange_rate
    else:
        with pytest.raises(NoRate):
            identify(document)


def test_the_currency_of_the_charges_stands_in_when_they_have_one() -> None:
    """Case: the document prints no currency."""
    said = evidence((), TABLE, currency=None)
    assert "EUR" == known_currency(collected(said, stated((charge(),))))
    assert known_currency(collected(said, stated((charge(), charge(currency="GBP"))))) is None
    with pytest.raises(CurrencyMissing):
        identify(collected(said, stated()))
