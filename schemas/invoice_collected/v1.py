"""invoice.collected: a final document with what Amazon's API states and what the document itself says, side by side."""

from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field

from schemas.contract import Contract, EventData
from schemas.hold_lifted.v1 import Given, HoldLifted
from schemas.values import (
    LONGEST_REFERENCE,
    MOST_LIFTS,
    MOST_LINES,
    MOST_ROWS,
    Account,
    Cents,
    Code,
    Codes,
    CompanySettings,
    Country,
    Currency,
    Day,
    Decimals,
    DocumentRef,
    Fact,
    Id,
    Instant,
    Orders,
    Ordinal,
    Origin,
    PrintedId,
    Rate,
    Reference,
    Text,
    known,
)


def _short_names(fields: dict[str, str]) -> dict[str, str]:
    """Refuse a checkout field whose name is longer than a reference."""
    if any(len(name) > LONGEST_REFERENCE for name in fields):
        raise ValueError(f"a name has at most {LONGEST_REFERENCE} characters")
    return fields


CheckoutFields = Annotated[dict[str, Text], Field(max_length=MOST_ROWS), AfterValidator(_short_names)]


class Charge(Contract):
    """One line of a payment event (`getTransactions`, Reconciliation API 2021-01-08); amounts are unsigned, `kind` gives the direction."""

    transaction_id: Id
    kind: Code = known("charge, refund, overrefund")
    order_id: Id | None
    order_line_item_id: Reference | None
    shipment_id: Reference | None
    title: Text | None
    asin: Reference | None
    unspsc: Reference | None
    quantity: int | None
    currency: Currency | None
    principal_cents: Cents | None
    shipping_cents: Cents | None
    discount_cents: Cents | None
    tax_cents: Cents | None
    total_cents: Cents | None
    tax_rate: Decimals | None = Field(description="decimal text as the API gives it: a percentage or a fraction")
    merchant: Text | None
    business_order_info: CheckoutFields = Field(description="the buyer's own checkout fields, such as GL code or cost centre")


class Stated(Contract):
    """What Amazon's API says of the document; null = it said nothing."""

    marketplace_id: Id
    orders: Orders
    number: Fact[Text] | None
    type: Fact[Code] | None = known("invoice, credit_note")
    issue_date: Fact[Day] | None
    legal_entity: Text | None
    charges: Annotated[tuple[Charge, ...], Field(max_length=MOST_LINES)]


class Party(Contract):
    """A seller or buyer as printed."""

    name: Fact[Text] | None
    vat_id: Fact[PrintedId] | None
    siren: Fact[PrintedId] | None
    country: Fact[Country] | None = Field(description="only when the document states it")


class VatGroup(Contract):
    """One row of the document's VAT table."""

    rate: Rate | None
    category: Code | None = known("s, z, e, ae, k, g, o", says="EN 16931 category in lower case, when stated")
    base_cents: Cents
    vat_cents: Cents
    origin: Origin


class EvidenceLine(Contract):
    """One line of the document; net of VAT, negative for a discount."""

    label: Text
    quantity: Decimals | None
    net_cents: Cents
    vat_rate: Rate | None
    origin: Origin


class Evidence(Contract):
    """What the document's own text or embedded XML says. A value that is not on it is null, never a guess.

    Amounts are turned so that the gross of a whole document is not negative; `type` says which side it is.
    """

    reading: Code = known("factur_x, text, none")
    unreadable: Code | None = known("corrupt, encrypted, no_text, not_a_pdf, too_heavy", says="why reading is none")
    number: Fact[Text] | None
    type: Fact[Code] | None = known("invoice, credit_note, self_billed, receipt, other")
    issue_date: Fact[Day] | None
    currency: Fact[Currency] | None
    credited_number: Fact[Text] | None = Field(description="the invoice a credit note names")
    seller: Party
    buyer: Party
    net_cents: Fact[Cents] | None
    vat_cents: Fact[Cents] | None
    gross_cents: Fact[Cents] | None
    vat: Annotated[tuple[VatGroup, ...], Field(max_length=MOST_ROWS)]
    lines: Annotated[tuple[EvidenceLine, ...], Field(max_length=MOST_LINES)]
    departure: Fact[Country] | None = Field(default=None, description="where the goods leave from, when the document states it")
    delivery_date: Fact[Day] | None = Field(default=None, description="when the goods were or will be delivered")
    exchange_rate: Fact[Decimals] | None = Field(default=None, description="units of the document's currency for one euro, as printed")
    mentions: Codes = known(
        "reverse_charge, intra_eu_supply, export, small_business_exempt, margin_scheme, not_a_vat_invoice, vat_on_payment"
    )


class Answers(Contract):
    """What a person answered about the document: nobody can see it on a page."""

    initial_equipment: bool = Field(default=False, description="first equipment of an office: its furniture is an asset at any price")
    sets: Annotated[tuple[Annotated[tuple[Ordinal, ...], Field(min_length=2, max_length=MOST_LINES)], ...], Field(max_length=MOST_ROWS)] = (
        Field(default=(), description="lines of the document, by number, that are parts of one good")
    )


class Lift(Contract):
    """What a person decided about a hold of this document: that hold passes, no other, as long as the document says the same."""

    decision_id: Id
    revision: Ordinal = Field(description="the revision that was held")
    stage: Code | None = known("classification, booking", says="who held it; null = the classification")
    reason: Code = known("those of booking.held")
    given: Given | None
    account: Account | None = Field(description="where an accepted difference goes")
    because: Text | None = Field(description="what the person says about it")
    by: Text = Field(description="who decided, as the company names them")
    decided_at: Instant

    @classmethod
    def of(cls, decision: HoldLifted) -> Self:
        """The decision as its document carries it."""
        return cls(**{name: getattr(decision, name) for name in cls.model_fields})


class InvoiceCollected(EventData):
    """A document whose number is known, that is stored, and whose reading was attempted."""

    ce_type: ClassVar[str] = "achats.invoice.collected.v1"

    company_id: Id
    connection_id: Id
    invoice_id: Id
    revision: Ordinal
    channel: Code = known("amazon_business")
    settings: CompanySettings
    document: DocumentRef
    stated: Stated
    evidence: Evidence
    answers: Answers | None = None
    lifted: Annotated[tuple[Lift, ...], Field(max_length=MOST_LIFTS, description="decided by people, in that order")] = ()

    @property
    def subject(self) -> str:
        """Company and invoice."""
        return f"{self.company_id}/{self.invoice_id}"
