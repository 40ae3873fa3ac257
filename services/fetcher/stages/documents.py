"""Third stage: documents are requested, polled for and fetched, each as soon as Amazon's allowance lets it."""

from services.fetcher import Logged
from services.fetcher.domain.dossier import whole_order
from services.fetcher.domain.pace import Operation, poll_again_after
from services.fetcher.domain.records import Report, ReportState
from services.fetcher.domain.reports import ASKED_ONE_BY_ONE, after_poll, still_open
from services.fetcher.domain.waiting import Waiting
from services.fetcher.domain.wanting import Wanted, after_vain_request, settled
from services.fetcher.stages.payloads import fetch, until_turn
from services.fetcher.stages.ports import AnswerUnreadable, RequestRefused, Work
from services.kernel.log import log

LONGEST_SLEEP_SECONDS = 5.0
"""So that a process that is asked to end does not sleep through it."""

MOST_OPEN = 10_000
"""Reports of a connection that are under way, at most: those of the last 24 hours, and Amazon takes 8,640 a day."""


def fetch_documents(work: Work) -> None:
    """Request what is due, poll and fetch, until nothing is due and nothing is open."""
    while True:
        work.check_stopping()
        waits = [_request(work), _poll(work), fetch(work)]
        seconds = [wait for wait in waits if wait is not None]
        if not seconds:
            return
        work.clock.sleep(min(*seconds, LONGEST_SLEEP_SECONDS))


def _request(work: Work) -> float | None:
    """Ask for the documents of one order or number; seconds until the next turn, None = nothing is due."""
    wanted = work.progress.next_wanted(work.run, work.clock.now())
    if wanted is None:
        return None
    wait = work.account.wait_seconds(Operation.CREATE_REPORT)
    if wait > 0:
        return wait
    if wanted.number or whole_order(work.progress.dossier(work.run, wanted.order_id)):
        _create(work, wanted)
    else:
        work.progress.keep_wanted(work.run, wanted, settled(wanted), work.clock.now())
    return 0.0


def _create(work: Work, wanted: Wanted) -> None:
    """Ask Amazon to make a report; one order that it refuses waits, and the run goes on."""
    try:
        report_id = work.account.create_report(wanted.order_id, wanted.number)
    except (RequestRefused, AnswerUnreadable) as trouble:
        reason = Waiting.REQUEST_REFUSED if isinstance(trouble, RequestRefused) else Waiting.ANSWER_UNREADABLE
        work.progress.keep_wanted(work.run, wanted, after_vain_request(wanted, reason, work.clock.now()), work.clock.now())
        log.warning(Logged.REQUEST_REFUSED, order_id=wanted.order_id, number=wanted.number, trouble=str(trouble))
    else:
        now = work.clock.now()
        report = Report(report_id, wanted.order_id, wanted.number, ReportState.ASKED, 0, now, now + poll_again_after(0), None)
        work.progress.keep_reports(work.run, [report], now)


def _poll(work: Work) -> float | None:
    """Ask after the report whose turn it is; after all of them at once when many are open."""
    waiting = work.progress.next_reports(work.run, ReportState.ASKED, ASKED_ONE_BY_ONE + 1)
    if not waiting:
        return None
    many = len(waiting) > ASKED_ONE_BY_ONE
    wait = until_turn(work, waiting[0], Operation.GET_REPORTS if many else Operation.GET_REPORT)
    if wait > 0:
        return wait
    if many:
        _poll_all(work)
    else:
        _poll_one(work, waiting[0])
    return 0.0


def _poll_one(work: Work, report: Report) -> None:
    trouble = None
    try:
        answer = work.account.report(report.report_id)
        polled = after_poll(report, answer, work.clock.now())
    except RequestRefused:
        polled, trouble = report.at(ReportState.FAILED), Waiting.REQUEST_REFUSED
    except AnswerUnreadable:
        polled = still_open(report, work.clock.now())
    work.progress.keep_reports(work.run, [polled], work.clock.now(), trouble)


def _poll_all(work: Work) -> None:
    """One call answers for a hundred: what it does not list among the ended ones is still open."""
    waiting = {report.report_id: report for report in work.progress.next_reports(work.run, ReportState.ASKED, MOST_OPEN)}
    since, token = min(report.asked_at for report in waiting.values()), None
    while True:
        page = work.account.ended_reports(since, token)
        now, token = work.clock.now(), page.next_token
        known = [(waiting.pop(answer.report_id), answer) for answer in page.reports or [] if answer.report_id in waiting]
        work.progress.keep_reports(work.run, [after_poll(report, answer, now) for report, answer in known], now)
        if not token or not waiting:
            break
        work.check_stopping()
    work.progress.keep_reports(work.run, [still_open(report, now) for report in waiting.values() if report.next_poll_at <= now], now)
