"""connection.broken: a connection collects nothing until a person acts."""

from typing import ClassVar

from schemas.contract import EventData
from schemas.values import Code, Id, Instant, known


class ConnectionBroken(EventData):
    """Since when nothing is collected, and why. What was collected before stays."""

    ce_type: ClassVar[str] = "achats.connection.broken.v1"

    company_id: Id
    connection_id: Id
    connector: Code = known("amazon_business")
    reason: Code = known("consent_withdrawn (the refresh token is refused), access_denied (the account may not be read)")
    since: Instant
    test_environment: bool

    @property
    def subject(self) -> str:
        """Company and connection."""
        return f"{self.company_id}/{self.connection_id}"
