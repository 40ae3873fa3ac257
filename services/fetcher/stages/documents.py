"""Third stage: documents are requested, polled for and fetched, each as soon as Amazon's allowance lets it."""

from collections.abc import Sequence
from functools import partial
from itertools import takewhile

from services.fetcher import Logged
from services.fetcher.domain.dossier import whole_order
from services.fetcher.domain.pace import TOGETHER, Operation, poll_again_after
from services.fetcher.domain.records import Report, ReportState
from services.fetcher.domain.reports import ASKED_ONE_BY_ONE, Outcome, after_poll, still_open
from services.fetcher.domain.waiting import Waiting
from services.fetcher.domain.wanting import Wanted, after_vain_request, settled
from services.fetcher.stages.keeping import keep_answers
from services.fetcher.stages.payloads import fetch, keep_outcomes, until_turn
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
        _pause(work, min(seconds))


def _pause(work: Work, seconds: float) -> None:
    while seconds > 0:
        work.check_stopping()
        work.clock.sleep(min(seconds, LONGEST_SLEEP_SECONDS))
        seconds -= LONGEST_SLEEP_SECONDS


def _request(work: Work) -> float | None:
    """Ask for the documents of orders and numbers while the allowance lasts; seconds until the next turn, None = nothing is due."""
    allowed = work.account.allowed(Operation.CREATE_REPORT)
    due = work.progress.next_wanted(work.run, work.clock.now(), min(max(TOGETHER, allowed), work.at_once))
    if not due:
        return None
    wait = work.account.wait_seconds(Operation.CREATE_REPORT, min(TOGETHER, len(due)))
    if wait > 0:
        return wait
    asked = takewhile(lambda _: work.account.wait_seconds(Operation.CREATE_REPORT) <= 0, _worth_asking(work, due))
    keep_answers(asked, partial(_created, work), partial(keep_outcomes, work))
    return 0.0


def _worth_asking(work: Work, due: Sequence[Wanted]) -> list[Wanted]:
    """Without the orders all of whose documents come under consolidated numbers: those are settled."""
    dossiers = work.progress.dossiers(work.run, [wanted.order_id for wanted in due if not wanted.number])
    whole = {dossier.order_id for dossier in dossiers if whole_order(dossier)}
    idle = [wanted for wanted in due if not wanted.number and wanted.order_id not in whole]
    if idle:
        work.progress.keep_wanted(work.run, [(wanted, settled(wanted)) for wanted in idle], work.clock.now())
    return [wanted for wanted in due if wanted not in idle]


def _created(work: Work, wanted: Wanted) -> Outcome | None:
    """Ask Amazon to make a report; one order that it refuses waits, and the run goes on."""
    work.check_stopping()
    try:
        report_id = work.account.create_report(wanted.order_id, wanted.number, wanted.kind)
    except (RequestRefused, AnswerUnreadable) as trouble:
        reason = Waiting.REQUEST_REFUSED if isinstance(trouble, RequestRefused) else Waiting.ANSWER_UNREADABLE
        now = work.clock.now()
        work.progress.keep_wanted(work.run, [(wanted, after_vain_request(wanted, reason, now))], now)
        log.warning(Logged.REQUEST_REFUSED, order_id=wanted.order_id, number=wanted.number, trouble=str(trouble))
        return None
    now = work.clock.now()
    return Outcome(Report(report_id, wanted.order_id, wanted.number, ReportState.ASKED, 0, now, now + poll_again_after(0), None))


def _poll(work: Work) -> float | None:
    """Ask after the reports whose turn it is; after all of them at once when many are open."""
    waiting = work.progress.next_reports(work.run, ReportState.ASKED, ASKED_ONE_BY_ONE + 1)
    if not waiting:
        return None
    many = len(waiting) > ASKED_ONE_BY_ONE
    operation = Operation.GET_REPORTS if many else Operation.GET_REPORT
    wait = until_turn(work, waiting[0], operation)
    if wait > 0:
        return wait
    if many:
        _poll_all(work)
    else:
        due = takewhile(lambda report: until_turn(work, report, operation) <= 0, waiting)
        keep_answers(due, partial(_polled, work), partial(keep_outcomes, work))
    return 0.0


def _polled(work: Work, report: Report) -> Outcome:
    work.check_stopping()
    try:
        answer = work.account.report(report.report_id)
        return Outcome(after_poll(report, answer, work.clock.now()))
    except RequestRefused:
        return Outcome(report.at(ReportState.FAILED), Waiting.REQUEST_REFUSED)
    except AnswerUnreadable:
        return Outcome(still_open(report, work.clock.now()))


def _poll_all(work: Work) -> None:
    """One call answers for a hundred: what it does not list among the ended ones is still open."""
    waiting = {report.report_id: report for report in work.progress.next_reports(work.run, ReportState.ASKED, MOST_OPEN)}
    since, token = min(report.asked_at for report in waiting.values()), None
    while True:
        page = work.account.ended_reports(since, token)
        now, token = work.clock.now(), page.next_token
        known = [(waiting.pop(answer.report_id), answer) for answer in page.reports or [] if answer.report_id in waiting]
        keep_outcomes(work, [Outcome(after_poll(report, answer, now)) for report, answer in known])
        if not token or not waiting:
            break
        work.check_stopping()
    keep_outcomes(work, [Outcome(still_open(report, now)) for report in waiting.values() if report.next_poll_at <= now])
