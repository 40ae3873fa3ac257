"""booking.held: a document is in Achats, and a person must act before it is booked."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.contract import EventData
from schemas.values import Code, DocumentRef, Id, Instant, Text


class BookingHeld(EventData):
    """Which stage holds it, why, and what to do (in French, as shown)."""

    ce_type: ClassVar[str] = "achats.booking.held.v1"

    company_id: Id
    invoice_id: Id
    revision: Annotated[int, Field(ge=1)]
    stage: Code = Field(description="known: classification, booking")
    reason: Code
    sentence: Text
    next_action: Text
    number: Text | None
    document: DocumentRef
    recorded_at: Instant

    @property
    def subject(self) -> str:
        """Company and invoice."""
        return f"{self.company_id}/{self.invoice_id}"
