"""Second stage: the invoice numbers of shipped lines."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import batched

from services.fetcher import Logged
from services.fetcher.domain.records import OrderLine
from services.fetcher.domain.stating import answered
from services.fetcher.domain.waiting import Waiting
from services.fetcher.stages.ports import AnswerUnreadable, RequestRefused, Work
from services.kernel.log import log

BATCH = 25
"""Lines that `/invoices` answers for at once (Reconciliation API 2021-01-08)."""

LOOKED_UP = 20 * BATCH
"""Lines that are looked up at once: which ones are to be asked takes longer to find out than to read."""


def ask_numbers(work: Work) -> None:
    """Ask the numbers of the lines whose turn it is; null and `Pending` stay waiting for their next turn."""
    while lines := work.progress.lines_to_ask(work.run, work.clock.now(), LOOKED_UP):
        for batch in batched(lines, BATCH):
            _ask(work, batch)


def _ask(work: Work, lines: Sequence[OrderLine]) -> None:
    """Ask a batch; of one that Amazon refuses each half, down to the line that is at fault."""
    work.check_stopping()
    keys = [line.key for line in lines]
    try:
        numbers, pending = answered(work.account.invoice_details(keys), set(keys))
    except (RequestRefused, AnswerUnreadable) as trouble:
        if len(lines) == 1:
            _pass_over(work, lines[0], trouble)
        else:
            _ask(work, lines[: len(lines) // 2])
            _ask(work, lines[len(lines) // 2 :])
    else:
        work.progress.keep_numbers(work.run, lines, numbers, pending, work.clock.now())


def _pass_over(work: Work, line: OrderLine, trouble: Exception) -> None:
    """The line was asked in vain: its order says so, and the run goes on."""
    run, now, order_id = work.run, work.clock.now(), line.key.order_id
    log.warning(Logged.REQUEST_REFUSED, order_id=order_id, trouble=str(trouble))
    reason = Waiting.REQUEST_REFUSED if isinstance(trouble, RequestRefused) else Waiting.ANSWER_UNREADABLE
    [dossier] = work.progress.dossiers(run, [order_id])
    if wanted := dossier.wanted(""):
        work.progress.keep_wanted(run, [(wanted, replace(wanted, trouble=reason))], now)
    work.progress.keep_numbers(run, [line], [], [], now)
