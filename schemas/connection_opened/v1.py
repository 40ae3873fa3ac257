"""connection.opened: a company gave both consents; the first collection begins."""

from typing import ClassVar

from schemas.contract import EventData
from schemas.values import Code, Day, Id, known


class ConnectionOpened(EventData):
    """A connection exists and is initialising."""

    ce_type: ClassVar[str] = "achats.connection.opened.v1"

    company_id: Id
    connection_id: Id
    connector: Code = known("amazon_business")
    marketplace_id: Id
    import_start: Day
    automatic_import: bool
    test_environment: bool

    @property
    def subject(self) -> str:
        """Company and connection."""
        return f"{self.company_id}/{self.connection_id}"
