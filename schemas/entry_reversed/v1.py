"""entry.reversed: a final entry was turned round by its mirror."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from schemas.contract import EventData
from schemas.entry_recorded.v1 import EntryLine, balanced
from schemas.entry_validated.v1 import FiscalYear, Journal
from schemas.values import MOST_LINES, Currency, Day, Id, Instant, Ordinal, Text


class EntryReversed(EventData):
    """A validated entry and the entry that undoes it: the same lines on the other side, final at once, with a number of its own."""

    ce_type: ClassVar[str] = "achats.entry.reversed.v1"

    company_id: Id
    connection_id: Id
    invoice_id: Id
    entry_id: Id
    by_entry_id: Id
    journal: Journal
    fiscal_year: FiscalYear
    number: Ordinal
    entry_date: Day
    validated_on: Day
    piece_ref: Text
    piece_date: Day
    label: Text
    currency: Currency | None = Field(default=None, description="of the document: that of the lines' `currency_cents`")
    lines: Annotated[tuple[EntryLine, ...], Field(min_length=2, max_length=MOST_LINES), AfterValidator(balanced)]
    recorded_at: Instant
    test_environment: bool

    @property
    def subject(self) -> str:
        """Company and invoice."""
        return f"{self.company_id}/{self.invoice_id}"
