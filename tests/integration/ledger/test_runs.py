"""A run adds up: N = recorded + no_entry + archived + held + parked + duplicates, in whatever order its events come."""

import threading
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import psycopg
import pytest

from schemas.collection_finished.v1 import CollectionFinished
from schemas.invoice_parked.v1 import InvoiceParked
from schemas.values import ReasonCount
from services.kernel.envelope import Event, Outgoing, deliver, encode
from tests.integration.ledger.shelf import TOPIC, TYPES, Shelf, event
from tests.unit.ledger.documents import COMPANY, SETTINGS, held, invoice

COUNTS = "select revision, collected, recorded, no_entry, archived, held, parked, duplicates from ledger.run_finished order by revision"


def marker(emitted: int, run_id: str = "R-1", company_id: str = COMPANY) -> Event[Any]:
    """The end of the run's collection."""
    said = CollectionFinished(
        company_id=company_id,
        connection_id="K-1",
        run_id=run_id,
        kind="initial",
        emitted=emitted,
        waiting=(ReasonCount(reason="number_pending", count=2),),
        window_from=date(2026, 1, 1),
        window_to=date(2026, 3, 11),
        settings=SETTINGS,
    )
    return event(said, run=(run_id, None))


def parked_upstream(seq: int) -> Event[Any]:
    """The classifier parked the run's event of this place."""
    said = InvoiceParked(
        company_id=COMPANY, service="classifier", reason="unreadable", topic="achats.collected.v1", partition=3, offset=seq
    )
    return event(said, run=("R-1", seq))


def seven() -> list[Event[Any] | Outgoing]:
    """A run of seven with one event of each outcome (parked: one upstream, one here) and its marker."""
    nothing = [("606400", 10_00, "20"), ("606400", -10_00, "20")]
    unreadable = replace(encode(event(invoice(invoice_id="I-6"), run=("R-1", 6)), TOPIC), value=b"{")
    return [
        event(invoice(invoice_id="I-1"), run=("R-1", 1)),
        event(invoice(nothing, invoice_id="I-2"), run=("R-1", 2)),
        event(invoice(invoice_id="I-3", issue_date=date(2025, 12, 1)), run=("R-1", 3)),
        event(held(invoice_id="I-4"), run=("R-1", 4)),
        parked_upstream(5),
        unreadable,
        event(invoice(invoice_id="I-1", rulebook_version="r2"), n=2, run=("R-1", 7)),
        marker(7),
    ]


@pytest.mark.parametrize("seed", range(5))
def test_a_run_adds_up_in_any_order_and_any_batches(shelf: Shelf, seed: int):
    chance = Random(seed)
    said = seven()
    chance.shuffle(said)
    records = [shelf.record(one) for one in said]
    cut = chance.randrange(1, len(records))
    shelf.receive(*records[:cut])
    shelf.receive(*records[cut:])
    shelf.receive(*records)
    assert [(1, 7, 1, 1, 1, 1, 2, 1)] == shelf.ask(COUNTS)


def test_a_run_without_documents_is_finished_by_its_marker(shelf: Shelf):
    shelf.receive(marker(0))
    assert [(1, 0, 0, 0, 0, 0, 0, 0)] == shelf.ask(COUNTS)


def test_a_redelivered_event_counts_nowhere(shelf: Shelf):
    first = event(invoice(invoice_id="I-1"), run=("R-1", 1))
    shelf.receive(first, first, marker(2), marker(2))
    shelf.receive(first)
    assert [] == shelf.ask(COUNTS)
    shelf.receive(event(invoice(invoice_id="I-2"), run=("R-1", 2)))
    assert [(1, 2, 2, 0, 0, 0, 0, 0)] == shelf.ask(COUNTS)


def test_a_conflict_and_a_revision_that_was_overtaken_count_too(shelf: Shelf):
    shelf.receive(event(invoice(revision=2), run=("R-1", 1)))
    shelf.receive(event(invoice([("606300", 100_00, "20")], revision=3), n=2, run=("R-1", 2)))
    shelf.receive(event(invoice(revision=1), n=3, run=("R-1", 3)), marker(3))
    assert [(1, 3, 1, 0, 1, 1, 0, 0)] == shelf.ask(COUNTS)
    assert [(1, "recorded"), (2, "held"), (3, "overtaken")] == shelf.ask("select runseq, kind from ledger.outcome order by runseq")


