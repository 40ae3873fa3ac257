"""Last stage: what is final is said, what waits is kept with its reason, and the marker ends the run."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from schemas.collection_finished.v1 import CollectionFinished
from schemas.values import ReasonCount
from services.fetcher import Logged
from services.fetcher.domain.dossier import Dossier, is_lacking
from services.fetcher.domain.emitting import collected_of, facts_of, fitting, held_back, minted_id, next_revision
from services.fetcher.domain.matching import Numbered, aged_since, differing, match, waiting
from services.fetcher.domain.records import Run
from services.fetcher.domain.stating import stated_of
from services.fetcher.domain.waiting import Wait, Waiting
from services.fetcher.stages.ports import Book, Work
from services.kernel.envelope import VALUE_MAX_BYTES
from services.kernel.log import log

ORDERS_AT_ONCE = 200
"""Orders whose ids are in memory at a time, whatever the run holds."""


def say_final(work: Work) -> Counter[Waiting]:
    """Say every document that is final; what is not is counted by reason."""
    reasons, looked_at, after = Counter[Waiting](), set[str](), ""
    while orders := work.progress.orders_touched(work.run, after, ORDERS_AT_ONCE):
        for order_id in orders:
            work.check_stopping()
            reasons.update(wait.reason for wait in _say_order(work, order_id, looked_at))
        after = orders[-1]
    return reasons


def _say_order(work: Work, order_id: str, looked_at: set[str]) -> list[Wait]:
    """Say the order's documents in one transaction, and keep what of it waits, which is the answer.

    Another process may have finished the run meanwhile: after its marker, what is new belongs to the next one.
    """
    dossier, now = work.progress.dossier(work.run, order_id), work.clock.now()
    matched = match(dossier)
    waits = waiting(dossier, matched, now)
    with work.progress.writing(work.run.run_id) as book:
        if book.run.finished:
            return []
        for found in matched.numbered:
            if found.paper.document.sha256 not in looked_at:
                looked_at.add(found.paper.document.sha256)
                reason = _say(work.run, book, found, now)
                waits += [Wait(order_id, found.number, reason, now, None)] if reason else []
        _settle(book, dossier, [*waits, *differing(dossier, matched, now)], now)
    return waits


def _say(run: Run, book: Book, found: Numbered, now: datetime) -> Waiting | None:
    """Say one document unless it was said with the same facts; the reason when it may not be said."""
    statements = book.statements(found)
    stated = stated_of(found.number, found.kind, statements)
    invoice = book.invoice(statements.orders, found, minted_id(run, found, stated))
    settings = book.company(run.company_id).settings(now.date())
    collected = fitting(collected_of(run, found, stated, invoice, settings), VALUE_MAX_BYTES)
    facts = facts_of(found, collected)
    if invoice.facts_hash == facts:
        return None
    if reason := held_back(settings, collected) or book.routed(statements):
        return reason
    book.say_collected(next_revision(invoice, facts), collected, now)
    return None


def _settle(book: Book, dossier: Dossier, waits: Sequence[Wait], now: datetime) -> None:
    """Keep what waits, with the age it had; what has everything is wanted no more."""
    ageing = aged_since(waits, dossier.waits)
    complete = [wanted for wanted in dossier.wants if wanted.next_attempt_at and not is_lacking(wanted, ageing)]
    if ageing != dossier.waits or complete:
        book.settle(dossier.order_id, ageing, complete, now)


def finish(work: Work, reasons: Counter[Waiting]) -> None:
    """Say the marker in the transaction that finishes the run, and how much was said on its days."""
    run, now = work.run, work.clock.now()
    with work.progress.writing(run.run_id) as book:
        if book.run.finished:
            return
        finished = CollectionFinished(
            company_id=run.company_id,
            connection_id=run.connection_id,
            run_id=run.run_id,
            kind=run.kind,
            emitted=book.run.emitted,
            waiting=tuple(ReasonCount(reason=reason, count=count) for reason, count in sorted(reasons.items())),
            window_from=run.window_from,
            window_to=run.window_to,
            settings=book.company(run.company_id).settings(now.date()),
        )
        book.finish_run(finished, now)
        book.count_emissions(now)
    log.info(Logged.COLLECTED, run_id=run.run_id, kind=run.kind, emitted=finished.emitted, waiting=sum(reasons.values()))
