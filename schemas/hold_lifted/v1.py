"""hold.lifted: a person answered what a held document asked."""

from typing import ClassVar

from pydantic import Field

from schemas.contract import Contract, EventData
from schemas.values import Account, Cents, Code, Currency, Day, Decimals, Id, Instant, Ordinal, Rate, Text, known


class Given(Contract):
    """What a person gives that neither the document nor Amazon tells, or on which they differ; null = not given."""

    type: Code | None = known("invoice, credit_note, receipt", default=None)
    number: Text | None = None
    issue_date: Day | None = None
    currency: Currency | None = None
    exchange_rate: Decimals | None = Field(default=None, description="units of the document's currency for one euro")
    net_cents: Cents | None = None
    vat_cents: Cents | None = None
    gross_cents: Cents | None = None
    vat_rate: Rate | None = Field(default=None, description="the one rate of all the VAT that is printed")
    regime: Code | None = known("those of invoice.classified, and exempt", says="the VAT regime of what is held", default=None)
    delivery_date: Day | None = None


class HoldLifted(EventData):
    """The hold a person lifts. The document comes back as the next `invoice.collected`, with the decision inside."""

    ce_type: ClassVar[str] = "achats.hold.lifted.v1"

    company_id: Id
    decision_id: Id
    invoice_id: Id
    revision: Ordinal = Field(description="the revision that was held")
    reason: Code = known("those of booking.held", says="the hold that is lifted")
    account: Account | None = Field(description="where an accepted difference goes")
    because: Text | None = Field(description="what the person says about it")
    by: Text = Field(description="who decided, as the company names them")
    decided_at: Instant
    stage: Code | None = known("classification, booking", says="who held it; null = the classification", default=None)
    given: Given | None = None

    @property
    def subject(self) -> str:
        """Company and decision."""
        return f"{self.company_id}/{self.decision_id}"
