"""Third stage, its end: a report's payload is fetched, unpacked, kept and read."""

from services.fetcher import Logged
from services.fetcher.domain.identity import sha256_of
from services.fetcher.domain.pace import Operation
from services.fetcher.domain.records import Paper, Report, ReportState
from services.fetcher.domain.reports import after_refusal, is_gone
from services.fetcher.domain.unpacking import EmptyArchive, UnreadablePayload, unpack
from services.fetcher.domain.waiting import Waiting
from services.fetcher.stages.ports import AnswerUnreadable, NotDelivered, RequestRefused, Work
from services.kernel.log import log


def fetch(work: Work) -> float | None:
    """Fetch and keep the documents of a report that is ready; seconds until the next turn, None = none is ready."""
    ready = work.progress.next_reports(work.run, ReportState.READY)
    if not ready:
        return None
    wait = until_turn(work, ready[0], Operation.GET_REPORT_DOCUMENT)
    if wait > 0:
        return wait
    if is_gone(ready[0], work.clock.now()):
        _end(work, ready[0], ReportState.LOST)
    else:
        _download(work, ready[0])
    return 0.0


def until_turn(work: Work, report: Report, operation: Operation) -> float:
    """Seconds until this report may be asked after."""
    return max((report.next_poll_at - work.clock.now()).total_seconds(), work.account.wait_seconds(operation))


def _download(work: Work, report: Report) -> None:
    try:
        payload = work.account.payload(report.report_document_id or "")
    except (NotDelivered, AnswerUnreadable) as trouble:
        _end(work, after_refusal(report, work.clock.now()), None, Waiting.DOCUMENT_UNDELIVERED)
        log.warning(Logged.PAYLOAD_NOT_DELIVERED, order_id=report.order_id, number=report.number, trouble=str(trouble))
    except RequestRefused as trouble:
        _end(work, report, ReportState.FAILED, Waiting.REQUEST_REFUSED)
        log.warning(Logged.REQUEST_REFUSED, order_id=report.order_id, number=report.number, trouble=str(trouble))
    except UnreadablePayload as trouble:
        _end_unread(work, report, trouble)
    else:
        _keep(work, report, payload)


def _keep(work: Work, report: Report, payload: bytes | None) -> None:
    """Keep the PDFs; of what is none keep the bytes, and let the order wait. None = Amazon has it no more."""
    if payload is None:
        _end(work, report, ReportState.LOST)
        return
    try:
        pdfs = unpack(payload)
    except UnreadablePayload as trouble:
        work.shelf.keep_unreadable(payload)
        _end_unread(work, report, trouble, payload_sha256=sha256_of(payload))
    else:
        papers = [Paper(work.shelf.keep(pdf), work.reader.read(pdf)) for pdf in pdfs]
        work.progress.keep_papers(work.run, report.at(ReportState.FETCHED), sha256_of(payload), papers, work.clock.now())


def _end_unread(work: Work, report: Report, trouble: UnreadablePayload, **kept: str) -> None:
    """The order waits, for the reason that the payload is: there was nothing, or something that could not be used."""
    state = ReportState.NOTHING if isinstance(trouble, EmptyArchive) else ReportState.FAILED
    _end(work, report, state, trouble.reason)
    log.warning(Logged.PAYLOAD_UNREADABLE, order_id=report.order_id, number=report.number, trouble=type(trouble).__name__, **kept)


def _end(work: Work, report: Report, state: ReportState | None, trouble: Waiting | None = None) -> None:
    """The report stands there now; None = as it is."""
    work.progress.keep_reports(work.run, [report.at(state) if state else report], work.clock.now(), trouble)
