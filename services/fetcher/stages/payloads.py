"""Third stage, its end: payloads of reports are fetched, unpacked, kept and read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, takewhile

from services.fetcher import Logged
from services.fetcher.domain.identity import sha256_of
from services.fetcher.domain.pace import TOGETHER, Operation
from services.fetcher.domain.records import Paper, Report, ReportState
from services.fetcher.domain.reports import Outcome, after_refusal, is_gone
from services.fetcher.domain.unpacking import EmptyArchive, UnreadablePayload, unpack
from services.fetcher.domain.waiting import Waiting
from services.fetcher.stages.keeping import keep_answers
from services.fetcher.stages.ports import AnswerUnreadable, NotDelivered, RequestRefused, Work
from services.kernel.log import log

MOST_BYTES = 32 * 1024 * 1024
"""No further payload is fetched while as much is in memory."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of a report, and its PDFs, which are not kept yet."""

    outcome: Outcome
    pdfs: Sequence[bytes] = ()


def fetch(work: Work) -> float | None:
    """Fetch and keep the documents of reports that are ready; seconds until the next turn, None = none is ready."""
    ready = work.progress.next_reports(work.run, ReportState.READY, work.at_once)
    if not ready:
        return None
    wait = until_turn(work, ready[0], Operation.GET_REPORT_DOCUMENT, min(TOGETHER, len(ready)))
    if wait > 0:
        return wait
    sizes = list[int]()

    def fetched(report: Report) -> Fetched:
        work.check_stopping()
        one = Fetched(Outcome(report.at(ReportState.LOST))) if is_gone(report, work.clock.now()) else _downloaded(work, report)
        sizes.extend(map(len, one.pdfs))
        return one

    due = takewhile(lambda report: sum(sizes) < MOST_BYTES and until_turn(work, report, Operation.GET_REPORT_DOCUMENT) <= 0, ready)
    keep_answers(due, fetched, partial(_keep, work))
    return 0.0


def until_turn(work: Work, report: Report, operation: Operation, several: int = 1) -> float:
    """Seconds until this report may be asked after, together with others."""
    return max((report.next_poll_at - work.clock.now()).total_seconds(), work.account.wait_seconds(operation, several))


def keep_outcomes(work: Work, outcomes: Sequence[Outcome]) -> None:
    """In one transaction, if there are any."""
    if outcomes:
        work.progress.keep_outcomes(work.run, outcomes, work.clock.now())


def _downloaded(work: Work, report: Report) -> Fetched:
    try:
        payload = work.account.payload(report.report_document_id or "")
    except (NotDelivered, AnswerUnreadable) as trouble:
        log.warning(Logged.PAYLOAD_NOT_DELIVERED, order_id=report.order_id, number=report.number, trouble=str(trouble))
        return Fetched(Outcome(after_refusal(report, work.clock.now()), Waiting.DOCUMENT_UNDELIVERED))
    except RequestRefused as trouble:
        log.warning(Logged.REQUEST_REFUSED, order_id=report.order_id, number=report.number, trouble=str(trouble))
        return Fetched(Outcome(report.at(ReportState.FAILED), Waiting.REQUEST_REFUSED))
    except UnreadablePayload as trouble:
        return _unread(report, trouble)
    return _unpacked(work, report, payload) if payload is not None else Fetched(Outcome(report.at(ReportState.LOST)))


def _unpacked(work: Work, report: Report, payload: bytes) -> Fetched:
    """The PDFs; of what is none keep the bytes, and let the order wait."""
    try:
        pdfs = unpack(payload)
    except UnreadablePayload as trouble:
        work.shelf.keep_unreadable(payload)
        return _unread(report, trouble, payload_sha256=sha256_of(payload))
    return Fetched(Outcome(report.at(ReportState.FETCHED), None, sha256_of(payload)), pdfs)


def _unread(report: Report, trouble: UnreadablePayload, **kept: str) -> Fetched:
    """The order waits, for the reason that the payload is: there was nothing, or something that could not be used."""
    log.warning(Logged.PAYLOAD_UNREADABLE, order_id=report.order_id, number=report.number, trouble=type(trouble).__name__, **kept)
    return Fetched(Outcome(report.at(ReportState.NOTHING if isinstance(trouble, EmptyArchive) else ReportState.FAILED), trouble.reason))


def _keep(work: Work, several: Sequence[Fetched]) -> None:
    """Store and read the PDFs, as many at a time as there are readers, then keep all that became of their reports."""
    papers = iter(work.each(partial(_paper, work), [pdf for one in several for pdf in one.pdfs]))
    keep_outcomes(work, [replace(one.outcome, papers=tuple(islice(papers, len(one.pdfs)))) for one in several])


def _paper(work: Work, pdf: bytes) -> Paper:
    return Paper(work.shelf.keep(pdf), work.reader.read(pdf))
