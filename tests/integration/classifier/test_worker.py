"""The faust worker on a real broker: what it says, and that no crash, refusal or stop loses a record."""

import json
import threading
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from schemas.collection_finished.v1 import CollectionFinished
from schemas.invoice_collected.v1 import InvoiceCollected
from services.classifier.handler import Rulebooks
from services.kernel.envelope import Event, Outgoing, Record, RunPosition, encode
from tests.integration.classifier.bench import CLASSIFIED, COLLECTED, PARKED, Bench, header, published, wait_until
from tests.simulation.memory.classifier import untaught
from tests.support.collected import credit_note, domestic_invoice, settings, text_invoice_with_charges, wrongly_charged_invoice
from tests.support.kernel import headers
from tests.support.reference_classifier import run_reference

pytestmark = pytest.mark.timeout(300)
MANY = 600  # more than a worker answers before it is struck


@pytest.fixture
def company() -> str:
    """A company no other test knows."""
    return f"co-{uuid.uuid4().hex[:12]}"


def invoices(company: str, count: int) -> list[InvoiceCollected]:
    """That many invoices of one company."""
    return [domestic_invoice(company_id=company, invoice_id=f"inv-{number}") for number in range(count)]


def marker(company: str, emitted: int) -> Outgoing:
    """The end of run-1."""
    finished = CollectionFinished(
        company_id=company,
        connection_id="cn-1",
        run_id="run-1",
        kind="initial",
        emitted=emitted,
        waiting=(),
        window_from=date(2026, 3, 1),
        window_to=date(2026, 3, 11),
        settings=settings(),
    )
    return encode(
        Event(f"{company}-end", "/achats/fetcher", "2026-03-11T05:00:00.000000Z", finished, RunPosition("run-1", None)), COLLECTED
    )


def story(company: str) -> list[Outgoing]:
    """A run of six: booked, held, two of poison, booked, booked; then its marker."""
    makers = (domestic_invoice, wrongly_charged_invoice, domestic_invoice, domestic_invoice, credit_note, text_invoice_with_charges)
    documents = [make(company_id=company, invoice_id=f"inv-{number}") for number, make in enumerate(makers)]
    records = published(documents)
    odd = ("odd", b"\xff\x00"), ("odd", b"twice"), ("odd", b""), ("odd", None)
    records[2] = replace(records[2], value=b"\x00{ not JSON \xff", headers=(*records[2].headers, *odd))
    records[3] = replace(records[3], value=None)
    return [*records, marker(company, len(makers))]


def odd_story(company: str) -> list[Outgoing]:
    """The same and what else can come: every other reason to refuse, a type nobody here reads, a replay with a trace; the marker last."""
    *run, end = story(company)
    replayed, newer, broken, mistaken, unnamed, untyped, foreign = published(invoices(company, 7), "run-2")
    replayed = replace(replayed, headers=(*replayed.headers, ("ce_replayid", b"rp-1"), ("traceparent", b"00-1-2-01")))
    newer = with_header(newer, "ce_type", b"achats.invoice.collected.v9")
    broken = replace(broken, value=b'{"company_id": 1}')
    mistaken = replace(mistaken, value=published(invoices(f"{company}-other", 1))[0].value)
    unnamed = with_header(unnamed, "ce_id", b"")
    untyped = with_header(untyped, "ce_type", b"")
    foreign = with_header(foreign, "ce_type", b"elsewhere.thing.done.v1")
    return [*run, replayed, newer, broken, mistaken, unnamed, untyped, foreign, end]


def with_header(record: Outgoing, name: str, value: bytes) -> Outgoing:
    """The record with another value in one header."""
    return replace(record, headers=tuple((one, value if one == name else kept) for one, kept in record.headers))


def types(records: Sequence[Record]) -> list[str]:
    """The short event types, in order."""
    return [header(record, "ce_type").removeprefix("achats.").removesuffix(".v1") for record in records]


