"""The book, in memory and in PostgreSQL: what a page writes, what is known of it, and what is refused whole."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from psycopg import DatabaseError

from services.kernel.envelope import Outgoing
from services.kernel.errors import Refused
from services.ledger.domain.posting import Entry, Line, post, source_key
from services.ledger.domain.standing import NOTHING, FiscalYear, Outcome, Standing, Verdict, advance, content_of
from services.ledger.handler import Page
from tests.adapters.bookshelf import Bookshelf
from tests.adapters.pages import OTHER, UNBALANCED, ask_no_contract, broken, page, version
from tests.integration.ledger.shelf import PARTITION, TOPIC, TOPIC_ID, event
from tests.integration.ledger.test_runs import marker, seven
from tests.simulation.memory.ledger_rows import BookedEntry
from tests.unit.ledger.documents import held, invoice, pdf


def test_an_invoice_becomes_an_entry_and_moves_the_position(book: Bookshelf):
    book.receive(event(invoice()))
    lines = (Line("606400", None, 100_00, None), Line("445660", None, 20_00, "20"), Line("401000", "AMAZON", -120_00, None))
    content = book.content()
    assert (BookedEntry("C-1", "I-1", 1, lines),) == content.entries
    assert (120_00, 120_00) == (content.entries[0].debit_cents, content.entries[0].credit_cents)
    assert (("C-1", "I-1", 1, 1, "recorded", None, True),) == content.versions
    assert ((TOPIC_ID, PARTITION, 1),) == content.positions
    assert 1 == book.owner.position()


def test_one_page_keeps_versions_late_ones_outcomes_markers_and_parked_records(book: Bookshelf):
    late = event(invoice(OTHER, invoice_id="I-3", revision=1), n=9, run=("R-2", 1))
    book.receive(*seven()[:2], event(invoice(invoice_id="I-3", revision=2)), late, *seven()[3:])
    content = book.content()
    assert (
        ("C-1", "I-1", 1, 1, "recorded", None, True),
        ("C-1", "I-2", 1, 1, "no_entry", None, False),
        ("C-1", "I-3", 1, 2, "recorded", None, True),
        ("C-1", "I-4", 1, 1, "held", "issue_date_missing", False),
    ) == content.versions
    assert (("C-1", "I-3", 1, 2, late.id),) == content.overtaken
    assert (
        ("C-1", "R-1", 1, "recorded"),
        ("C-1", "R-1", 2, "no_entry"),
        ("C-1", "R-1", 4, "held"),
        ("C-1", "R-1", 5, "parked"),
        ("C-1", "R-1", 6, "parked"),
        ("C-1", "R-1", 7, "duplicate"),
        ("C-1", "R-2", 1, "overtaken"),
    ) == content.outcomes
    assert ((PARTITION, 6, "achats.parked.ledger.v1", b"C-1", b"{"),) == content.parked
    assert () == content.finished


def test_records_below_the_position_are_dropped(book: Bookshelf):
    arrived = book.receive(event(invoice()), broken(event(invoice(invoice_id="I-2"))))
    before = book.content()
    book.receive(*arrived)
    assert before == book.content()
    book.receive(*arrived, event(invoice(invoice_id="I-3")))
    assert ["I-1", "I-3"] == [entry.invoice_id for entry in book.content().entries]
    assert 1 == len(book.content().parked)


def test_the_same_event_at_another_offset_changes_nothing(book: Bookshelf):
    book.receive(event(invoice()), event(invoice(revision=2), n=2))
    late = event(invoice(OTHER, revision=1), n=3)
    before = replace(book.content(), overtaken=(("C-1", "I-1", 1, 2, late.id),), positions=((TOPIC_ID, PARTITION, 7),))
    book.receive(event(invoice()), event(invoice(revision=2), n=2), late, late)
    book.receive(late)
    assert before == book.content()


def test_the_standing_is_all_that_the_book_has_heard_of_an_invoice(book: Bookshelf):
    first, second, third = invoice(), invoice(revision=2, orders=("406-2",)), invoice(OTHER, revision=3)
    book.receive(event(first, n=1))
    book.receive(event(second, n=2), event(third, n=3), event(held(invoice_id="I-2")))
    standing = book.owner.books.standing({("C-1", "I-1"), ("C-1", "I-2"), ("C-1", "I-9"), ("C-9", "I-1")})
    assert {("C-1", "I-1"), ("C-1", "I-2")} == standing.keys()
    known, entry = standing["C-1", "I-1"], post(first)
    assert isinstance(entry, Entry)
    assert (3, 3, entry.digest) == (known.version, known.revision, known.posting)
    assert isinstance(known.entry, int)
    assert frozenset(event(data, n=n).id for n, data in enumerate((first, second, third), 1)) == known.events
    assert frozenset({(1, content_of(first)), (2, content_of(second)), (3, content_of(third))}) == known.contents
    assert (1, 1, None, None) == (standing["C-1", "I-2"].version, standing["C-1", "I-2"].revision, *_entry(standing["C-1", "I-2"]))
    assert {} == book.owner.books.standing([])


def test_a_next_revision_keeps_the_entry_and_its_posting(book: Bookshelf):
    book.receive(event(invoice()))
    entry = _entry(book.owner.books.standing([("C-1", "I-1")])["C-1", "I-1"])
    book.receive(event(invoice(revision=2), n=2), event(invoice(OTHER, revision=3), n=3))
    assert entry == _entry(book.owner.books.standing([("C-1", "I-1")])["C-1", "I-1"])
    assert [True, True, True] == [row[-1] for row in book.content().versions]
    assert 1 == len(book.content().entries)


def test_the_bearer_of_a_pdf_is_the_invoice_that_brought_it_first(book: Bookshelf):
    same = pdf("one")
    book.receive(event(invoice(invoice_id="I-9", document=same)), event(invoice(invoice_id="I-1", document=same)))
    book.receive(event(invoice(invoice_id="I-0", document=same)), event(invoice(company_id="C-2", invoice_id="I-7", document=same)))
    asked = {("C-1", same.sha256), ("C-2", same.sha256), ("C-3", same.sha256), ("C-1", pdf("other").sha256)}
    assert {("C-1", same.sha256): "I-9", ("C-2", same.sha256): "I-7"} == book.owner.books.bearers(asked)
    assert {} == book.owner.books.bearers([])


def test_an_entry_opens_its_fiscal_year_and_a_closed_one_takes_no_entry(book: Bookshelf):
    book.receive(event(held(company_id="C-2")), event(invoice(issue_date=date(2027, 1, 1))), event(invoice(invoice_id="I-2")))
    years = [FiscalYear(date(year, 1, 1), date(year, 12, 31), date(year - 1, 12, 31)) for year in (2026, 2027)]
    assert {"C-1": years} == {**book.owner.books.fiscal_years({"C-1", "C-2", "C-9"})}
    assert {} == book.owner.books.fiscal_years([])
    book.close_years()
    book.receive(event(invoice(invoice_id="I-3")))
    assert ("C-1", "I-3", 1, 1, "archived", None, False) == book.content().versions[2]


def test_poison_is_found_parked_and_counted_and_the_rest_is_booked(book: Bookshelf):
    """An account outside the chart; a number that is empty in a book; a record nobody can read; a header no database takes."""
    book.receive(event(invoice()))
    book.receive(
        event(invoice([("606999", 1_00, None)], invoice_id="I-2"), run=("R-1", 1)),
        event(invoice(number="\t", invoice_id="I-3"), run=("R-1", 2)),
        broken(event(invoice(invoice_id="I-4"), run=("R-1", 3))),
        Outgoing(TOPIC, b"C-1", b"{", (("\x00", b"1"),)),
        event(invoice(invoice_id="I-5"), run=("R-1", 4)),
        marker(4),
    )
    content = book.content()
    assert ["I-1", "I-5"] == [entry.invoice_id for entry in content.entries]
    assert [1, 2, 3, 4] == [offset for _, offset, *_ in content.parked]
    assert (("C-1", "R-1", 1, (4, 1, 0, 0, 0, 3, 0)),) == content.finished
    assert 7 == book.owner.position()


def test_a_company_of_another_partition_is_refused(book: Bookshelf):
    book.owner.take(partition=4)
    book.receive(event(invoice()))
    book.receive(event(held(invoice_id="I-2")), partition=4)
    assert [(4, 0)] == [row[:2] for row in book.content().parked]
    assert ["I-1"] == [row[1] for row in book.content().versions]


REFUSED: Sequence[tuple[str, Page]] = (
    ("the source of an entry that is booked", page(version(invoice(), advance(NOTHING, "", 1, b"", Verdict(Outcome.HELD))), next_offset=2)),
    ("a version that is there", page(version(invoice(), source_key=source_key(invoice(invoice_id="I-2"))), next_offset=2)),
    ("a page without records", page()),
    ("an account outside the chart", page(version(invoice([("606999", 1_00, None)], invoice_id="I-2")), next_offset=2)),
    ("a label that cannot be announced", page(version(invoice(invoice_id="I-2"), label="x" * 2_000), next_offset=2)),
    ("an entry that is not balanced", page(version(invoice(invoice_id="I-2"), lines=UNBALANCED), next_offset=2)),
    ("a label that breaks a field", page(version(invoice(invoice_id="I-2"), label="a|b"), next_offset=2)),
)


@pytest.mark.parametrize("refused", [refused for _, refused in REFUSED], ids=[name for name, _ in REFUSED])
def test_a_page_is_refused_whole(book: Bookshelf, refused: Page):
    book.receive(event(invoice()))
    whole = replace(refused, outcomes={("C-1", "R-1", 1): Outcome.RECORDED}, markers=[marker(1)])
    before = book.content()
    with pytest.raises(Refused):
        book.owner.books.record(whole)
    assert before == book.content()
    book.receive(event(invoice(invoice_id="I-3")))
    assert ["I-1", "I-3"] == [entry.invoice_id for entry in book.content().entries]


def in_dollars(*cents: int | None) -> tuple[Line, ...]:
    """Five cents of a euro, with these amounts in dollars."""
    return Line("606400", None, 5, None, "USD", cents[0]), Line("401000", "AMAZON", -5, None, "USD", cents[1])


def test_both_amounts_are_kept(book: Bookshelf):
    book.receive(event(invoice([("606400", 125_00, None)], currency="USD", exchange_rate="1.25")))
    (entry,) = book.content().entries
    assert (Line("606400", None, 100_00, None, "USD", 125_00), Line("401000", "AMAZON", -100_00, None, "USD", -125_00)) == entry.lines


WRONG: Sequence[tuple[str, Page]] = (
    ("an entry that is not balanced", page(version(invoice(), lines=UNBALANCED))),
    ("an entry of one line", page(version(invoice(), lines=(Line("606400", None, 5, None),)))),
    ("a line without amount", page(version(invoice(), lines=(Line("606400", None, 0, None), Line("401000", "AMAZON", 0, None))))),
    ("an entry that is not balanced in its currency", page(version(invoice(), lines=in_dollars(6, -7)))),
    ("an amount in a currency on the other side", page(version(invoice(), lines=in_dollars(-6, 6)))),
    ("a line without its amount in the currency", page(version(invoice(), lines=in_dollars(6, None)))),
    ("the entry of another invoice", page(replace(version(invoice()), standing=replace(version(invoice()).standing, entry=1)))),
)


@pytest.mark.parametrize("wrong", [wrong for _, wrong in WRONG], ids=[name for name, _ in WRONG])
def test_a_page_that_no_sound_ledger_writes_ends_the_process(book: Bookshelf, wrong: Page, monkeypatch: pytest.MonkeyPatch):
    """The check at commit alone: the contracts, which would not take such an entry either, are not asked."""
    ask_no_contract(monkeypatch)
    refuses_whole(book, wrong)


def refuses_whole(book: Bookshelf, wrong: Page) -> None:
    """The page is a mistake of the writer, and nothing of it is kept."""
    before = book.content()
    with pytest.raises(DatabaseError):
        book.owner.books.record(wrong)
    assert before == book.content()


def _entry(standing: Standing) -> tuple[int | Entry | None, bytes | None]:
    return standing.entry, standing.posting
