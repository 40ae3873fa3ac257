"""First stage: every payment event of the run's window."""

from services.fetcher.stages.ports import PageRefused, Work


def read_payments(work: Work) -> None:
    """Read every page of the window; a page and the place where the next one starts are kept together."""
    run, scan = work.run, work.progress.scan(work.run.run_id)
    while scan.finished_at is None:
        work.check_stopping()
        try:
            page = work.account.transactions(run.window_from, run.started_at, scan.next_page_token)
        except PageRefused:
            scan = work.progress.restart_scan(run)
            page = work.account.transactions(run.window_from, run.started_at, None)
        scan = work.progress.keep_page(run, page, work.clock.now())