def test_a_parked_record_that_is_booked_later_makes_the_next_revision(shelf: Shelf):
    good = event(invoice(invoice_id="I-1"), run=("R-1", 1))
    shelf.receive(replace(encode(good, TOPIC), value=b"{"), marker(1))
    shelf.receive(good)
    shelf.receive(good, replace(encode(good, TOPIC), value=b"{"))
    assert [(1, 1, 0, 0, 0, 0, 1, 0), (2, 1, 1, 0, 0, 0, 0, 0)] == shelf.ask(COUNTS)


def test_what_the_database_refuses_counts_as_parked(shelf: Shelf):
    shelf.receive(event(invoice([("606999", 1_00, None)]), run=("R-1", 1)), marker(1))
    assert [(1, 1, 0, 0, 0, 0, 1, 0)] == shelf.ask(COUNTS)


def test_a_parked_record_that_landed_on_another_partition_is_counted(shelf: Shelf):
    shelf.keeper.take(partition=4)
    shelf.receive(event(invoice(invoice_id="I-1"), run=("R-1", 1)), marker(2))
    lost = replace(encode(event(invoice(invoice_id="I-2"), run=("R-1", 2)), TOPIC), key=b"\xff\xfe")
    shelf.receive(lost, partition=4)
    assert [(1, 2, 1, 0, 0, 0, 1, 0)] == shelf.ask(COUNTS)


def test_a_run_belongs_to_one_company(shelf: Shelf):
    """Another company's marker and outcomes under the same run id are its own run."""
    foreign = invoice(company_id="C-2", invoice_id="I-9")
    shelf.receive(marker(1, company_id="C-2"), event(foreign, run=("R-1", 2)), marker(2))
    shelf.receive(event(invoice(invoice_id="I-1"), run=("R-1", 1)))
    assert [] == shelf.ask(COUNTS)
    shelf.receive(event(held(invoice_id="I-2"), run=("R-1", 2)))
    assert [(1, 2, 1, 0, 0, 1, 0, 0)] == shelf.ask(COUNTS)
    assert [("C-1", "R-1")] == shelf.ask("select company_id, run_id from ledger.run_finished")


def test_two_partitions_that_finish_a_run_at_once_finish_it_once(shelf: Shelf):
    """20 documents and 19 refused records, one fewer than trip the breaker, booked at the same time from two partitions."""
    shelf.receive(marker(39))
    other = shelf.new_keeper()
    other.take(partition=4)
    lost = [replace(encode(event(invoice(invoice_id=f"L-{n}"), run=("R-1", n)), TOPIC), key=b"\xff") for n in range(21, 40)]
    here = [shelf.record(event(invoice(invoice_id=f"I-{n}"), run=("R-1", n))) for n in range(1, 21)]
    there = [shelf.record(message, partition=4) for message in lost]

    def book_there() -> None:
        for record in there:
            other.keep([deliver(record, TYPES)])

    thread = threading.Thread(target=book_there)
    thread.start()
    for record in here:
        shelf.receive(record)
    thread.join(60)
    assert [(1, 39, 20, 0, 0, 0, 19, 0)] == shelf.ask(COUNTS)


def test_a_record_that_is_booked_while_its_copy_is_parked_elsewhere_counts_as_booked(shelf: Shelf):
    """The copy's transaction, on another partition, is not committed when the good record is written; then it commits."""
    shelf.receive(marker(1))
    good = event(invoice(invoice_id="I-1"), run=("R-1", 1))
    with psycopg.connect(shelf.consumer_url) as other:
        epoch, start = other.execute(b"select epoch, next_offset from ledger.take_position('topic-1', 4::smallint)").fetchone() or (0, 0)
        batch = other.execute(PARKING_BATCH, [epoch, start, start + 1]).fetchone()
        other.execute(
            b"insert into ledger.outcome (company_id, run_id, runseq, attempt, batch_id, kind) values ('C-1', 'R-1', 1, 1, %s, 'parked')",
            batch,
        )
        thread = threading.Thread(target=shelf.receive, args=(good,))
        thread.start()
        while not shelf.ask("select pid from pg_stat_activity where wait_event_type = 'Lock' and usename = 'ledger_consumer'"):
            pass
    thread.join(60)
    assert [(1, "parked"), (2, "recorded")] == shelf.ask("select attempt, kind from ledger.outcome order by attempt")
    assert (1, 1, 0, 0, 0, 0, 0) == shelf.ask(COUNTS)[-1][1:]


PARKING_BATCH = b"""
insert into ledger.batch (book, n, topic_id, partition, epoch, from_offset, next_offset) values (4, 0, 'topic-1', 4, %s, %s, %s)
returning batch_id
"""
