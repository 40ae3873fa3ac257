"""What is said and shown of an invoice whose VAT waits for delivery: two entries, one view; papers, lists, the FEC."""

from collections.abc import Generator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.entry_recorded.v1 import EntryRecorded
from schemas.entry_reversed.v1 import EntryReversed
from schemas.entry_superseded.v1 import EntrySuperseded
from schemas.entry_validated.v1 import EntryValidated
from schemas.invoice_classified.v1 import ClassifiedVat
from schemas.invoice_described.v1 import InvoiceDescribed
from services.fetcher.domain.auditing import Emission, counted_by_day
from services.kernel.clock import ScaledClock
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.daily.counts import Count
from services.ledger.adapters.daily.reconciling import Reconciling
from services.ledger.adapters.papers.files import Row
from services.ledger.adapters.papers.taking import Papers
from services.ledger.adapters.reading import Reading
from services.ledger.adapters.reports import Period, Reports
from services.ledger.handler import SERVICE
from tests.adapters.bookshelf import Bookshelf
from tests.adapters.hands import ACTOR, Hands
from tests.adapters.test_deeds_announced import read
from tests.adapters.test_later import APRIL, MARCH, waiting
from tests.integration.ledger.shelf import event
from tests.integration.ledger.test_runs import marker
from tests.integration.ledger.validated import export
from tests.support.kernel import headers
from tests.unit.ledger.documents import invoice


@pytest.fixture(name="pair")
def booked_pair(hands: Hands) -> tuple[int, int]:
    """The invoice's entry and the one that follows it; both are announced."""
    first, second = hands.book_documents(waiting())
    hands.book.announced()
    return first, second


@pytest.fixture
def store(hands: Hands) -> Generator[PostgresStore]:
    """A session of the book's."""
    with closing(PostgresStore(hands.book.shelf.url, SERVICE, pool_size=1)) as one:
        yield one


def said(hands: Hands) -> list[tuple[Any, ...]]:
    """What is announced now: its class and the entry it is about, by its place among all."""
    places = {str(entry): place for place, entry in enumerate(hands.ids())}
    return [(type(one), places[one.entry_id]) for one in map(read, hands.book.announced())]


def test_each_entry_is_announced_and_the_view_is_of_the_first(book: Bookshelf):
    """In memory and in PostgreSQL: own ids, the second names the first; subscribers see 445801 in the view."""
    book.receive(event(waiting()))
    messages = book.announced()
    assert 3 == len({headers(message)["ce_id"] for message in messages})
    first, view, second = map(read, messages)
    assert (EntryRecorded, InvoiceDescribed, EntryRecorded) == (type(first), type(view), type(second))
    assert (None, first.entry_id) == (first.follows, second.follows)
    assert (first.entry_id, first.lines, 1) == (view.entry_id, view.lines, view.version)
    assert ("OD", APRIL, "FR-1", MARCH) == (second.journal, second.entry_date, second.piece_ref, second.piece_date)
    assert [("445660", 20_00, 0), ("445801", 0, 20_00)] == [(line.account, line.debit_cents, line.credit_cents) for line in second.lines]


def test_a_validation_of_the_second_is_said_and_changes_no_view(hands: Hands, pair: tuple[int, int]):
    hands.deeds.validate("OD", [pair[1]])
    assert [(EntryValidated, 1)] == said(hands)
    hands.deeds.reverse(pair[1])
    assert [(EntryReversed, 1)] == said(hands)
    hands.deeds.validate("AC", [pair[0]])
    assert [(EntryValidated, 0), (InvoiceDescribed, 0)] == said(hands)


def test_a_correction_is_said_of_both(hands: Hands, pair: tuple[int, int]):
    hands.deeds.validate("AC", [pair[0]])
    hands.book.announced()
    hands.deeds.recode(pair[0], {"606400": "606300"})
    assert [(EntryReversed, 0), (EntrySuperseded, 1), (EntryRecorded, 3), (InvoiceDescribed, 3), (EntryRecorded, 4)] == said(hands)


