"""The book, in memory and in PostgreSQL: what a page writes, what is refused whole, who may write, and how a run adds up."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from datetime import date
from itertools import permutations
from typing import Any

import pytest
from psycopg import DatabaseError

from services.kernel.envelope import Event, Outgoing, RunPosition, encode
from services.kernel.errors import Refused, Unavailable
from services.ledger.adapters import books
from services.ledger.adapters.positions import Fenced
from services.ledger.domain.posting import Entry, Line, post, source_key
from services.ledger.domain.standing import NOTHING, Document, FiscalYear, Outcome, Standing, Verdict, advance, content_of
from services.ledger.handler import Page, Version
from tests.adapters.bookshelf import Bookshelf, bookshelf
from tests.integration.ledger.shelf import PARTITION, TOPIC, TOPIC_ID, event
from tests.integration.ledger.test_runs import marker, parked_upstream, seven
from tests.simulation.memory import ledger
from tests.simulation.memory.ledger_rows import BookedEntry
from tests.unit.ledger.documents import held, invoice, pdf

OTHER = [("606300", 100_00, "20")]  # another posting of the same invoice
UNBALANCED = (Line("606400", None, 5, None), Line("401000", "AMAZON", -4, None))


@pytest.fixture(params=["memory", "real"])
def book(request: pytest.FixtureRequest) -> Generator[Bookshelf]:
    """A fresh book of each kind."""
    with bookshelf(request.param, request.getfixturevalue("database_url") if request.param == "real" else "") as shelf:
        yield shelf


def page(*versions: Version, next_offset: int = 1, partition: int = PARTITION) -> Page:
    """A page of these versions."""
    return Page(TOPIC, partition, next_offset, list(versions))


def version(document: Document, standing: Standing = NOTHING, offset: int = 0, **changes: Any) -> Version:
    """A version that books the document; `changes` = what its entry says otherwise."""
    entry = post(document)  # pyright: ignore[reportArgumentType]
    assert isinstance(entry, Entry)
    verdict, said = Verdict(Outcome.RECORDED, replace(entry, **changes)), event(document, n=standing.version + 1)
    after = advance(standing, said.id, document.revision, content_of(document), verdict)
    return Version(offset, said, content_of(document), verdict, after)


def ask_nothing(*_: object) -> None:
    """Instead of asking the contracts whether a page can be announced."""


def broken(said: Event[Any]) -> Outgoing:
    """The event with a value that nobody can read."""
    return replace(encode(said, TOPIC), value=b"{")


# -- what a page writes


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


# -- what is refused, is refused whole


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


WRONG: Sequence[tuple[str, Page]] = (
    ("an entry that is not balanced", page(version(invoice(), lines=UNBALANCED))),
    ("an entry of one line", page(version(invoice(), lines=(Line("606400", None, 5, None),)))),
    ("a line without amount", page(version(invoice(), lines=(Line("606400", None, 0, None), Line("401000", "AMAZON", 0, None))))),
    ("the entry of another invoice", page(replace(version(invoice()), standing=replace(version(invoice()).standing, entry=1)))),
)


@pytest.mark.parametrize("wrong", [wrong for _, wrong in WRONG], ids=[name for name, _ in WRONG])
def test_a_page_that_no_sound_ledger_writes_ends_the_process(book: Bookshelf, wrong: Page, monkeypatch: pytest.MonkeyPatch):
    """The check at commit alone: the contracts, which would not take such an entry either, are not asked."""
    for adapter in (books, ledger):
        monkeypatch.setattr(adapter, "ensure_sayable", ask_nothing)
    before = book.content()
    with pytest.raises(DatabaseError):
        book.owner.books.record(wrong)
    assert before == book.content()


# -- who may write


def test_a_partition_starts_at_the_beginning_and_the_next_owner_where_the_book_stands(book: Bookshelf):
    successor = book.new_owner()
    assert None is successor.position()
    assert None is successor.take()
    successor.keep(*book.deliveries(event(invoice()), event(invoice(invoice_id="I-2"))))
    assert 2 == book.new_owner().take()
    assert None is book.new_owner().take(partition=5)


def test_an_owner_that_released_has_no_position_and_writes_nothing(book: Bookshelf):
    book.owner.positions.release(TOPIC, PARTITION)
    assert None is book.owner.position()
    book.receive(event(invoice()))
    with pytest.raises(Fenced):
        book.owner.books.record(page(version(invoice())))
    assert () == book.content().versions


def test_the_next_owner_ends_the_session_of_one_that_froze(book: Bookshelf):
    """The predecessor is in the middle of a transaction: nothing of it is kept, and from then on it is fenced."""
    successor, late = book.new_owner(), book.deliveries(event(invoice(invoice_id="I-9")))
    with pytest.raises(Unavailable), book.busy(book.owner):
        successor.take()
    with pytest.raises(Fenced):
        book.owner.keep(*late)
    successor.keep(*book.deliveries(event(invoice())))
    assert ["I-1"] == [entry.invoice_id for entry in book.content().entries]


def test_a_predecessor_that_wakes_up_writes_nothing(book: Bookshelf):
    book.receive(event(invoice()))
    successor = book.new_owner()
    assert 1 == successor.take()
    late = book.deliveries(event(invoice(invoice_id="I-2")))
    successor.keep(*book.deliveries(event(invoice(invoice_id="I-3"))))
    for trouble in (Unavailable, Fenced, Fenced):
        with pytest.raises(trouble):
            book.owner.keep(*late)
    assert ["I-1", "I-3"] == [entry.invoice_id for entry in book.content().entries]
    assert 3 == successor.position()


def test_an_older_epoch_is_fenced_even_on_the_same_session(book: Bookshelf):
    late, successor = version(invoice()), book.new_owner(beside=book.owner)
    successor.take()
    with pytest.raises(Fenced):
        book.owner.books.record(page(late))
    assert () == book.content().versions
    successor.books.record(page(late))
    assert 1 == len(book.content().entries)


@pytest.mark.parametrize("start", [1, 5])
def test_a_stretch_that_does_not_start_where_the_book_stands_is_fenced(book: Bookshelf, start: int):
    """The book stands at 2; the process believes 1, or 5."""
    book.receive(event(invoice()), event(invoice(invoice_id="I-2")))
    tenure = book.owner.positions.tenure(TOPIC, PARTITION)
    assert tenure is not None
    tenure.next_offset = start
    with pytest.raises(Fenced):
        book.owner.books.record(page(version(invoice(invoice_id="I-3"), offset=start), next_offset=start + 1))
    assert ["I-1", "I-2"] == [entry.invoice_id for entry in book.content().entries]


def test_a_hand_over_in_order_ends_no_session(book: Bookshelf):
    book.owner.take(partition=4)
    with book.busy(book.owner):
        pass
    book.owner.positions.release(TOPIC, PARTITION)
    successor = book.new_owner()
    with book.busy(book.owner):
        successor.take()
    book.receive(event(invoice()), partition=4)
    successor.keep(*book.deliveries(event(invoice(company_id="C-2"))))
    assert ["C-1", "C-2"] == [entry.company_id for entry in book.content().entries]


def test_giving_up_what_another_has_taken_leaves_it_to_the_other(book: Bookshelf):
    successor, third = book.new_owner(), book.new_owner()
    successor.take()
    book.owner.positions.release(TOPIC, PARTITION)
    with pytest.raises(Unavailable), book.busy(successor):
        third.take()


def test_the_owner_on_a_new_session_goes_on_and_stays_the_one_to_end(book: Bookshelf):
    book.receive(event(invoice()))
    book.end_session(book.owner)
    late = book.deliveries(event(invoice(invoice_id="I-2")))
    with pytest.raises(Unavailable):
        book.owner.keep(*late)
    book.owner.keep(*late)
    assert ["I-1", "I-2"] == [entry.invoice_id for entry in book.content().entries]
    successor = book.new_owner()
    with pytest.raises(Unavailable), book.busy(book.owner):
        assert 2 == successor.take()


# -- how a run adds up


def test_a_run_is_finished_once_in_whatever_order_its_records_come():
    """Each order of two documents and the marker, record by record, on a book of its own (memory: the real one is below)."""
    for order in permutations(range(3)):
        with bookshelf("memory", "") as book:
            _finish_in(book, order)


@pytest.mark.parametrize("order", list(permutations(range(3)))[::2])
def test_a_run_is_finished_by_the_last_of_its_records(book: Bookshelf, order: Sequence[int]):
    _finish_in(book, order)


def _finish_in(book: Bookshelf, order: Sequence[int]) -> None:
    said = [event(invoice(), run=("R-1", 1)), event(held(invoice_id="I-2"), run=("R-1", 2)), marker(2)]
    for place in order[:2]:
        book.receive(said[place])
        assert () == book.content().finished
    book.receive(said[order[2]])
    assert (("C-1", "R-1", 1, (2, 1, 0, 0, 1, 0, 0)),) == book.content().finished


def test_every_outcome_has_its_count_and_the_overtaken_count_as_archived(book: Bookshelf):
    late = event(invoice(OTHER, invoice_id="I-8", revision=1), n=9, run=("R-1", 9))
    book.receive(*seven()[:-1], event(invoice(invoice_id="I-8", revision=2), run=("R-1", 8)), late, marker(9))
    assert (("C-1", "R-1", 1, (9, 2, 1, 2, 1, 2, 1)),) == book.content().finished


def test_a_run_without_documents_is_finished_by_its_marker(book: Bookshelf):
    book.receive(marker(0), marker(0))
    book.receive(marker(0))
    assert (("C-1", "R-1", 1, (0, 0, 0, 0, 0, 0, 0)),) == book.content().finished


def test_a_parked_record_that_is_booked_later_makes_the_next_revision(book: Bookshelf):
    good = event(invoice(), run=("R-1", 1))
    book.receive(broken(good), marker(1))
    book.receive(good)
    book.receive(good, broken(good), marker(1))
    assert (("C-1", "R-1", 1, (1, 0, 0, 0, 0, 1, 0)), ("C-1", "R-1", 2, (1, 1, 0, 0, 0, 0, 0))) == book.content().finished
    assert (("C-1", "R-1", 1, "recorded"),) == book.content().outcomes


def test_the_first_outcome_and_the_first_marker_stay(book: Bookshelf):
    """Another event under a number that is taken; a second marker that says otherwise."""
    book.receive(event(invoice(), run=("R-1", 1)), marker(1))
    book.receive(event(held(invoice_id="I-2"), run=("R-1", 1)), parked_upstream(1), marker(2))
    book.receive(event(held(invoice_id="I-3"), run=("R-1", 2)))
    assert (("C-1", "R-1", 1, (1, 1, 0, 0, 0, 0, 0)),) == book.content().finished
    assert (("C-1", "R-1", 1, "recorded"), ("C-1", "R-1", 2, "held")) == book.content().outcomes


def test_a_redelivered_event_counts_nowhere_even_under_another_number(book: Bookshelf):
    first = event(invoice(), run=("R-1", 1))
    book.receive(first, first, replace(first, run=RunPosition("R-1", 2)))
    book.receive(replace(first, run=RunPosition("R-1", 2)), marker(2))
    assert (("C-1", "R-1", 1, "recorded"),) == book.content().outcomes
    assert () == book.content().finished


def test_a_run_belongs_to_one_company_and_counts_over_its_partitions(book: Bookshelf):
    """Case: a record whose key was lost on the way stands on another partition."""
    book.owner.take(partition=4)
    book.receive(marker(2), event(invoice(company_id="C-2"), run=("R-1", 2)), event(invoice(), run=("R-1", 1)))
    assert () == book.content().finished
    book.receive(replace(encode(event(invoice(invoice_id="I-2"), run=("R-1", 2)), TOPIC), key=b"\xff\xfe"), partition=4)
    assert (("C-1", "R-1", 1, (2, 1, 0, 0, 0, 1, 0)),) == book.content().finished


def test_numbers_outside_the_run_do_not_count(book: Bookshelf):
    book.receive(event(invoice(), run=("R-1", 0)), event(held(invoice_id="I-2"), run=("R-1", 3)), marker(2))
    book.receive(event(held(invoice_id="I-3"), run=("R-1", 1)), event(held(invoice_id="I-4"), run=("R-1", None)))
    assert () == book.content().finished
    book.receive(event(held(invoice_id="I-5"), run=("R-1", 2)))
    assert (("C-1", "R-1", 1, (2, 0, 0, 0, 2, 0, 0)),) == book.content().finished


def _entry(standing: Standing) -> tuple[int | Entry | None, bytes | None]:
    return standing.entry, standing.posting
