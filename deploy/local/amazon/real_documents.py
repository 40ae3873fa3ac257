"""An account made of real PDFs: each file is one document of one order, served byte for byte.

Order data states what an embedded Factur-X or ZUGFeRD file says (CII syntax) and nothing else: no field is guessed from the
page or completed by arithmetic. Only what carries the document is made up: order, line, shipment and transaction identifiers,
and the instants of payment and shipment, without which Amazon could not announce it.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from random import Random
from typing import cast
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import facturx  # pyright: ignore[reportMissingTypeStubs]

from deploy.local.amazon.amounts import Tax, plain
from deploy.local.amazon.facts import Document, Line, Payment, PaymentType, Shipment
from deploy.local.amazon.papers import Kind
from deploy.local.amazon.parties import Party
from deploy.local.amazon.world import World

INVOICES = frozenset({"380", "384", "386", "389"})  # UNTDID 1001: invoice, corrected, prepayment, self-billed
CREDIT_NOTES = frozenset({"381", "261", "396"})  # UNTDID 1001: credit note, self-billed, factored
SELLER = ".//{*}ApplicableHeaderTradeAgreement/{*}SellerTradeParty"
SETTLEMENT = ".//{*}ApplicableHeaderTradeSettlement"
SUMMATION = f"{SETTLEMENT}/{{*}}SpecifiedTradeSettlementHeaderMonetarySummation"


class NoDocuments(Exception):
    """The folder holds no PDF."""

    next_action = "Name a folder with at least one .pdf file."


def folder_world(folder: Path, seed: int, start: datetime, buyer: Party) -> World:
    """One document per PDF of the folder, in the order of the file names. Raises NoDocuments."""
    files = sorted(folder.glob("*.pdf"))
    if not files:
        raise NoDocuments(f"{folder}")
    return World(seed, buyer, [_document(file.read_bytes(), rank, seed, start) for rank, file in enumerate(files)])


def embedded_invoice(pdf: bytes) -> Element | None:
    """The root of the embedded CII invoice, None when the file has none; the XSD is not our business here."""
    name, content = cast(
        tuple[str | bool, bytes | bool],
        facturx.get_xml_from_pdf(pdf, check_xsd=False),  # pyright: ignore[reportUnknownMemberType]
    )
    return ElementTree.fromstring(content) if name and isinstance(content, bytes) else None


@dataclass(frozen=True, slots=True)
class Carrier:
    """The made-up identifiers and instants that carry one real document."""

    order_id: str
    order_line_id: str
    shipment_id: str
    payment: Payment

    @classmethod
    def of(cls, rank: int, seed: int, start: datetime) -> "Carrier":
        """Paid between one and 24 days before the start."""
        dice = Random(f"{seed} {rank}")
        paid_at = start - timedelta(days=1 + rank % 24, minutes=dice.randint(0, 300))
        payment = Payment(hashlib.sha256(dice.randbytes(16)).hexdigest()[:20], paid_at, paid_at + timedelta(minutes=30))
        order_id = f"171-{dice.randint(0, 9_999_999):07d}-{dice.randint(0, 9_999_999):07d}"
        return cls(order_id, f"{dice.randint(10**13, 10**14 - 1)}", f"D{dice.randbytes(4).hex()}", payment)

    def shipment(self, lines: tuple[Line, ...], kind: Kind | None) -> Shipment:
        """What travelled, with its payment; a file that does not say what it is has a transaction without type."""
        types = {Kind.INVOICE: PaymentType.CHARGE, Kind.CREDIT_NOTE: PaymentType.REFUND}
        payment = replace(self.payment, type=None if kind is None else types[kind])
        return Shipment(self.order_id, payment.happened_at, self.shipment_id, payment.happened_at, lines, (payment,))


def _document(pdf: bytes, rank: int, seed: int, start: datetime) -> Document:
    carrier, root = Carrier.of(rank, seed, start), embedded_invoice(pdf)
    if root is not None:
        return _stated(pdf, carrier, root)
    return Document((carrier.shipment((Line(carrier.order_line_id),), None),), lambda: pdf)


def _stated(pdf: bytes, carrier: Carrier, root: Element) -> Document:
    currency, kind = _text(root, f"{SETTLEMENT}/{{*}}InvoiceCurrencyCode"), _kind(_text(root, "./{*}ExchangedDocument/{*}TypeCode"))
    shipment = carrier.shipment(_lines(root, carrier), kind)
    return Document(
        shipments=(replace(shipment, seller=_text(root, f"{SELLER}/{{*}}Name"), currency=currency),),
        pdf=lambda: pdf,
        kind=kind,
        number=_text(root, "./{*}ExchangedDocument/{*}ID"),
        issued_at=_day(root, "./{*}ExchangedDocument/{*}IssueDateTime/{*}DateTimeString"),
        seller=_text(root, f"{SELLER}/{{*}}Name"),
        seller_vat_number=_text(root, f"{SELLER}/{{*}}SpecifiedTaxRegistration/{{*}}ID[@schemeID='VA']"),
        currency=currency,
        net_cents=_cents(root, f"{SUMMATION}/{{*}}TaxBasisTotalAmount"),
        vat_cents=_cents(root, f"{SUMMATION}/{{*}}TaxTotalAmount[@currencyID='{currency}']"),
        gross_cents=_cents(root, f"{SUMMATION}/{{*}}GrandTotalAmount"),
        taxes=_taxes(root),
        credited_number=_text(root, f"{SETTLEMENT}/{{*}}InvoiceReferencedDocument/{{*}}IssuerAssignedID"),
    )


def _kind(type_code: str | None) -> Kind | None:
    return Kind.INVOICE if type_code in INVOICES else Kind.CREDIT_NOTE if type_code in CREDIT_NOTES else None


def _taxes(root: Element) -> tuple[Tax, ...] | None:
    """The VAT table; None when there is none (profile MINIMUM) or a row lacks its rate, base or VAT."""
    rows = [_tax(row) for row in root.findall(f"{SETTLEMENT}/{{*}}ApplicableTradeTax")]
    whole = [row for row in rows if row is not None]
    return tuple(whole) if whole and len(whole) == len(rows) else None


def _tax(row: Element) -> Tax | None:
    rate, base, vat = _decimal(row, "./{*}RateApplicablePercent"), _cents(row, "./{*}BasisAmount"), _cents(row, "./{*}CalculatedAmount")
    return None if rate is None or base is None or vat is None else Tax(rate, base, vat)


def _lines(root: Element, carrier: Carrier) -> tuple[Line, ...]:
    """The lines; one without any fact for profiles that have none."""
    rows = root.findall(".//{*}IncludedSupplyChainTradeLineItem")
    first = int(carrier.order_line_id)
    return tuple(_line(row, f"{first + place}") for place, row in enumerate(rows)) or (Line(carrier.order_line_id),)


def _line(row: Element, order_line_id: str) -> Line:
    settlement = "./{*}SpecifiedLineTradeSettlement"
    quantity = _decimal(row, "./{*}SpecifiedLineTradeDelivery/{*}BilledQuantity")
    price = _decimal(row, "./{*}SpecifiedLineTradeAgreement/{*}NetPriceProductTradePrice/{*}ChargeAmount")
    return Line(
        order_line_id=order_line_id,
        title=_text(row, "./{*}SpecifiedTradeProduct/{*}Name"),
        quantity=int(quantity) if quantity is not None and quantity == int(quantity) else None,
        unit_price=None if price is None else plain(price),
        principal_cents=_cents(row, f"{settlement}/{{*}}SpecifiedTradeSettlementLineMonetarySummation/{{*}}LineTotalAmount"),
        rate=_decimal(row, f"{settlement}/{{*}}ApplicableTradeTax/{{*}}RateApplicablePercent"),
    )


def _text(node: Element, path: str) -> str | None:
    return (node.findtext(path) or "").strip() or None


def _decimal(node: Element, path: str) -> Decimal | None:
    try:
        return Decimal(_text(node, path) or "")
    except InvalidOperation:
        return None


def _cents(node: Element, path: str) -> int | None:
    """A printed amount in cents; None when absent or not a whole number of cents."""
    value = _decimal(node, path)
    return int(value * 100) if value is not None and value * 100 == int(value * 100) else None


def _day(node: Element, path: str) -> datetime | None:
    """A date in the format 102 (`20260312`), at midnight UTC."""
    text = _text(node, path)
    return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC) if text and len(text) == 8 else None
