"""entry.validated: an entry is final and has its number."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.contract import EventData
from schemas.values import Day, Id, Instant, Ordinal

FiscalYear = Annotated[int, Field(ge=1900, le=2999, description="the fiscal year by its number in the company's book")]
Journal = Annotated[str, Field(pattern=r"^[A-Z]{2,3}$")]


class EntryValidated(EventData):
    """From now on nothing of the entry changes (PCG 1031-3). Numbers have no hole within company, journal and fiscal year."""

    ce_type: ClassVar[str] = "achats.entry.validated.v1"

    company_id: Id
    connection_id: Id
    invoice_id: Id
    entry_id: Id
    journal: Journal
    fiscal_year: FiscalYear
    number: Ordinal
    entry_date: Day = Field(description="final: the entry's own, or the first open day when its period was closed (PCG 1031-4)")
    validated_on: Day = Field(description="the day of validation in Paris; within a journal and year it never goes back")
    recorded_at: Instant
    test_environment: bool

    @property
    def subject(self) -> str:
        """Company and invoice."""
        return f"{self.company_id}/{self.invoice_id}"
