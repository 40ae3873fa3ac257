"""What Amazon says, and what a PDF says, in a test's own words."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from schemas.collection_finished.v1 import CollectionFinished
from schemas.invoice_collected.v1 import InvoiceCollected
from schemas.values import DocumentRef
from services.fetcher.domain.amazon.collecting import TransactionsPage
from services.fetcher.domain.dossier import Dossier
from services.fetcher.domain.emitting import Named, collected_of, facts_of, minted_id, next_revision
from services.fetcher.domain.identity import sha256_of
from services.fetcher.domain.matching import Numbered
from services.fetcher.domain.records import Kind, LineKey, Paper, Report, ReportState, Run, StatedNumber
from services.fetcher.domain.reports import Outcome
from services.fetcher.domain.settling import Settlement
from services.fetcher.domain.stating import stated_of
from services.fetcher.domain.waiting import Wait
from services.fetcher.stages.ports import Book
from services.kernel.clock import Clock
from tests.adapters.fetcher_bench import Bench
from tests.unit.fetcher.known import evidence

ORDER, OTHER = "171-0000001-0000001", "171-0000002-0000001"


def key(line: str = "L1", order: str = ORDER, shipment: str = "S1") -> LineKey:
    """A line of a shipment."""
    return LineKey(order, line, shipment)


def charge(*keys: LineKey, name: str = "T1", kind: str = "CHARGE", number: str | None = None, total: str = "12.00") -> dict[str, Any]:
    """A payment event of these lines, one line unless told otherwise."""
    money = {"currencyCode": "EUR", "amount": total}
    items = [
        {"orderId": line.order_id, "orderLineItemId": line.order_line_item_id, "shipmentId": line.shipment_id or None, "totalAmount": money}
        for line in keys or (key(),)
    ]
    return {"transactionId": name, "transactionType": kind, "invoiceNumber": number, "transactionLineItems": items}


def page(*charges: dict[str, Any], token: str | None = None) -> TransactionsPage:
    """A page of `getTransactions`; without a token it is the last."""
    return TransactionsPage.model_validate({"transactions": list(charges), "nextPageToken": token})


def number(text: str, line: LineKey | None = None, kind: Kind = Kind.INVOICE, day: date | None = date(2026, 11, 12)) -> StatedNumber:
    """A number as `/invoices` gives it."""
    return StatedNumber(line or key(), text, kind, day, "api:invoices")


def paper(printed: str | None, kind: str | None = None, copy: str = "") -> Paper:
    """A stored PDF that bears a number; `copy` makes it another file."""
    data = f"%PDF-{printed} {copy}".encode()
    sha256 = sha256_of(data)
    document = DocumentRef(sha256=sha256, size_bytes=len(data), media_type="application/pdf", object_key=f"documents/{sha256}")
    return Paper(document, evidence(printed, kind))


def asked(name: str, clock: Clock, order: str = ORDER, state: ReportState = ReportState.ASKED) -> Report:
    """A report asked for now."""
    return Report(name, order, "", state, 0, clock.now(), clock.now(), None)


def numbered(found: Paper, text: str = "FR-1", kind: Kind = Kind.INVOICE) -> Numbered:
    """A PDF with its number."""
    return Numbered(found, text, kind, stated=True)


def named(found: Numbered, orders: Sequence[str], minted: str) -> Named:
    """The same under the keys of these orders."""
    return Named(found.number, found.kind, found.paper.document.sha256, tuple(orders), minted)


def to_ask(bench: Bench, run: Run, limit: int = 25) -> list[LineKey]:
    """The lines whose number is to be asked now."""
    return [line.key for line in bench.progress.lines_to_ask(run, bench.clock.now(), limit)]


def answer(bench: Bench, run: Run, asked: Sequence[LineKey], *numbers: StatedNumber, pending: Sequence[LineKey] = ()) -> None:
    """Amazon's answer about these lines, which moved long ago or when they did."""
    known = {line.key: line for order in {line.order_id for line in asked} for line in dossier(bench, run, order).lines}
    bench.progress.keep_numbers(run, [known[line] for line in asked], numbers, pending, bench.clock.now())


def due(bench: Bench, run: Run) -> str | None:
    """The order, or the number, whose documents are requested next."""
    return next((wanted.order_id or wanted.number for wanted in bench.progress.next_wanted(run, bench.clock.now())), None)


def dossier(bench: Bench, run: Run, order: str = ORDER) -> Dossier:
    """Everything known of an order."""
    [known] = bench.progress.dossiers(run, [order])
    return known


def settle(bench: Bench, run: Run, *waits: Wait, order: str = ORDER) -> None:
    """What of the order waits; when nothing does, all of it is there."""
    wants = dossier(bench, run, order).wants
    with bench.progress.writing(run.run_id) as book:
        book.settle([Settlement(order, waits, () if waits else wants, ())], bench.clock.now())


def bring(bench: Bench, run: Run, *papers: Paper, order: str = ORDER, report: str = "R1") -> None:
    """A report brings these PDFs."""
    fetched = asked(report, bench.clock, order).at(ReportState.FETCHED)
    bench.progress.keep_outcomes(run, [Outcome(fetched, None, "f" * 64, papers)], bench.clock.now())


def say(bench: Bench, run: Run, found: Numbered, amended: str = "", then: Callable[[], object] = lambda: None) -> InvoiceCollected:
    """Say a document as `Collect` does, whatever was said before. `amended` changes its facts, `then` comes just before the commit."""
    with bench.progress.writing(run.run_id) as book:
        [statements] = book.statements([found])
        stated = stated_of(found.number, found.kind, statements)
        [invoice] = book.invoices([named(found, statements.orders, minted_id(run, found, stated))])
        collected = collected_of(run, found, stated, invoice, book.company(run.company_id).settings(bench.clock.now().date()))
        book.say_collected([(next_revision(invoice, facts_of(found, collected) + amended), collected)], bench.clock.now())
        then()
    return collected


def marker_of(book: Book) -> CollectionFinished:
    """The marker of the run that is written in."""
    run = book.run
    return CollectionFinished(
        company_id=run.company_id,
        connection_id=run.connection_id,
        run_id=run.run_id,
        kind=run.kind,
        emitted=run.emitted,
        waiting=(),
        window_from=run.window_from,
        window_to=run.window_to,
        settings=book.company(run.company_id).settings(run.window_to),
    )
