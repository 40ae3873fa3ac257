"""emissions.reconciled: what the fetcher said of a company on a day, held against what the book has of it."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.contract import EventData
from schemas.emissions_counted.v1 import RunRange
from schemas.values import MOST_ROWS, Code, Count, Day, Id, Ordinal, known

RunRanges = Annotated[tuple[RunRange, ...], Field(max_length=MOST_ROWS, description="which; of very many the first ones")]


class EmissionsReconciled(EventData):
    """Nothing is lost and nothing doubled when `missing` and `too_many` are 0 and `content` is not `different`."""

    ce_type: ClassVar[str] = "achats.emissions.reconciled.v1"

    company_id: Id
    day: Day = Field(description="that of emissions.counted")
    counted: Ordinal = Field(description="by the fetcher")
    booked: Count = Field(description="how many of these have an outcome in the book")
    missing: Count
    missing_numbers: RunRanges
    too_many: Count = Field(description="outcomes of the same runs under numbers that the fetcher never gave")
    too_many_numbers: RunRanges
    under_way: Count = Field(description="without an outcome, and the end of their run has not come yet")
    content: Code = known("equal, different, unknown", says="the book's digest of company/invoice/revision against the fetcher's")

    @property
    def subject(self) -> str:
        """Company and day."""
        return f"{self.company_id}/{self.day.isoformat()}"

    @property
    def record_key(self) -> str:
        """The subject, as for everything that is audited."""
        return self.subject
