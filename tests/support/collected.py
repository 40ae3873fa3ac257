"""Collected documents to test with: a domestic invoice and what differs from it. Change any part with the keyword arguments."""

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any

from schemas.invoice_collected.v1 import Charge, Evidence, EvidenceLine, InvoiceCollected, Party, Stated, VatGroup
from schemas.values import CompanySettings, DocumentRef, Fact

FACTUR_X = "document:factur-x"
TEXT = "document:text"
INVOICES_API = "api:invoices"
COMPANY = "co-dupont"
COMPANY_SIREN = "732829320"
COMPANY_VAT_ID = "FR44732829320"
SELLER_VAT_ID = "FR88902100478"
SELLER_SIREN = "902100478"
SELLER_NAME = "Papeterie du Canal SAS"
ORDER = "402-1234567-0000001"
ISSUED = date(2026, 3, 10)
NUMBER = "FR6001ABCDE"


def fact[T](value: T, origin: str = FACTUR_X) -> Fact[T]:
    """A value and where it was read."""
    return Fact[type(value)](value=value, origin=origin)


def settings(**changes: Any) -> CompanySettings:
    """An ordinary company that deducts its VAT and compares buyers."""
    usual: dict[str, Any] = {
        "revision": 1,
        "company_name": "Dupont SARL",
        "siren": COMPANY_SIREN,
        "vat_id": COMPANY_VAT_ID,
        "vat_regime": "normal",
        "deduction_coefficient": "1",
        "supplier_mode": "amazon_business",
        "automatic_import": True,
        "import_start": date(2026, 1, 1),
        "cut_over": date(2026, 1, 1),
        "buyer_check": True,
        "test_environment": False,
    }
    return CompanySettings(**{**usual, **changes})


def document(content: bytes = b"%PDF-1.7 a document") -> DocumentRef:
    """The claim check of a stored document."""
    digest = hashlib.sha256(content).hexdigest()
    return DocumentRef(sha256=digest, size_bytes=len(content), media_type="application/pdf", object_key=f"documents/{digest}")


def party(name: str | None = None, vat_id: str | None = None, siren: str | None = None, country: str | None = None) -> Party:
    """A seller or buyer with what is printed of it."""
    printed = {"name": name, "vat_id": vat_id, "siren": siren, "country": country}
    return Party(**{field: fact(value) if value is not None else None for field, value in printed.items()})


def seller(country: str | None = "FR") -> Party:
    """An established seller that does not exist."""
    return party(SELLER_NAME, SELLER_VAT_ID, SELLER_SIREN, country)


def buyer() -> Party:
    """The company itself."""
    return party("Dupont SARL", COMPANY_VAT_ID, COMPANY_SIREN, "FR")


def line(label: str, net_cents: int, vat_rate: str | None = "20", quantity: str | None = "1") -> EvidenceLine:
    """A line of the document."""
    return EvidenceLine(label=label, quantity=quantity, net_cents=net_cents, vat_rate=vat_rate, origin=FACTUR_X)


def vat(rate: str | None, base_cents: int, vat_cents: int, category: str | None = "s") -> VatGroup:
    """A row of the document's VAT table."""
    return VatGroup(rate=rate, category=category, base_cents=base_cents, vat_cents=vat_cents, origin=FACTUR_X)


def charge(title: str | None = None, **changes: Any) -> Charge:
    """A charge of 20,00 € net and 4,00 € VAT, every amount stated."""
    usual: dict[str, Any] = {
        "transaction_id": "T-1",
        "kind": "charge",
        "order_id": ORDER,
        "order_line_item_id": None,
        "shipment_id": None,
        "title": title,
        "asin": None,
        "unspsc": None,
        "quantity": 1,
        "currency": "EUR",
        "principal_cents": 20_00,
        "shipping_cents": 0,
        "discount_cents": 0,
        "tax_cents": 4_00,
        "total_cents": 24_00,
        "tax_rate": "0.2",
        "merchant": None,
        "business_order_info": {},
    }
    return Charge(**{**usual, **changes})


def silent_charge(title: str, **changes: Any) -> Charge:
    """A charge of which the API states no amount, as for many EU orders."""
    amounts = dict.fromkeys(("principal_cents", "shipping_cents", "discount_cents", "tax_cents", "total_cents", "tax_rate"))
    return charge(title, **{**amounts, **changes})


def stated(charges: Sequence[Charge] = (), number: str | None = NUMBER, kind: str | None = "invoice") -> Stated:
    """What Amazon's API says of the document."""
    return Stated(
        marketplace_id="A13V1IB3VIYZZH",
        orders=(ORDER,),
        number=fact(number, INVOICES_API) if number is not None else None,
        type=fact(kind, INVOICES_API) if kind is not None else None,
        issue_date=fact(ISSUED, INVOICES_API),
        legal_entity="Dupont SARL",
        charges=tuple(charges),
    )


