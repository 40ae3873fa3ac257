"""invoice.collected: a final document with what Amazon's API states and what the document itself says, side by side."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.contract import Contract, EventData
from schemas.values import Cents, Code, CompanySettings, Currency, Day, DocumentRef, Fact, Id, Origin, Rate, Text


class Charge(Contract):
    """One line of a payment event (`getTransactions`, Reconciliation API 2021-01-08); amounts are unsigned, `kind` gives the direction."""

    transaction_id: Id
    kind: Code = Field(description="known: charge, refund, overrefund")
    order_id: Id | None
    order_line_item_id: str | None
    shipment_id: str | None
    title: str | None
    asin: str | None
    unspsc: str | None
    quantity: int | None
    currency: Currency | None
    principal_cents: Cents | None
    shipping_cents: Cents | None
    discount_cents: Cents | None
    tax_cents: Cents | None
    total_cents: Cents | None
    tax_rate: str | None
    merchant: str | None
    business_order_info: dict[str, str] = Field(description="the buyer's own checkout fields, such as GL code or cost centre")


class Stated(Contract):
    """What Amazon's API says of the document; null = it said nothing."""

    marketplace_id: Id
    orders: tuple[Id, ...]
    number: Fact[str] | None
    type: Fact[str] | None = Field(description="known values: invoice, credit_note")
    issue_date: Fact[Day] | None
    legal_entity: str | None
    charges: tuple[Charge, ...]


class Party(Contract):
    """A seller or buyer as printed."""

    name: Fact[str] | None
    vat_id: Fact[str] | None
    siren: Fact[str] | None
    country: Fact[str] | None = Field(description="ISO 3166-1 alpha-2, only when the document states it")


class VatGroup(Contract):
    """One row of the document's VAT table."""

    rate: Rate | None
    category: Code | None = Field(description="EN 16931 category in lower case (s, z, e, ae, k, g, o) when stated")
    base_cents: Cents
    vat_cents: Cents
    origin: Origin


class EvidenceLine(Contract):
    """One line of the document; net of VAT, negative for a discount."""

    label: Text
    quantity: str | None
    net_cents: Cents
    vat_rate: Rate | None
    origin: Origin


class Evidence(Contract):
    """What the document's own text or embedded XML says. A value that is not on it is null, never a guess.

    Amounts are turned so that the gross of a whole document is not negative; `type` says which side it is.
    """

    reading: Code = Field(description="known: factur_x, text, none")
    unreadable: Code | None = Field(description="why reading is none; known: corrupt, encrypted, no_text, not_a_pdf")
    number: Fact[str] | None
    type: Fact[str] | None = Field(description="known values: invoice, credit_note, self_billed, receipt, other")
    issue_date: Fact[Day] | None
    currency: Fact[Currency] | None
    credited_number: Fact[str] | None = Field(description="the invoice a credit note names")
    seller: Party
    buyer: Party
    net_cents: Fact[Cents] | None
    vat_cents: Fact[Cents] | None
    gross_cents: Fact[Cents] | None
    vat: tuple[VatGroup, ...]
    lines: tuple[EvidenceLine, ...]
    mentions: tuple[Code, ...] = Field(
        description="known: reverse_charge, intra_eu_supply, export, small_business_exempt, margin_scheme, not_a_vat_invoice"
    )


class InvoiceCollected(EventData):
    """A document whose number is known, that is stored, and whose reading was attempted."""

    ce_type: ClassVar[str] = "achats.invoice.collected.v1"

    company_id: Id
    connection_id: Id
    invoice_id: Id
    revision: Annotated[int, Field(ge=1)]
    channel: Code = Field(description="known: amazon_business")
    settings: CompanySettings
    document: DocumentRef
    stated: Stated
    evidence: Evidence

    @property
    def subject(self) -> str:
        """Company and invoice."""
        return f"{self.company_id}/{self.invoice_id}"
