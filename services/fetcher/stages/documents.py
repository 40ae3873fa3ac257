"""Third stage: documents are requested, polled for and fetched, each as soon as Amazon's allowance lets it."""

from collections import deque

from services.fetcher import Logged
from services.fetcher.domain.identity import sha256_of
from services.fetcher.domain.pace import Operation, poll_again_after
from services.fetcher.domain.records import Paper, Report, ReportState
from services.fetcher.domain.reports import after_poll, after_refusal
from services.fetcher.domain.unpacking import EmptyArchive, UnreadablePayload, unpack
from services.fetcher.stages.ports import NotDelivered, Work
from services.kernel.log import log

LONGEST_SLEEP_SECONDS = 5.0
"""So that a process that is asked to end does not sleep through it."""


def fetch_documents(work: Work) -> None:
    """Request, poll and fetch until nothing is open."""
    wanted = deque(work.progress.orders_to_request(work.run))
    while True:
        work.check_stopping()
        waits = [_request(work, wanted), _poll(work), _fetch(work)]
        seconds = [wait for wait in waits if wait is not None]
        if not seconds:
            return
        work.clock.sleep(min(*seconds, LONGEST_SLEEP_SECONDS))


def _request(work: Work, wanted: deque[str]) -> float | None:
    """Ask for the documents of one order; seconds until the next turn, None = nothing left to do."""
    if not wanted:
        return None
    wait = work.account.wait_seconds(Operation.CREATE_REPORT)
    if wait > 0:
        return wait
    report_id, now = work.account.create_report(wanted[0]), work.clock.now()
    report = Report(report_id, wanted[0], ReportState.ASKED, 0, now, now + poll_again_after(0), None)
    work.progress.keep_report(work.run, report)
    wanted.popleft()
    return 0.0


def _poll(work: Work) -> float | None:
    """Ask after the report whose turn it is."""
    report = work.progress.next_report(work.run, ReportState.ASKED)
    if report is None:
        return None
    wait = _until_turn(work, report, Operation.GET_REPORT)
    if wait > 0:
        return wait
    work.progress.keep_report(work.run, after_poll(report, work.account.report(report.report_id), work.clock.now()))
    return 0.0


def _fetch(work: Work) -> float | None:
    """Fetch and keep the documents of a report that is ready."""
    report = work.progress.next_report(work.run, ReportState.READY)
    if report is None:
        return None
    wait = _until_turn(work, report, Operation.GET_REPORT_DOCUMENT)
    if wait > 0:
        return wait
    try:
        payload = work.account.payload(report.report_document_id or "")
    except NotDelivered as trouble:
        work.progress.keep_report(work.run, after_refusal(report, work.clock.now()))
        log.warning(Logged.PAYLOAD_NOT_DELIVERED, order_id=report.order_id, trouble=str(trouble))
    except UnreadablePayload as trouble:
        _end_unread(work, report, trouble)
    else:
        _keep(work, report, payload)
    return 0.0


def _until_turn(work: Work, report: Report, operation: Operation) -> float:
    """Seconds until this report may be asked after."""
    return max((report.next_poll_at - work.clock.now()).total_seconds(), work.account.wait_seconds(operation))


def _keep(work: Work, report: Report, payload: bytes | None) -> None:
    if payload is None:
        work.progress.keep_report(work.run, report.ended(ReportState.LOST))
    else:
        _unpack(work, report, payload)


def _unpack(work: Work, report: Report, payload: bytes) -> None:
    """Keep the PDFs; of what is none keep the bytes, and let the order wait for another run."""
    try:
        pdfs = unpack(payload)
    except UnreadablePayload as trouble:
        work.shelf.keep_unreadable(payload)
        _end_unread(work, report, trouble, payload_sha256=sha256_of(payload))
    else:
        papers = [Paper(work.shelf.keep(pdf), work.reader.read(pdf)) for pdf in pdfs]
        work.progress.keep_papers(work.run, report.ended(ReportState.FETCHED), sha256_of(payload), papers, work.clock.now())


def _end_unread(work: Work, report: Report, trouble: UnreadablePayload, **kept: str) -> None:
    """The order waits for another run: its documents are missing when there was none, failed when something was there."""
    state = ReportState.NOTHING if isinstance(trouble, EmptyArchive) else ReportState.FAILED
    work.progress.keep_report(work.run, report.ended(state))
    log.warning(Logged.PAYLOAD_UNREADABLE, order_id=report.order_id, trouble=type(trouble).__name__, **kept)
