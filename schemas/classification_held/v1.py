"""classification.held: a document that a person must look at before it can be booked, with the reason and one next action."""

from typing import ClassVar

from pydantic import Field

from schemas.contract import EventData
from schemas.values import Code, CompanySettings, Currency, Day, DocumentRef, Id, Orders, Ordinal, Supplier, Text, Totals, known


class ClassificationHeld(EventData):
    """What is known of the document, why it is held, and what to do. Null = the document does not say."""

    ce_type: ClassVar[str] = "achats.classification.held.v1"

    company_id: Id
    connection_id: Id
    invoice_id: Id
    revision: Ordinal
    rulebook_version: Code
    reason: Code = known("the classifier's list of hold reasons, such as totals_mismatch")
    sentence: Text = Field(description="the reason, in French")
    next_action: Text = Field(description="what to do, in French")
    type: Code | None = known("invoice, credit_note")
    number: Text | None
    issue_date: Day | None
    currency: Currency | None
    totals: Totals | None
    supplier: Supplier
    orders: Orders
    document: DocumentRef
    settings: CompanySettings
    article: Text | None = Field(default=None, description="the text of law that asks for what is missing or wrong")

    @property
    def subject(self) -> str:
        """Company and invoice."""
        return f"{self.company_id}/{self.invoice_id}"