def test_a_run_goes_through_in_order_and_its_poison_is_parked(bench: Bench, company: str) -> None:
    """Goal: one answer per record, in order, under the same key; poison kept to the byte and announced in its place in the run."""
    sent = story(company)
    bench.publish(*sent)
    with bench.worker() as worker:
        heard = bench.read(CLASSIFIED, company, seen=7)
        assert [
            "invoice.classified",
            "classification.held",
            "invoice.parked",
            "invoice.parked",
            "invoice.classified",
            "invoice.classified",
            "collection.finished",
        ] == types(heard)
        assert ["1", "2", "3", "4", "5", "6", ""] == [header(record, "ce_runseq") for record in heard]
        assert {"/achats/classifier"} == {header(record, "ce_source") for record in heard}
        kept = bench.read(PARKED, company, seen=2)
        assert [(sent[2].value, sent[2].headers), (None, sent[3].headers)] == [(record.value, record.headers[:-1]) for record in kept]
        assert ["achats-parked", "achats-parked"] == [record.headers[-1][0] for record in kept]
        worker.wait_ready()
        assert "yes\n" == worker.ask("/live")
        assert 'achats_records_parked_total{reason="unreadable",service="classifier"} 2.0' in worker.ask("/metrics")
        assert 0 == worker.stop(), worker.log


def test_the_plain_loop_says_the_same_bytes(bench: Bench, company: str) -> None:
    """Goal: the worker is only a way to run the handler.

    Method: the same records, with every kind of poison, through a confluent loop. All bytes are equal but the moment of parking.
    """
    sent = odd_story(company)
    bench.publish(*sent)
    with bench.worker() as worker:
        ours = bench.read(CLASSIFIED, company, seen=13)
        assert 0 == worker.stop(), worker.log
    both = ran_by_reference(bench, company, untaught(), seen=26)
    kept = bench.read(PARKED, company, seen=14)
    assert [wire(record) for record in ours] == [wire(record) for record in both[13:]]
    assert [parked_wire(record) for record in kept[:7]] == [parked_wire(record) for record in kept[7:]]
    assert 7 == len({reason(record)["offset"] for record in kept})


def ran_by_reference(bench: Bench, company: str, rulebooks: Rulebooks, seen: int) -> list[Record]:
    """What stands on the classified topic once the plain loop has answered the company's records too."""
    done = threading.Event()
    loop = threading.Thread(target=run_reference, args=(bench.kafka.bootstrap, f"reference-{company}", rulebooks, done.is_set))
    loop.start()
    try:
        return bench.read(CLASSIFIED, company, seen=seen)
    finally:
        done.set()
        loop.join()


def wire(record: Record) -> tuple[Any, ...]:
    """What of a record must be equal."""
    return record.partition, record.key, record.value, record.headers


def reason(record: Record) -> dict[str, Any]:
    """Why a record was parked, as its last header says."""
    return json.loads(record.headers[-1][1] or b"")


def parked_wire(record: Record) -> tuple[Any, ...]:
    """What of a parked record must be equal."""
    return record.key, record.value, record.headers[:-1], {name: value for name, value in reason(record).items() if name != "parked_at"}


def answered(bench: Bench, company: str, expected: Sequence[str]) -> list[str]:
    """The causes that have an answer, each once, in order of their first; waits until there are as many answers as expected causes."""
    causes: list[str] = []

    def complete() -> bool:
        causes[:] = dict.fromkeys(header(record, "ce_causationid") for record in bench.read(CLASSIFIED, company))
        return len(causes) >= len(expected)

    wait_until(f"all answers for {company}", complete)
    return causes


def ids(records: Sequence[Outgoing]) -> list[str]:
    """The ids of published events."""
    return [headers(record)["ce_id"].decode() for record in records]


def test_a_killed_worker_loses_nothing(bench: Bench, company: str) -> None:
    """Goal: at least once. Method: kill -9 amid 600 records; the next worker answers the rest."""
    sent = published(invoices(company, MANY))
    bench.publish(*sent)
    with bench.worker() as worker:
        bench.read(CLASSIFIED, company, seen=100)
        worker.kill()
    bench.count_out()
    assert len(bench.read(CLASSIFIED, company)) < MANY
    with bench.worker():
        assert ids(sent) == answered(bench, company, ids(sent))


def test_a_stop_amid_work_loses_nothing_and_ends_in_order(bench: Bench, company: str) -> None:
    """Goal: SIGTERM finishes the record in hand and commits no other. Method: stop amid 600 records, exit code 0."""
    sent = published(invoices(company, MANY))
    bench.publish(*sent)
    with bench.worker() as worker:
        bench.read(CLASSIFIED, company, seen=100)
        assert 0 == worker.stop(), worker.log
    assert len(bench.read(CLASSIFIED, company)) < MANY
    with bench.worker():
        assert ids(sent) == answered(bench, company, ids(sent))