def test_a_reversal_is_said_of_both(hands: Hands, pair: tuple[int, int]):
    """The second waited: it gave way to the mirror of the first, which is said before it."""
    hands.deeds.validate("AC", [pair[0]])
    hands.book.announced()
    hands.deeds.reverse(pair[0])
    mirror, dropped, view = map(read, hands.book.announced())
    assert (EntryReversed, EntrySuperseded) == (type(mirror), type(dropped))
    assert (str(pair[1]), mirror.by_entry_id) == (dropped.entry_id, dropped.by_entry_id)
    assert ("reversed", str(pair[0])) == (view.status, view.entry_id)


@pytest.mark.usefixtures("pair")
def test_lists_show_both_entries_of_the_piece(store: PostgresStore):
    reading = Reading(store)
    assert [("AC", "FR-1", 120_00), ("OD", "FR-1", 20_00)] == [
        (row["journal"], row["piece_ref"], row["debit_cents"]) for row in reading.waiting("C-1")
    ]
    assert [("FR-1", "À traiter")] == [(row["number"], row["status"]) for row in reading.purchases("C-1")]
    assert ["606400", "445801", "401000", "445660", "445801"] == [row["account"] for row in reading.entry("I-1")]
    (totals,) = reading.totals()
    assert (2, 1, 140_00, 140_00) == (totals["entries"], totals["invoices"], totals["debit_cents"], totals["credit_cents"])
    rows = Reports(store).rows("balance", Period("C-1", date(2026, 4, 1), date(2026, 4, 30), None, None))
    assert ("445801", 20_00, 0, 20_00) == next(
        (row["account"], row["opening_cents"], row["debit_cents"], row["credit_cents"]) for row in rows if row["account"] == "445801"
    )


def test_the_fec_has_both_under_one_piece_and_nothing_to_remark(hands: Hands, pair: tuple[int, int], tmp_path: Path):
    hands.deeds.validate("AC", [pair[0]])
    hands.deeds.validate("OD", [pair[1]])
    assert "Contrôle : aucun constat." == export(hands.book.shelf, tmp_path)[-1]
    (file,) = (one for one in tmp_path.iterdir() if "description" not in one.name)
    rows = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()[1:]]
    assert [("AC", "20260330", "FR-1")] * 3 + [("OD", "20260402", "FR-1")] * 2 == [(row[0], row[3], row[8]) for row in rows]


def test_a_payment_releases_what_waits_for_it_and_not_what_waits_for_delivery(hands: Hands, store: PostgresStore):
    """Goods of 100.00 and a service of 30.00 on one invoice at one rate: 20.00 wait for delivery, 6.00 for payment, both on 445801."""
    goods, service = (
        ClassifiedVat(rate="20", base_cents=base, vat_cents=vat, regime="domestic", waits_for=event)
        for base, vat, event in ((100_00, 20_00, "delivery"), (30_00, 6_00, "payment"))
    )
    hands.book_documents(waiting(rows=[("606400", 100_00, "20"), ("651100", 30_00, "20")], vat=(goods, service)))
    paid = {"kind": "payment", "number": "BQ-1", "date": "2026-04-10", "supplier": "AMAZON", "paid": "156", "settles": "FR-1"}
    ((_, (_, released)),) = Papers(store, "C-1", ACTOR).take([Row(1, paid)]).papers
    assert [("445660", 6_00), ("445801", -6_00)] == hands.ask(
        f"select account, debit_cents - credit_cents from ledger.line where entry_id = {released} order by n"
    )
    assert [(0,)] == hands.ask("select sum(debit_cents - credit_cents)::bigint from ledger.line where account = '445801'")


def test_a_run_counts_the_document_once(hands: Hands, store: PostgresStore):
    """Two invoices, three entries: recorded 2, and the fetcher's count of two agrees."""
    hands.book.receive(event(waiting(), run=("R-1", 1)), event(invoice(invoice_id="I-2", number="FR-2"), run=("R-1", 2)), marker(2))
    assert [(2, 2)] == hands.ask("select collected, recorded from ledger.run_finished")
    now, day = datetime(2026, 3, 11, 2, tzinfo=UTC), date(2026, 3, 10)
    (counted,) = counted_by_day("C-1", [Emission(day, "R-1", number, f"I-{number}", 1) for number in (1, 2)])
    comparing = Reconciling(store, lambda since: [Count(counted, now - timedelta(hours=3))], ScaledClock(now, speed=0.0))
    assert ["C-1 au 10/03/2026 : 2 annoncés, 2 dans le livre, contenu identique."] == list(comparing.compare(day))
