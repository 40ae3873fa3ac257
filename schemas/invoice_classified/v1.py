"""invoice.classified: what the document is: category, supplier, and the account and VAT treatment of each line, with the reason."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.contract import Contract, EventData
from schemas.values import Account, Cents, Code, CompanySettings, Currency, Day, DocumentRef, Id, Rate, Supplier, Text, Totals


class ClassifiedLine(Contract):
    """One line with its nature; `vat_rate` null = no VAT applies to it."""

    label: Text
    net_cents: Cents
    vat_rate: Rate | None
    nature: Code
    account: Account
    rule: Text = Field(description="the rulebook rule that decided")
    because: Text = Field(description="what of the line the rule matched")


class ClassifiedVat(Contract):
    """The VAT of one rate under one regime."""

    rate: Rate
    base_cents: Cents
    vat_cents: Cents
    regime: Code = Field(description="known: domestic")


class InvoiceClassified(EventData):
    """A document that can be booked."""

    ce_type: ClassVar[str] = "achats.invoice.classified.v1"

    company_id: Id
    connection_id: Id
    invoice_id: Id
    revision: Annotated[int, Field(ge=1)]
    rulebook_version: Code
    category: Code = Field(description="known: purchases")
    type: Code = Field(description="known: invoice, credit_note")
    number: Text
    issue_date: Day
    credited_number: str | None
    currency: Currency
    totals: Totals
    supplier: Supplier
    lines: Annotated[tuple[ClassifiedLine, ...], Field(min_length=1)]
    vat: tuple[ClassifiedVat, ...]
    flags: tuple[Code, ...] = Field(
        description="known: nature_unknown, buyer_not_checked, seller_unidentified, asset_suspected, test_environment"
    )
    orders: tuple[Id, ...]
    document: DocumentRef
    settings: CompanySettings

    @property
    def subject(self) -> str:
        """Company and invoice."""
        return f"{self.company_id}/{self.invoice_id}"
