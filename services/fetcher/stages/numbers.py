"""Second stage: the invoice numbers of shipped lines."""

from services.fetcher.domain.stating import answered
from services.fetcher.stages.ports import Work

BATCH = 25
"""Lines that `/invoices` answers for at once (Reconciliation API 2021-01-08)."""


def ask_numbers(work: Work) -> None:
    """Ask the numbers of the lines that need one; null and `Pending` stay waiting for another run."""
    while lines := work.progress.lines_to_ask(work.run, BATCH):
        work.check_stopping()
        numbers, pending = answered(work.account.invoice_details(lines), set(lines))
        work.progress.keep_numbers(work.run, lines, numbers, pending, work.clock.now())
