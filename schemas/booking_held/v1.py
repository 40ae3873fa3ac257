"""booking.held: a document is in Achats, and a person must act before it is booked."""

from typing import ClassVar

from schemas.contract import EventData
from schemas.values import Code, Currency, Day, DocumentRef, Id, Instant, Orders, Ordinal, Supplier, Text, Totals, known


class BookingHeld(EventData):
    """Which stage holds it, why, what to do (in French, as shown), and what is known of it. Null = the document does not say."""

    ce_type: ClassVar[str] = "achats.booking.held.v1"

    company_id: Id
    connection_id: Id
    invoice_id: Id
    revision: Ordinal
    stage: Code = known("classification, booking")
    reason: Code = known("those of classification.held; of booking: conflict, same_document, totals_mismatch, no_rate and more")
    sentence: Text
    next_action: Text
    type: Code | None = known("invoice, credit_note")
    number: Text | None
    issue_date: Day | None
    currency: Currency | None
    totals: Totals | None
    supplier: Supplier
    orders: Orders
    document: DocumentRef
    recorded_at: Instant
    test_environment: bool

    @property
    def subject(self) -> str:
        """Company and invoice."""
        return f"{self.company_id}/{self.invoice_id}"
