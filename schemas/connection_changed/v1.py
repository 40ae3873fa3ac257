"""connection.changed: a connection moved from one state to another."""

from typing import ClassVar

from pydantic import Field

from schemas.contract import EventData
from schemas.values import Code, Id, ReasonCount, RunCounts


class ConnectionChanged(EventData):
    """From which state to which, why, and, once its first import has finished, what that import came to."""

    ce_type: ClassVar[str] = "achats.connection.changed.v1"

    company_id: Id
    connection_id: Id
    connector: Code = Field(description="known: amazon_business")
    from_state: Code
    to_state: Code
    reason: Code = Field(description="known: import_finished")
    run_id: Id | None
    counts: RunCounts | None
    waiting: tuple[ReasonCount, ...] = Field(description="documents not imported yet, by reason")
    test_environment: bool

    @property
    def subject(self) -> str:
        """Company and connection."""
        return f"{self.company_id}/{self.connection_id}"