def evidence(lines: Sequence[EvidenceLine] = (), table: Sequence[VatGroup] = (), **changes: Any) -> Evidence:
    """What a readable document says; totals follow from the VAT table unless given."""
    net, tax = sum(row.base_cents for row in table), sum(row.vat_cents for row in table)
    usual: dict[str, Any] = {
        "reading": "factur_x",
        "unreadable": None,
        "number": fact(NUMBER),
        "type": fact("invoice"),
        "issue_date": fact(ISSUED),
        "currency": fact("EUR"),
        "credited_number": None,
        "seller": seller(),
        "buyer": buyer(),
        "net_cents": fact(net),
        "vat_cents": fact(tax),
        "gross_cents": fact(net + tax),
        "vat": tuple(table),
        "lines": tuple(lines),
        "mentions": (),
    }
    return Evidence(**{**usual, **changes})


def collected(said: Evidence, api: Stated | None = None, **changes: Any) -> InvoiceCollected:
    """The event around a document's evidence and the API's statement."""
    usual: dict[str, Any] = {
        "company_id": COMPANY,
        "connection_id": "cn-1",
        "invoice_id": "inv-1",
        "revision": 1,
        "channel": "amazon_business",
        "settings": settings(),
        "document": document(),
        "stated": api or stated(),
        "evidence": said,
    }
    return InvoiceCollected(**{**usual, **changes})


def domestic_invoice(**changes: Any) -> InvoiceCollected:
    """Factur-X with lines: paper 40,00 at 20 %, a book 30,00 at 5,5 %, shipping 5,00 at 20 %; 85,65 € in all."""
    lines = (line("Papier A4 80 g", 40_00), line("Livre de comptabilité", 30_00, "5.5"), line("Frais de port", 5_00))
    return collected(evidence(lines, (vat("20.00", 45_00, 9_00), vat("5.50", 30_00, 1_65))), **changes)


def text_invoice_with_charges(**changes: Any) -> InvoiceCollected:
    """A text layer with a VAT table and no lines; Amazon's charges list the articles: 24,99 € of pens less 5,00 €, shipping 3,99 €."""
    charges = (charge("Stylos bille bleus, lot de 50", principal_cents=24_99, discount_cents=5_00, shipping_cents=3_99, total_cents=28_78),)
    said = evidence((), (vat("20", 23_98, 4_80),), reading="text")
    return collected(said, stated(charges), **changes)


def credit_note(**changes: Any) -> InvoiceCollected:
    """The paper of an earlier invoice, returned: 48,00 €, amounts not negative, the type gives the side."""
    said = evidence(
        (line("Papier A4 80 g", 40_00),),
        (vat("20", 40_00, 8_00),),
        number=fact("FRAV0007"),
        type=fact("credit_note"),
        credited_number=fact(NUMBER),
    )
    refund = charge("Papier A4 80 g", kind="refund", principal_cents=40_00, tax_cents=8_00, total_cents=48_00)
    return collected(said, stated((refund,), number="FRAV0007", kind="credit_note"), **changes)


def foreign_vat_invoice(**changes: Any) -> InvoiceCollected:
    """A German seller's invoice with 19 % German VAT."""
    said = evidence((line("Schreibtischlampe", 100_00, "19"),), (vat("19", 100_00, 19_00),), seller=german_seller())
    return collected(said, **changes)


def wrongly_charged_invoice(**changes: Any) -> InvoiceCollected:
    """A German seller's invoice with 20 % French VAT, which it may not charge."""
    said = evidence((line("Schreibtischlampe", 100_00),), (vat("20", 100_00, 20_00),), seller=german_seller())
    return collected(said, **changes)


def german_seller() -> Party:
    """A marketplace seller in Germany."""
    return party("Lampenwelt Händler GmbH", "DE813470268", None, "DE")


def intra_eu_invoice(**changes: Any) -> InvoiceCollected:
    """A German seller's invoice without VAT, category K: an acquisition in another member state."""
    said = evidence((line("Schreibtischlampe", 100_00, "0"),), (vat("0", 100_00, 0, "k"),), seller=german_seller())
    return collected(said, **changes)


def unreadable_document(**changes: Any) -> InvoiceCollected:
    """A scanned PDF: only Amazon's data is known."""
    nothing: dict[str, Any] = dict.fromkeys(("number", "type", "issue_date", "currency", "net_cents", "vat_cents", "gross_cents"))
    said = evidence(reading="none", unreadable="no_text", seller=party(), buyer=party(), **nothing)
    return collected(said, stated((charge("Papier A4 80 g"),)), **changes)
