"""connection.closed: a connection has ended for good."""

from typing import ClassVar

from schemas.contract import EventData
from schemas.values import Code, Id, Instant, known


class ConnectionClosed(EventData):
    """Its tokens are destroyed and nothing more is collected under it. What was collected stays."""

    ce_type: ClassVar[str] = "achats.connection.closed.v1"

    company_id: Id
    connection_id: Id
    connector: Code = known("amazon_business")
    reason: Code = known("disconnected (a person asked for it), other_account (the new consent was for another Amazon account)")
    closed_at: Instant
    test_environment: bool

    @property
    def subject(self) -> str:
        """Company and connection."""
        return f"{self.company_id}/{self.connection_id}"
