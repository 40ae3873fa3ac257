"""invoice.classified: what the document is: category, supplier, and the account and VAT treatment of each line, with the reason."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.contract import Contract, EventData
from schemas.values import (
    MOST_LINES,
    MOST_ROWS,
    Account,
    Cents,
    Code,
    Codes,
    CompanySettings,
    Currency,
    Day,
    Decimals,
    DocumentRef,
    Id,
    Orders,
    Ordinal,
    Rate,
    Supplier,
    Text,
    Totals,
    known,
)


class ClassifiedLine(Contract):
    """One line with its nature; `vat_rate` null = no VAT applies to it."""

    label: Text
    net_cents: Cents
    vat_rate: Rate | None
    nature: Code = known("those of the rulebook, and unknown")
    account: Account
    rule: Text = Field(description="the rulebook rule that decided")
    because: Text = Field(description="what of the line the rule matched")
    cost_cents: Cents | None = Field(
        default=None, description="what goes to the account: net and the VAT that is not deducted; null = net_cents"
    )


class ClassifiedVat(Contract):
    """The VAT of one rate under one regime."""

    rate: Rate
    base_cents: Cents
    vat_cents: Cents
    regime: Code = known(
        "domestic, foreign, receipt (their VAT is in the gross), intra_eu, reverse_charge, reverse_charge_services (due by the buyer), "
        "import, small_business, margin (no VAT)"
    )
    asset: bool = Field(default=False, description="the VAT of fixed assets")
    deductible_cents: Cents | None = Field(default=None, description="the part that is deducted; null = all of it")
    opinion: Code | None = known("deductible, reverse_charge, not_deductible, nothing_to_deduct", default=None)
    article: Text | None = Field(default=None, description="the text that decides")
    waits_for: Code | None = known("delivery, payment", says="null = deductible at once (CGI 269-2, 271 I)", default=None)


VatTable = Annotated[tuple[ClassifiedVat, ...], Field(max_length=MOST_ROWS)]


class InvoiceClassified(EventData):
    """A document that can be booked."""

    ce_type: ClassVar[str] = "achats.invoice.classified.v1"

    company_id: Id
    connection_id: Id
    invoice_id: Id
    revision: Ordinal
    rulebook_version: Code
    category: Code = known("purchases")
    type: Code = known("invoice, credit_note, receipt")
    number: Text
    issue_date: Day
    credited_number: Text | None
    currency: Currency
    totals: Totals
    supplier: Supplier
    lines: Annotated[tuple[ClassifiedLine, ...], Field(min_length=1, max_length=MOST_LINES)]
    vat: VatTable
    flags: Codes = known(
        "nature_unknown, nature_doubtful, rate_doubtful, fixed_asset, first_equipment_suspected, gift_limit, vat_on_payment, "
        "no_vat_invoice, corrected_invoice_to_ask, import_vat_to_come, credited_unknown, buyer_not_checked, seller_unidentified, "
        "test_environment, hold_lifted"
    )
    orders: Orders
    document: DocumentRef
    settings: CompanySettings
    delivery_date: Day | None = None
    exchange_rate: Decimals | None = Field(default=None, description="units of the currency for one euro, as printed; null in euros")
    lifted: Codes = known("same_document, totals_mismatch", says="holds of the booking that a person lifted", default=())

    @property
    def subject(self) -> str:
        """Company and invoice."""
        return f"{self.company_id}/{self.invoice_id}"
