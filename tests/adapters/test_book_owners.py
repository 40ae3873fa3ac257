"""Who may write the book, in memory and in PostgreSQL: one owner of a partition, from where the book stands."""

import pytest

from services.kernel.errors import Unavailable
from services.ledger.adapters.positions import Fenced
from tests.adapters.bookshelf import Bookshelf
from tests.adapters.pages import page, version
from tests.integration.ledger.shelf import PARTITION, TOPIC, event
from tests.unit.ledger.documents import invoice


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
