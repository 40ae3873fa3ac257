"""The book is the outbox, in memory and in PostgreSQL: what is sealed is said in order, once acknowledged, and both say the same."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import pytest

from schemas.booking_held.v1 import BookingHeld
from schemas.entry_recorded.v1 import EntryRecorded
from schemas.import_finished.v1 import ImportFinished
from schemas.invoice_described.v1 import InvoiceDescribed
from services.kernel.envelope import Event, Outgoing, Record, encode
from services.kernel.errors import Unavailable
from tests.adapters.bookshelf import Bookshelf, bookshelf
from tests.integration.ledger.shelf import PARTITION, TOPIC, Broker, event
from tests.integration.ledger.test_runs import marker, parked_upstream, seven
from tests.support.kernel import headers
from tests.unit.ledger.documents import held, invoice, pdf

RECORDED, HELD, DESCRIBED, FINISHED = (contract.ce_type for contract in (EntryRecorded, BookingHeld, InvoiceDescribed, ImportFinished))
SAID_AT = re.compile(rb'"(recorded_at|changed_at|finished_at)":"[^"]*"')
SEEDS = range(5, 10)


def heard(messages: Sequence[Outgoing], *names: str) -> list[tuple[str, ...]]:
    """These headers of the messages, as text."""
    return [tuple(headers(message)[name].decode() for name in names) for message in messages]


def test_a_batch_is_said_in_the_order_of_its_records_and_then_the_run_it_finished(book: Bookshelf):
    broken = replace(encode(event(invoice(invoice_id="I-2"), run=("R-1", 2)), TOPIC), value=b"{")
    book.receive(marker(3), event(held(invoice_id="I-3"), run=("R-1", 3)), broken, event(invoice(invoice_id="I-1"), run=("R-1", 1)))
    messages = book.announced()
    assert [HELD, DESCRIBED, "achats.invoice.classified.v1", RECORDED, DESCRIBED, FINISHED] == [
        ce_type for (ce_type,) in heard(messages, "ce_type")
    ]
    assert ["achats.booked.v1", "achats.invoices.v1", "achats.parked.ledger.v1", "achats.booked.v1", "achats.invoices.v1"] == [
        message.topic for message in messages[:5]
    ]
    assert (broken.key, broken.value, broken.headers) == (messages[2].key, messages[2].value, messages[2].headers[:-1])


def test_an_entry_is_said_with_all_its_lines(book: Bookshelf):
    book.receive(event(invoice([("606400", 100_00, "20"), ("606300", 10_00, "5.5")])))
    messages = book.announced()
    assert [RECORDED, DESCRIBED] == [_type(message) for message in messages]
    recorded, described = messages
    entry, view = EntryRecorded.model_validate_json(recorded.value or b""), InvoiceDescribed.model_validate_json(described.value or b"")
    assert [
        ("606300", 10_00, 0),
        ("606400", 100_00, 0),
        ("445660", 55, 0),
        ("445660", 20_00, 0),
        ("401000", 0, 130_55),
    ] == [(line.account, line.debit_cents, line.credit_cents) for line in entry.lines]
    assert (entry.lines, entry.entry_id, "AC", "FR-1") == (view.lines, view.entry_id, entry.journal, entry.piece_ref)


def test_versions_of_an_invoice_are_said_in_their_order(book: Bookshelf):
    """Over batches and inside one: whoever keeps the last view he heard keeps the latest."""
    book.receive(*(event(invoice(revision=n, orders=(f"406-{n}",)), n=n) for n in (1, 2, 3)))
    book.receive(event(invoice([("606300", 100_00, "20")], revision=4), n=4))
    views = [InvoiceDescribed.model_validate_json(one.value or b"") for one in book.announced() if one.topic == "achats.invoices.v1"]
    assert [(1, "recorded"), (2, "recorded"), (3, "recorded"), (4, "held")] == [(view.version, view.outcome) for view in views]


def test_a_run_is_said_again_when_its_counts_change_and_only_then(book: Bookshelf):
    good = event(invoice(), run=("R-1", 1))
    book.receive(replace(encode(good, TOPIC), value=b"{"), marker(1))
    book.receive(marker(1), good)
    book.receive(good, marker(1))
    finished = [ImportFinished.model_validate_json(one.value or b"") for one in book.announced() if _type(one) == FINISHED]
    assert [(1, 0, 1), (2, 1, 0)] == [(said.revision, said.counts.recorded, said.counts.parked) for said in finished]


def test_what_was_not_acknowledged_is_sent_again_from_there(book: Bookshelf):
    for n in range(3):
        book.receive(event(invoice(invoice_id=f"I-{n}a")), event(invoice(invoice_id=f"I-{n}b")))
    broker, relay = Broker(limits=[3, 0, 6, 1]), book.new_relay()
    assert [3, 0, 6, 1, 2, 0] == [relay.turn(500, broker.send) for _ in range(6)]
    assert [(f"C-1/I-{n}{letter}",) for n in range(3) for letter in "ab" for _ in "12"] == heard(broker.messages, "ce_subject")
    assert 12 == len(set(heard(broker.messages, "ce_id")))


def test_another_relay_goes_on_where_the_acknowledgements_end(book: Bookshelf):
    book.receive(event(invoice()), event(invoice(invoice_id="I-2")))
    broker = Broker(limits=[1, 2])
    assert [1, 2, 1, 0] == [book.new_relay().turn(500, broker.send) for _ in range(4)]
    assert [RECORDED, DESCRIBED, RECORDED, DESCRIBED] == [ce_type for (ce_type,) in heard(broker.messages, "ce_type")]


def test_a_relay_that_dies_between_sending_and_marking_is_followed_by_one_that_says_the_same(book: Bookshelf):
    book.receive(*seven())
    dying = Broker()

    def send_and_die(messages: Sequence[Outgoing]) -> int:
        dying.send(messages)
        raise Unavailable("the process ends here")

    for _ in range(2):
        with pytest.raises(Unavailable):
            book.new_relay().turn(500, send_and_die)
    assert dying.messages == book.announced() * 2
    assert [] == book.announced()


def test_a_turn_stops_at_its_limit_after_a_whole_batch(book: Bookshelf):
    for n in range(3):
        book.receive(event(invoice(invoice_id=f"I-{n}")))
    broker, relay = Broker(), book.new_relay()
    assert [4, 2, 0] == [relay.turn(3, broker.send) for _ in range(3)]


def test_a_batch_that_says_nothing_holds_nobody_up(book: Bookshelf):
    """Case: only repeats, and a type nobody reads here."""
    book.receive(event(invoice()))
    book.receive(event(invoice()))
    book.receive(event(invoice(invoice_id="I-2")))
    assert [("C-1/I-1",), ("C-1/I-1",), ("C-1/I-2",), ("C-1/I-2",)] == heard(book.announced(), "ce_subject")


def test_two_relays_never_send_one_book_at_the_same_time(book: Bookshelf):
    book.owner.take(partition=4)
    book.receive(event(invoice()))
    book.receive(event(invoice(company_id="C-4")), partition=4)
    first, second, other = book.new_relay(), book.new_relay(), Broker()
    turns = list[int]()

    def send_while_another_tries(messages: Sequence[Outgoing]) -> int:
        turns.append(second.turn(500, other.send))
        return len(messages)

    assert 2 == first.turn(500, send_while_another_tries)
    assert [2] == turns
    assert [("C-4",), ("C-4",)] == heard(other.messages, "ce_companyid")


def test_each_book_is_said_in_its_own_order(book: Bookshelf):
    book.owner.take(partition=4)
    for n in (1, 2):
        book.receive(event(invoice(company_id="C-4", invoice_id=f"I-{n}")), partition=4)
        book.receive(event(invoice(invoice_id=f"I-{n}")))
    subjects = [subject for (subject,) in heard(book.announced(), "ce_subject")]
    assert ["C-1/I-1", "C-1/I-1", "C-1/I-2", "C-1/I-2", "C-4/I-1", "C-4/I-1", "C-4/I-2", "C-4/I-2"] == subjects


def test_trouble_leaves_what_was_not_sent_to_the_next_turn(book: Bookshelf):
    book.receive(event(invoice()))
    relay = book.new_relay()

    def refuse(_: Sequence[Outgoing]) -> int:
        raise Unavailable("Kafka acknowledges nothing")

    with pytest.raises(Unavailable):
        relay.turn(500, refuse)
    assert 2 == relay.turn(500, Broker().send)


@pytest.mark.parametrize("seed", SEEDS)
def test_memory_and_postgresql_say_and_keep_the_same(migrated_url: str, seed: int):
    """
    two runs from a seed, of two companies on two partitions: new, next, late and repeated revisions, conflicts, one PDF twice, holds,
    poison of three kinds, records that were parked and come again, some on the wrong partition; in pages of one to nine, some of them
    delivered again, owners changing
      the same content and, apart from times, the same messages with the same ids; both runs are finished
    """
    with bookshelf("memory", "") as twin, bookshelf("real", migrated_url) as real:
        for shelf in (twin, real):
            _live(shelf, Random(seed))
        assert twin.content() == real.content()
        assert [_timeless(message) for message in twin.announced()] == [_timeless(message) for message in real.announced()]
        assert {("C-1", "R-1"), ("C-2", "R-2")} == {row[:2] for row in real.content().finished}


def _live(book: Bookshelf, chance: Random) -> None:
    """Both runs arrive, page by page."""
    arriving = _runs(chance)
    before = list[Record]()
    book.owner.take(partition=4)
    while arriving:
        page, arriving = arriving[: (size := chance.randint(1, 9))], arriving[size:]
        for partition in (PARTITION, 4):
            records = [book.record(said, partition) for said, place in page if place == partition]
            again = [record for record in before[-5:] if record.partition == partition and chance.random() < 0.3]
            book.receive(*again, *records)
            before += records
        if chance.random() < 0.2:
            book.owner = book.new_owner()
            for partition in (PARTITION, 4):
                book.owner.take(partition)


def _runs(chance: Random) -> list[tuple[Event[Any] | Outgoing, int]]:
    """Everything that is said, shuffled, with its partition."""
    said: list[tuple[Event[Any] | Outgoing, int]] = []
    for company, run, partition in (("C-1", "R-1", PARTITION), ("C-2", "R-2", 4)):
        events = [_something(chance, company, run, seq) for seq in range(1, 31)]
        broken = [replace(encode(one, TOPIC), value=b"{") for one in chance.sample(events, 6)]
        end = marker(30, run, company)
        said += [(one, partition if chance.random() < 0.98 else 7 - partition) for one in (*events, *chance.sample(events, 6), end, end)]
        said += [(one, chance.choice((PARTITION, 4))) for one in broken]
    chance.shuffle(said)
    return said


def _something(chance: Random, company: str, run: str, seq: int) -> Event[Any]:
    """The event of this number."""
    about: dict[str, Any] = {"company_id": company, "invoice_id": f"I-{chance.randint(1, 12)}", "revision": chance.randint(1, 3)}
    about["document"] = pdf(chance.choice((*[f"{company} {about['invoice_id']}"] * 7, "shared")))
    match chance.randint(0, 9):
        case 0:
            data = held(**about)
        case 1:
            data = invoice(issue_date=date(2025, 5, 1), **about)
        case 2:
            data = invoice([("606999", 1_00, None)], **about)
        case 3:
            data = invoice([("606400", 10_00, "20"), ("606400", -10_00, "20")], **about)
        case 4:
            data = parked_upstream(seq).data.model_copy(update={"company_id": company})
        case kind:
            data = invoice([("606400" if kind < 9 else "606300", 100_00, "20")], **about)
    return event(data, n=seq, run=(run, seq))


def _timeless(message: Outgoing) -> Outgoing:
    """The message without the moments at which its shelf said it."""
    own = _type(message) in (RECORDED, HELD, DESCRIBED, FINISHED)
    headers = tuple((name, b"" if own and name == "ce_time" else value) for name, value in message.headers)
    return replace(message, value=SAID_AT.sub(rb'"\1":""', message.value or b""), headers=headers)


def _type(message: Outgoing) -> str:
    return headers(message)["ce_type"].decode()
