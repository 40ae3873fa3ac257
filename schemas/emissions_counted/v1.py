"""emissions.counted: how many documents were said of a company on a day, and which."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.contract import Contract, EventData
from schemas.values import MOST_ORDERS, Day, Id, Ordinal, Sha256


class RunRange(Contract):
    """The numbers that one run gave on that day: `first` to `last`, without a hole."""

    run_id: Id
    first: Ordinal
    last: Ordinal


class EmissionsCounted(EventData):
    """What whoever books the documents compares with its own outcomes. The highest `count` of a day is the latest."""

    ce_type: ClassVar[str] = "achats.emissions.counted.v1"

    company_id: Id
    day: Day = Field(description="in UTC, by `ce_time` of the events")
    count: Ordinal
    digest: Sha256 = Field(description="SHA-256 over company/invoice/revision of each event, sorted by byte, joined by line feeds")
    runs: Annotated[tuple[RunRange, ...], Field(min_length=1, max_length=MOST_ORDERS)]

    @property
    def subject(self) -> str:
        """Company and day."""
        return f"{self.company_id}/{self.day.isoformat()}"

    @property
    def record_key(self) -> str:
        """The subject, as for everything that is audited."""
        return self.subject
