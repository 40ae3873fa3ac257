"""collection.finished: the marker that ends an import run's collection and says how many events the run has."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.contract import EventData
from schemas.values import MOST_EVENTS, Code, CompanySettings, Day, Id, Reasons, known


class CollectionFinished(EventData):
    """`emitted` = N: the run's events carry `ce_runseq` 1…N. What was collected or expected and not emitted stands in `waiting`."""

    ce_type: ClassVar[str] = "achats.collection.finished.v1"

    company_id: Id
    connection_id: Id
    run_id: Id
    kind: Code = known("initial, daily, weekly, sync_now, history, lifted")
    emitted: Annotated[int, Field(ge=0, le=MOST_EVENTS)]
    waiting: Reasons = known(
        "import_disabled, before_import_start, not_shipped, number_unknown, number_pending, number_overdue, document_missing, seller_late, "
        "document_never_supplied, document_failed, document_given_up, document_undelivered, document_of_another_order, request_refused, "
        "answer_unreadable, archive_empty, payload_empty, payload_no_document, payload_truncated, payload_damaged, payload_encrypted, "
        "payload_too_large, entity_unknown, other_entity",
        says="by reason",
    )
    window_from: Day
    window_to: Day
    settings: CompanySettings

    @property
    def subject(self) -> str:
        """Company and run."""
        return f"{self.company_id}/{self.run_id}"
