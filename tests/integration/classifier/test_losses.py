"""The shipped worker on a real broker under each fault that makes plain faust lose records (test_plain_faust.py): it loses nothing.

Each case ends the same way: the group's offset has passed no record without an answer, and the next worker answers all of them in order.
faust's `concurrency` and batches are not switched on at all (tests/unit/classifier/test_worker.py); their cases are here as what they
would do: a record that takes for ever while others wait behind it, and an error in the middle of what was fetched together.
"""

import json
import uuid
from dataclasses import replace

import pytest

from services.kernel.envelope import Outgoing
from tests.integration.classifier.bench import CLASSIFIED, COLLECTED, PARKED, Bench, WorkerProcess, header, published, wait_until
from tests.support.collected import domestic_invoice
from tests.support.kernel import headers

pytestmark = pytest.mark.timeout(300)
BAD, COUNT = 3, 20


@pytest.fixture
def company() -> str:
    """A company no other test knows."""
    return f"co-{uuid.uuid4().hex[:12]}"


def run_of(company: str) -> list[Outgoing]:
    """Twenty invoices of one company: one partition, fetched together."""
    return published([domestic_invoice(company_id=company, invoice_id=f"inv-{number}") for number in range(COUNT)])


def ids(records: list[Outgoing]) -> list[str]:
    """The ids of published events."""
    return [headers(record)["ce_id"].decode() for record in records]


def causes(bench: Bench, company: str) -> list[str]:
    """The events that have an answer, each once, in order of their first."""
    return list(dict.fromkeys(header(record, "ce_causationid") for record in bench.read(CLASSIFIED, company)))


def place(bench: Bench, company: str, event_id: str) -> tuple[int, int]:
    """Partition and offset of a published event."""
    (record,) = [one for one in bench.read(COLLECTED, company) if header(one, "ce_id") == event_id]
    return record.partition, record.offset


def stopped_at(worker: WorkerProcess) -> tuple[int, int]:
    """Partition and offset of the record which the worker could not handle, as its log says."""
    lines = [json.loads(line) for line in worker.log.splitlines() if '"unforeseen_error"' in line]
    return lines[-1]["partition"], lines[-1]["offset"]


def assert_the_next_worker_answers_all(bench: Bench, company: str, sent: list[Outgoing]) -> None:
    """Nothing was passed; a new worker, as Kubernetes would start it, answers the rest in order."""
    assert [] == bench.passed_unanswered(company)
    with bench.worker() as worker:
        wait_until(f"all answers; its log: {worker.log[-2000:]}", lambda: len(causes(bench, company)) == COUNT)
        assert (ids(sent), 0) == (causes(bench, company), worker.stop())
    assert [] == bench.passed_unanswered(company)


def test_an_error_nobody_foresaw_ends_the_process_and_the_record_comes_again(bench: Bench, company: str) -> None:
    """Faults: the agent raises; a crash; an error amid records fetched together; manual acknowledgement.

    Case: classify code that fails on the fourth of twenty. Exit 70; started again, it stops at the same record; mended, it answers it.
    """
    sent = run_of(company)
    bench.publish(*sent)
    for _ in range(2):
        with bench.worker("-m", "tests.integration.classifier.faulty_worker", ids(sent)[BAD]) as worker:
            assert 70 == worker.process.wait(60), worker.log
        bench.count_out()
        assert place(bench, company, ids(sent)[BAD]) == stopped_at(worker)
        assert ids(sent)[:BAD] == causes(bench, company)
    assert_the_next_worker_answers_all(bench, company, sent)


def test_nothing_passes_a_record_that_is_still_in_hand(bench: Bench, company: str) -> None:
    """Fault: `concurrency`, with the head of the line still running; delivery refused for a while, then killed.

    Case: the fourth of twenty is poison and the parked topic is gone, so it is sent again and again. No later record is answered before it.
    """
    sent = run_of(company)
    sent[BAD] = replace(sent[BAD], value=b"{")
    bench.remove_topic(PARKED)
    bench.publish(*sent)
    with bench.worker() as worker:
        wait_until("it retries", lambda: '"retrying"' in worker.log)
        partition, offset = place(bench, company, ids(sent)[BAD])
        assert ids(sent)[:BAD] == causes(bench, company)
        wait_until("what came before it is committed", lambda: bench.committed().get(partition, 0) == offset)
        worker.kill()
    bench.count_out()
    bench.make_topics(PARKED)
    assert_the_next_worker_answers_all(bench, company, sent)
    assert {ids(sent)[BAD]} == {header(record, "ce_id") for record in bench.read(PARKED, company)}


def test_a_send_the_broker_will_never_take_ends_the_process(bench: Bench, company: str) -> None:
    """Faults: `send` without its delivery; a sink; a delivery whose error is left to faust.

    Case: the broker refuses every message for its size. Exit 70, nothing of the run committed; when it takes them again, all are answered.
    """
    sent = run_of(company)
    bench.refuse(CLASSIFIED)
    bench.publish(*sent)
    with bench.worker() as worker:
        assert 70 == worker.process.wait(60), worker.log
    bench.count_out()
    assert (place(bench, company, ids(sent)[0]), []) == (stopped_at(worker), causes(bench, company))
    bench.accept(CLASSIFIED)
    assert_the_next_worker_answers_all(bench, company, sent)
