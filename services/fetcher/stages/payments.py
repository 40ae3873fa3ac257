"""First stage: every payment event of the run's window."""

from services.fetcher.domain.windows import scan_end
from services.fetcher.stages.ports import PageRefused, Work
from services.kernel.errors import Unavailable

MOST_RESTARTS = 3
"""Of one window in a row, when Amazon refuses its own page tokens; then the job comes again later."""


def read_payments(work: Work) -> None:
    """Read every page of the window; a page and the place where the next one starts are kept together."""
    run, scan, restarts = work.run, work.progress.scan(work.run.run_id), 0
    while scan.finished_at is None:
        work.check_stopping()
        try:
            page = work.account.transactions(run.window_from, scan_end(run.reads_until), scan.next_page_token)
        except PageRefused:
            restarts += 1
            if restarts > MOST_RESTARTS:
                raise Unavailable("Amazon", "getTransactions", "page tokens are refused") from None
            scan = work.progress.restart_scan(run)
        else:
            scan = work.progress.keep_page(run, page, work.clock.now())