def test_a_refused_send_is_retried_in_place(bench: Bench, company: str) -> None:
    """Goal: nothing is committed while the broker refuses, everything arrives afterwards. Method: the topic is gone for a while."""
    with bench.worker() as worker:
        worker.wait_ready()
        before = bench.committed()
        bench.remove_topic(CLASSIFIED)
        sent = published(invoices(company, 20))
        bench.publish(*sent)
        wait_until("it retries and is not ready", lambda: '"retrying"' in worker.log and worker.ask("/ready") == "no\n")
        assert ("yes\n", before) == (worker.ask("/live"), bench.committed())
        bench.make_topics(CLASSIFIED)
        assert ids(sent) == answered(bench, company, ids(sent))
        wait_until("ready again", lambda: worker.ask("/ready") == "yes\n")


def test_a_stop_while_the_broker_refuses_is_bounded_and_commits_nothing(bench: Bench, company: str) -> None:
    """Goal: the record in hand is not counted as done. Method: SIGTERM during the refusals; exit 75 within the bound."""
    sent = published(invoices(company, 5))
    with bench.worker() as worker:
        worker.wait_ready()
        before = bench.committed()
        bench.remove_topic(CLASSIFIED)
        bench.publish(*sent)
        wait_until("it retries", lambda: '"retrying"' in worker.log)
        assert 75 == worker.stop(), worker.log
        assert before == bench.committed()
    bench.count_out()
    bench.make_topics(CLASSIFIED)
    with bench.worker():
        assert ids(sent) == answered(bench, company, ids(sent))


def test_a_broker_that_goes_away_loses_nothing(bench: Bench, company: str) -> None:
    """Goal: a broker killed amid 600 records and back. Method: one worker; should it end itself, the next one, as Kubernetes would."""
    sent = published(invoices(company, MANY))
    bench.publish(*sent)
    with bench.worker() as worker:
        assert len(bench.read(CLASSIFIED, company, seen=100)) < MANY
        bench.kafka.kill()
        bench.kafka.start()
        wait_until("ready again, or ended", lambda: worker.ask("/ready") == "yes\n" or worker.process.poll() is not None)
        ended = worker.process.poll()
        if ended is None:
            assert ids(sent) == answered(bench, company, ids(sent))
            return
    bench.count_out()
    with bench.worker():
        assert ids(sent) == answered(bench, company, ids(sent))


def test_a_marker_that_cannot_be_read_stops_the_service_before_it(bench: Bench, company: str) -> None:
    """Goal: exit 70, the marker is not counted as done; an operator's skip frees the partition."""
    broken = replace(marker(company, 1), value=b"{")
    sent = published(invoices(company, 1))
    bench.publish(*sent, broken, *published(invoices(company, 1), "run-2"))
    with bench.worker() as worker:
        assert 70 == worker.process.wait(60), worker.log
    (place,) = [record for record in bench.read(COLLECTED, company) if record.value == b"{"]
    assert bench.committed().get(place.partition, 0) <= place.offset
    assert ["invoice.classified"] == sorted(set(types(bench.read(CLASSIFIED, company))))
    bench.count_out()
    bench.skip(place.partition, place.offset)
    with bench.worker():
        assert [f"{company}-run-1-1", f"{company}-run-2-1"] == answered(bench, company, ["run-1", "run-2"])


def test_partitions_that_change_hands_lose_nothing(bench: Bench, company: str) -> None:
    """Goal: a second worker joins and the first leaves amid 1,800 records of six companies; each company's order holds."""
    runs = {f"{company}-{number}": published(invoices(f"{company}-{number}", 300)) for number in range(6)}
    bench.publish(*[record for records in zip(*runs.values(), strict=True) for record in records])
    with bench.worker() as first:
        bench.read(CLASSIFIED, f"{company}-0", seen=20)
        with bench.worker() as second:
            second.wait_ready()
            assert 0 == first.stop(), first.log
            for one, sent in runs.items():
                assert ids(sent) == answered(bench, one, ids(sent))
