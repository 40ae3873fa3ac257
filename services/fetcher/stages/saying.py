"""Last stage: what is final is said, what waits is counted by reason, and the marker ends the run."""

from collections import Counter

from schemas.collection_finished.v1 import CollectionFinished
from schemas.values import ReasonCount
from services.fetcher import Logged
from services.fetcher.domain.emitting import collected_of, facts_of, fitting, held_back, minted_id, next_revision
from services.fetcher.domain.matching import Numbered, match, waiting
from services.fetcher.domain.records import Waiting
from services.fetcher.domain.stating import stated_of
from services.fetcher.stages.ports import Work
from services.kernel.envelope import VALUE_MAX_BYTES
from services.kernel.log import log


def say_final(work: Work) -> Counter[Waiting]:
    """Say every document that is final; what is not is counted by reason."""
    reasons, settled = Counter[Waiting](), set[str]()
    for order_id in work.progress.orders_seen(work.run):
        work.check_stopping()
        dossier = work.progress.dossier(work.run, order_id)
        matched = match(dossier)
        reasons.update(waiting(dossier, matched))
        for found in matched.numbered:
            if found.paper.document.sha256 not in settled:
                settled.add(found.paper.document.sha256)
                reasons.update(_say(work, found))
    return reasons


def _say(work: Work, found: Numbered) -> list[Waiting]:
    """Say one document unless it was said with the same facts, in one transaction; the reason when it may not be said.

    Another process may have finished the run meanwhile: after its marker, what is new belongs to the next one.
    """
    run, now = work.run, work.clock.now()
    with work.progress.writing(run.run_id) as book:
        if book.run.finished:
            return []
        statements = book.statements(found)
        stated = stated_of(found.number, found.kind, statements)
        invoice = book.invoice(statements.orders, found, minted_id(run, found, stated))
        settings = book.company(run.company_id).settings(now.date())
        collected = fitting(collected_of(run, found, stated, invoice, settings), VALUE_MAX_BYTES)
        facts = facts_of(found, collected)
        if invoice.facts_hash == facts:
            return []
        if reason := held_back(settings, collected):
            return [reason]
        book.say_collected(next_revision(invoice, facts), collected, now)
    return []


def finish(work: Work, reasons: Counter[Waiting]) -> None:
    """Say the marker in the transaction that finishes the run."""
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
    log.info(Logged.COLLECTED, run_id=run.run_id, kind=run.kind, emitted=finished.emitted, waiting=sum(reasons.values()))
