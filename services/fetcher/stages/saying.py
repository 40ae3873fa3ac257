"""Last stage: what is final is said, what waits is kept with its reason, and the marker ends the run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from schemas.collection_finished.v1 import CollectionFinished
from schemas.invoice_collected.v1 import InvoiceCollected
from schemas.values import CompanySettings, ReasonCount, Reasons
from services.fetcher import Logged
from services.fetcher.domain.emitting import Named, collected_of, facts_of, fitting, held_back, minted_id, next_revision
from services.fetcher.domain.lifting import still_lifted
from services.fetcher.domain.matching import Numbered
from services.fetcher.domain.records import Invoice, Run, Statements
from services.fetcher.domain.rounds import rounds
from services.fetcher.domain.settling import Sorted, settlement, together, unseen, waits_of
from services.fetcher.domain.stating import stated_of
from services.fetcher.domain.waiting import Wait, Waiting
from services.fetcher.stages.ports import Book, Work
from services.kernel.envelope import VALUE_MAX_BYTES
from services.kernel.log import log


def say_final(work: Work) -> Counter[Waiting]:
    """Say every document that is final; what is not is counted by reason. Remembered are only the PDFs that several orders show."""
    reasons, shared, after = Counter[Waiting](), set[str](), ""
    while news := work.progress.orders_to_look_at(work.run, after, work.at_once):
        work.check_stopping()
        orders = together(work.progress.dossiers(work.run, list(news)))
        reasons.update(wait.reason for wait in _say_orders(work, orders, news, shared))
        after = orders[-1].dossier.order_id
    return reasons


def _say_orders(work: Work, orders: Sequence[Sorted], news: Mapping[str, int], shared: set[str]) -> list[Wait]:
    """Say the orders' documents in one transaction, and keep what of each waits, which is the answer.

    Another process may have finished the run meanwhile: after its marker, what is new belongs to the next one.
    """
    now = work.clock.now()
    with work.progress.writing(work.run.run_id) as book:
        if book.run.finished:
            return []
        held = list[Wait]()
        for several in rounds(unseen(orders, shared), lambda one: (one[1].number, one[1].kind)):
            held += _say(book, several, shared, now)
        waits = [(order, waits_of(order, held, now)) for order in orders]
        book.looked_at({order.dossier.order_id: news[order.dossier.order_id] for order in orders})
        if changed := [one for order, its in waits if (one := settlement(order, its, now))]:
            book.settle(changed, now)
    return [wait for _, its in waits for wait in its]


def _say(book: Book, several: Sequence[tuple[str, Numbered]], shared: set[str], now: datetime) -> list[Wait]:
    """Say documents of different numbers, unless they were said with the same facts; the waits of those that may not be said."""
    settings = book.company(book.run.company_id).settings(now.date())
    news, held = list[tuple[Invoice, InvoiceCollected]](), list[Wait]()
    for order_id, found, told, invoice, collected in _collected(book, several, shared, now):
        facts = facts_of(found, collected)
        if invoice.facts_hash == facts:
            continue
        if reason := held_back(settings, collected) or book.routed(told):
            held.append(Wait(order_id, found.number, reason, now, None))
        else:
            news.append((next_revision(invoice, facts), collected))
    book.say_collected(news, now)
    return held


def _collected(
    book: Book, several: Sequence[tuple[str, Numbered]], shared: set[str], now: datetime
) -> list[tuple[str, Numbered, Statements, Invoice, InvoiceCollected]]:
    """Each document with its order, what Amazon states, its invoice, and what there is to say of it."""
    run, settings = book.run, book.company(book.run.company_id).settings(now.date())
    statements = book.statements([found for _, found in several])
    stated = [stated_of(found.number, found.kind, told) for (_, found), told in zip(several, statements, strict=True)]
    shared.update(found.paper.document.sha256 for (_, found), told in zip(several, statements, strict=True) if told.several_orders)
    named = [
        Named(found.number, found.kind, found.paper.document.sha256, told.orders, minted_id(run, found, said))
        for (_, found), told, said in zip(several, statements, stated, strict=True)
    ]
    return [
        (order_id, found, told, invoice, _fitting(invoice, collected_of(run, found, said, invoice, settings)))
        for (order_id, found), told, said, invoice in zip(several, statements, stated, book.invoices(named), strict=True)
    ]


def _fitting(invoice: Invoice, collected: InvoiceCollected) -> InvoiceCollected:
    """The event within its topic's bounds, with what people decided about the same content."""
    return fitting(still_lifted(invoice.decided, fitting(collected, VALUE_MAX_BYTES)), VALUE_MAX_BYTES)


def marker_of(run: Run, emitted: int, waiting: Reasons, settings: CompanySettings) -> CollectionFinished:
    """The marker of a run that gave `emitted` numbers."""
    return CollectionFinished(
        company_id=run.company_id,
        connection_id=run.connection_id,
        run_id=run.run_id,
        kind=run.kind,
        emitted=emitted,
        waiting=waiting,
        window_from=run.window_from,
        window_to=run.window_to,
        settings=settings,
    )


def finish(work: Work, reasons: Counter[Waiting]) -> None:
    """Say the marker in the transaction that finishes the run, and how much was said on its days."""
    run, now = work.run, work.clock.now()
    with work.progress.writing(run.run_id) as book:
        if book.run.finished:
            return
        waiting = tuple(ReasonCount(reason=reason, count=count) for reason, count in sorted(reasons.items()))
        finished = marker_of(run, book.run.emitted, waiting, book.company(run.company_id).settings(now.date()))
        book.finish_run(finished, now)
        book.count_emissions(now)
    log.info(Logged.COLLECTED, run_id=run.run_id, kind=run.kind, emitted=finished.emitted, waiting=sum(reasons.values()))
