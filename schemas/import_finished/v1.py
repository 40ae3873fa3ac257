"""import.finished: every document of an import run has an outcome; the counts add up."""

from typing import ClassVar

from schemas.contract import EventData
from schemas.values import Code, Day, Id, Instant, Ordinal, Reasons, RunCounts, known


class ImportFinished(EventData):
    """What an import run came to. A later retry of a parked record makes the next `revision`."""

    ce_type: ClassVar[str] = "achats.import.finished.v1"

    company_id: Id
    connection_id: Id
    run_id: Id
    revision: Ordinal
    kind: Code = known("initial, daily, weekly, sync_now, history, lifted")
    counts: RunCounts
    waiting: Reasons = known("those of collection.finished", says="by reason")
    window_from: Day
    window_to: Day
    finished_at: Instant
    test_environment: bool

    @property
    def subject(self) -> str:
        """Company and run."""
        return f"{self.company_id}/{self.run_id}"
