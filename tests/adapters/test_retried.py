"""What operators give back to the ledger, in memory and in PostgreSQL: it comes to its own book, counts once, and takes parked's place."""

from dataclasses import replace
from typing import Any

import pytest

from schemas.record_parked.v1 import RecordParked
from services.kernel.envelope import Event, Outgoing, Record, deliver, encode
from services.kernel.errors import MarkerRefused
from services.ledger.handler import RETRY
from tests.adapters.bookshelf import Bookshelf
from tests.adapters.pages import broken
from tests.integration.ledger.shelf import PARTITION, TOPIC, TOPIC_ID, TYPES, event
from tests.integration.ledger.test_runs import marker
from tests.unit.ledger.documents import invoice

RETRY_ID = "topic-9"
PARKED_THEN_RECORDED = (("C-1", "R-1", 1, (1, 0, 0, 0, 0, 1, 0)), ("C-1", "R-1", 2, (1, 1, 0, 0, 0, 0, 0)))


def take(book: Bookshelf) -> Bookshelf:
    """The book, whose owner has the partition of the retry topic too from now on."""
    assert book.owner.positions.take(RETRY, RETRY_ID, PARTITION) is None
    return book


def epoch_of(book: Bookshelf, topic: str) -> int:
    """How often the partition was taken."""
    tenure = book.owner.positions.tenure(topic, PARTITION)
    assert tenure
    return tenure.epoch


def given_back(said: Event[Any] | Outgoing, offset: int, partition: int = PARTITION) -> Record:
    """A record on the retry topic."""
    message = said if isinstance(said, Outgoing) else encode(said, TOPIC)
    return Record(RETRY, partition, offset, 0, message.key, message.value, message.headers)


def test_what_is_given_back_is_booked_once_and_the_run_has_it(book: Bookshelf):
    """Parked by us, given back twice, mended: one entry in its company's book, the run's next revision, both positions moved."""
    taken = take(book)
    good = event(invoice(), run=("R-1", 1))
    taken.receive(broken(good), marker(1))
    taken.receive(given_back(good, 0))
    taken.receive(given_back(good, 1))
    assert PARKED_THEN_RECORDED == taken.content().finished
    assert 1 == len(taken.content().entries)
    assert (2, 2) == (taken.owner.books.position(RETRY, PARTITION), taken.owner.position())


def test_a_company_that_was_not_known_yet_is_opened_in_the_book_of_its_partition(book: Bookshelf):
    """Its next document comes on the live topic, to the same book."""
    taken = take(book)
    taken.receive(given_back(event(invoice()), 0))
    taken.receive(event(invoice(invoice_id="I-2")))
    assert (2, ()) == (len(taken.content().entries), taken.content().parked)


def test_each_topic_has_its_own_position(book: Bookshelf):
    """One partition number, one book, two topics, even under one epoch: what is read of the one moves nothing on the other."""
    taken = take(book)
    while epoch_of(taken, RETRY) < epoch_of(taken, TOPIC):
        taken.owner.positions.take(RETRY, RETRY_ID, PARTITION)
    taken.receive(given_back(event(invoice()), 0))
    assert {(TOPIC_ID, PARTITION, 0), (RETRY_ID, PARTITION, 1)} == set(taken.content().positions)


def test_live_and_given_back_may_come_in_one_poll(book: Bookshelf):
    """Each has its own batch and position."""
    taken = take(book)
    live = taken.record(event(invoice(invoice_id="I-2")))
    taken.receive(given_back(event(invoice()), 0), live)
    assert (2, 1, 1) == (len(taken.content().entries), taken.owner.books.position(RETRY, PARTITION), taken.owner.position())


def test_a_revision_that_was_overtaken_meanwhile_is_noted(book: Bookshelf):
    """The price of giving back: order within a company is broken. The older revision is noted and counts as archived."""
    taken = take(book)
    taken.receive(broken(event(invoice(revision=1), run=("R-1", 1))), event(invoice(revision=2), n=2, run=("R-1", 2)), marker(2))
    taken.receive(given_back(event(invoice(revision=1), run=("R-1", 1)), 0))
    assert [(2, 1, 0, 0, 0, 1, 0), (2, 1, 0, 1, 0, 0, 0)] == [counts for *_, counts in taken.content().finished]
    assert (1, 1) == (len(taken.content().overtaken), len(taken.content().entries))


def test_what_is_refused_again_is_parked_again_with_both_reasons(book: Bookshelf):
    """It still counts as parked in its run, which has no second revision."""
    taken = take(book)
    bad = broken(event(invoice(), run=("R-1", 1)))
    taken.receive(bad, marker(1))
    [first] = [message for message in taken.announced() if message.topic.startswith("achats.parked.")]
    taken.receive(given_back(first, 0))
    [again] = [message for message in taken.announced() if message.topic.startswith("achats.parked.")]
    assert (bad.key, bad.value, first.headers) == (again.key, again.value, again.headers[:-1])
    assert [TOPIC, RETRY] == [said.topic for said in RecordParked.said_of(again.headers, RETRY)]
    assert PARKED_THEN_RECORDED[:1] == taken.content().finished


def test_a_marker_that_is_given_back_in_vain_does_not_stop_the_service(book: Bookshelf):
    """On the live topic it does; here an operator has parked it before. Mended, it ends its run."""
    taken = take(book)
    bad = broken(marker(1))
    with pytest.raises(MarkerRefused):
        taken.receive(bad)
    taken.receive(given_back(bad, 0))
    taken.receive(taken.record(event(invoice(), run=("R-1", 1))))
    assert () == taken.content().finished
    taken.receive(given_back(marker(1), 1))
    assert PARKED_THEN_RECORDED[1][3] == taken.content().finished[0][3]


def test_a_process_without_the_partition_writes_nothing(book: Bookshelf):
    """Another one has it: the record is that one's business."""
    book.owner.keep(deliver(given_back(event(invoice()), 0), TYPES))
    assert () == book.content().entries


def test_another_partition_of_the_retry_topic_is_another_book(book: Bookshelf):
    """A company of book 3 cannot be booked in book 4: parked, not written elsewhere."""
    taken = take(book)
    taken.receive(event(invoice()))
    taken.owner.positions.take(RETRY, RETRY_ID, PARTITION + 1)
    taken.receive(given_back(event(invoice(invoice_id="I-2")), 0, partition=PARTITION + 1))
    assert (1, 1) == (len(taken.content().entries), len(taken.content().parked))


def test_copies_are_the_same_record(book: Bookshelf):
    """The bytes that came, under another place: nothing of the record itself was changed by giving it back."""
    taken = take(book)
    good = event(invoice())
    live = taken.record(good)
    assert replace(live, topic=RETRY, offset=0) == given_back(good, 0)
