"""supplier.merged: a person said that two suppliers are one."""

from typing import ClassVar

from pydantic import Field

from schemas.contract import EventData
from schemas.values import Auxiliary, Id, Instant, Siren, Text, VatId


class SupplierMerged(EventData):
    """From now on documents of the first supplier belong to the second; what is booked stays where it is."""

    ce_type: ClassVar[str] = "achats.supplier.merged.v1"

    company_id: Id
    decision_id: Id
    auxiliary: Auxiliary = Field(description="the supplier that goes")
    into: Auxiliary = Field(description="the supplier that stays")
    legal_name: Text | None = Field(description="of the supplier that stays, as are the numbers")
    vat_id: VatId | None
    siren: Siren | None
    by: Text = Field(description="who decided, as the company names them")
    decided_at: Instant

    @property
    def subject(self) -> str:
        """Company and decision."""
        return f"{self.company_id}/{self.decision_id}"
