"""What a poll makes of a report (Document API 2021-09-30, life cycle)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.fetcher.domain.amazon.collecting import Report as Answer
from services.fetcher.domain.pace import POLL_FOR, poll_again_after
from services.fetcher.domain.records import Paper, Report, ReportState
from services.fetcher.domain.waiting import Waiting

FETCH_TRIES = 7
"""With the ladder's pauses between them 14 minutes; after that the order waits for another run, and this one for nothing more."""

KEPT_FOR = timedelta(days=30)
"""Amazon keeps a report's document that long (March 2025)."""

ASKED_ONE_BY_ONE = 20
"""With more reports than that open, one `getReports` asks after a hundred."""

ENDS = {"CANCELLED": ReportState.NOTHING, "FATAL": ReportState.FAILED}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A report as it stands after an answer about it; the trouble it met; the hash of its payload, '' = none was used, and its PDFs."""

    report: Report
    trouble: Waiting | None = None
    payload_sha256: str = ""
    papers: tuple[Paper, ...] = ()


def after_poll(report: Report, answer: Answer | None, now: datetime) -> Report:
    """The report after one more poll; None = Amazon does not know it any more. Given up after 24 hours."""
    if answer is None:
        return replace(report, state=ReportState.LOST)
    if answer.processing_status == "DONE":
        ready = ReportState.READY if answer.report_document_id else ReportState.NOTHING
        return replace(report, state=ready, report_document_id=answer.report_document_id, polls=0, next_poll_at=now)
    if answer.processing_status in ENDS:
        return replace(report, state=ENDS[answer.processing_status])
    if now - report.asked_at > POLL_FOR:
        return replace(report, state=ReportState.LOST)
    return replace(report, polls=report.polls + 1, next_poll_at=now + poll_again_after(report.polls + 1))


def still_open(report: Report, now: datetime) -> Report:
    """A report that `getReports` does not list among those that ended."""
    return after_poll(report, Answer(report_id=report.report_id, processing_status="IN_PROGRESS"), now)


def is_gone(report: Report, now: datetime) -> bool:
    """Whether Amazon has thrown its document away by now: there is no use in asking for it."""
    return now - report.asked_at > KEPT_FOR


def after_refusal(report: Report, now: datetime) -> Report:
    """A report whose document was not delivered once more: its turn comes again on the ladder, a few times."""
    tried = report.polls + 1
    if tried >= FETCH_TRIES:
        return replace(report, state=ReportState.FAILED)
    return replace(report, polls=tried, next_poll_at=now + poll_again_after(report.polls))
