"""entry.superseded: an entry that was not final was replaced by another."""

from typing import ClassVar

from schemas.contract import EventData
from schemas.values import Id, Instant


class EntrySuperseded(EventData):
    """A person corrected an entry before it was validated: it will never have a number, and the other one stands in its place."""

    ce_type: ClassVar[str] = "achats.entry.superseded.v1"

    company_id: Id
    connection_id: Id
    invoice_id: Id
    entry_id: Id
    by_entry_id: Id
    recorded_at: Instant
    test_environment: bool

    @property
    def subject(self) -> str:
        """Company and invoice."""
        return f"{self.company_id}/{self.invoice_id}"
