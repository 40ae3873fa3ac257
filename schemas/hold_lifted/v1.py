"""hold.lifted: a person answered what a held document asked."""

from typing import ClassVar

from pydantic import Field

from schemas.contract import EventData
from schemas.values import Account, Code, Id, Instant, Ordinal, Text, known


class HoldLifted(EventData):
    """The hold a person lifts. The document comes back as the next `invoice.collected`, with the decision inside."""

    ce_type: ClassVar[str] = "achats.hold.lifted.v1"

    company_id: Id
    decision_id: Id
    invoice_id: Id
    revision: Ordinal = Field(description="the revision that was held")
    reason: Code = known("those of classification.held", says="the hold that is lifted")
    account: Account | None = Field(description="where an accepted difference goes")
    because: Text | None = Field(description="what the person says about it")
    by: Text = Field(description="who decided, as the company names them")
    decided_at: Instant

    @property
    def subject(self) -> str:
        """Company and decision."""
        return f"{self.company_id}/{self.decision_id}"
