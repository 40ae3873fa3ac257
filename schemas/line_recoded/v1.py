"""line.recoded: a person gave a line of an invoice another nature or account than the machine."""

from typing import ClassVar

from pydantic import Field

from schemas.contract import EventData
from schemas.values import Account, Code, Id, Instant, Ordinal, Reference, Text, known


class LineRecoded(EventData):
    """The line as it was classified, what it is now, and whether the same holds from now on. The line's own entry is not changed by it."""

    ce_type: ClassVar[str] = "achats.line.recoded.v1"

    company_id: Id
    decision_id: Id
    invoice_id: Id
    line: Ordinal = Field(description="its place in invoice.classified, from 1")
    label: Text
    asin: Reference | None
    unspsc: Reference | None
    seller: Text | None = Field(description="VAT number of the seller, else its name as printed")
    from_nature: Code
    from_account: Account
    from_rule: Text = Field(description="the rule that had decided")
    matched: Text | None = Field(description="the words of the title which that rule had matched")
    nature: Code = known("those of the rulebook")
    account: Account | None = Field(description="instead of the nature's own")
    always: bool = Field(description="true: from now on, without waiting for the same correction three times")
    scope: Code = known("product, words, unspsc, seller", says="which lines are like this one")
    by: Text = Field(description="who decided, as the company names them")
    decided_at: Instant

    @property
    def subject(self) -> str:
        """Company and decision."""
        return f"{self.company_id}/{self.decision_id}"
