"""connection.changed: a connection moved from one state to another."""

from typing import ClassVar

from schemas.contract import EventData
from schemas.values import Code, Id, Reasons, RunCounts, known


class ConnectionChanged(EventData):
    """From which state to which, why, and, once its first import has finished, what that import came to."""

    ce_type: ClassVar[str] = "achats.connection.changed.v1"

    company_id: Id
    connection_id: Id
    connector: Code = known("amazon_business")
    from_state: Code = known("initialising, active, broken, closed")
    to_state: Code = known("initialising, active, broken, closed")
    reason: Code = known("import_finished")
    run_id: Id | None
    counts: RunCounts | None
    waiting: Reasons = known("those of collection.finished", says="documents not imported yet, by reason")
    test_environment: bool

    @property
    def subject(self) -> str:
        """Company and connection."""
        return f"{self.company_id}/{self.connection_id}"
