"""parked.resolved: an operator gave a parked record back to its service, or discarded it."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.contract import HouseData
from schemas.values import Code, Instant, Ordinal, Text, known


class ParkedResolved(HouseData):
    """What a person did with a parked record: which one, after how many refusals, who, why and when."""

    ce_type: ClassVar[str] = "achats.parked.resolved.v1"

    service: Code
    topic: Text = Field(description="where the record first came on, with its partition and offset there")
    partition: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)]
    attempt: Ordinal = Field(description="how often the service had parked it: 1, and one more for each time it was given back in vain")
    deed: Code = known("retried (given back to the service), discarded")
    by: Text = Field(description="who did it, by the name they gave")
    reason: Text | None = Field(description="null = nobody said; a record that is discarded has one")
    resolved_at: Instant

    @property
    def subject(self) -> str:
        """The service and the place the record first came on."""
        return f"{self.service}/{self.topic}/{self.partition}/{self.offset}"
