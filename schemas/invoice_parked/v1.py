"""invoice.parked: a record of an import run could not be read or handled and was parked; the run counts it here."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.contract import EventData
from schemas.values import Code, Id, Text


class InvoiceParked(EventData):
    """Which record was parked and why. The bytes are on the service's parked topic."""

    ce_type: ClassVar[str] = "achats.invoice.parked.v1"

    company_id: Id
    service: Code
    reason: Code
    topic: Text
    partition: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)]

    @property
    def subject(self) -> str:
        """Company and where the record stands."""
        return f"{self.company_id}/{self.topic}/{self.partition}/{self.offset}"
