"""Starting and stopping while Kafka is dead or frozen: the process waits, or is gone within its bound, with the exit code it promises."""

import json
import time
import uuid

import pytest

from services.classifier.adapters.faust_app import STOP_SECONDS
from tests.integration.classifier.bench import CLASSIFIED, Bench, WorkerProcess, header, published, wait_until
from tests.support.collected import domestic_invoice

pytestmark = pytest.mark.timeout(300)
MARGIN_SECONDS = 10.0  # the machine's, not the worker's: a busy one is slow to end a process
COUNT = 500


@pytest.fixture
def company() -> str:
    """A company no other test knows."""
    return f"co-{uuid.uuid4().hex[:12]}"


def code_in_time(worker: WorkerProcess) -> int:
    """Ask the worker to end; its exit code. AssertionError when it takes longer than promised."""
    worker.process.terminate()
    asked = time.monotonic()
    code = worker.process.wait(60)
    assert time.monotonic() - asked < STOP_SECONDS + MARGIN_SECONDS
    return code


def test_a_stop_is_bounded_whatever_kafka_does(bench: Bench, company: str) -> None:
    """Goal: a pod is gone before Kubernetes kills it, and nothing is lost by that.

    Case: two workers amid 500 records of each of two companies; the broker freezes, the first is asked to end; it is killed, the second is
    asked. Both exit with 75. A third is started meanwhile and waits. The broker comes back: no record was passed, the third answers all.
    """
    companies = (f"{company}-a", f"{company}-b")
    runs = [published([domestic_invoice(company_id=one, invoice_id=f"inv-{n}") for n in range(COUNT)]) for one in companies]
    with bench.worker() as first, bench.worker() as second:
        first.wait_ready()
        second.wait_ready()
        bench.publish(*[record for both in zip(*runs, strict=True) for record in both])
        bench.read(CLASSIFIED, companies[0], seen=50)
        bench.freeze()
        assert 75 == code_in_time(first), first.log
        bench.kafka.kill()
        assert 75 == code_in_time(second), second.log
    with bench.worker() as third:
        wait_until("it tries again", lambda: loops_retried(third) == {"start"})
        assert ("yes\n", "no\n") == (third.ask("/live"), third.ask("/ready"))
        bench.kafka.start()
        third.wait_ready()  # by then the broker has its table of offsets again; asked before, confluent-kafka's administrator crashes
        for one in companies:
            assert [] == bench.passed_unanswered(one)
            wait_until(f"all answers; its log: {third.log[-2000:]}", lambda one=one: len(causes(bench, one)) == COUNT)


def loops_retried(worker: WorkerProcess) -> set[str]:
    """Which loops said that they try again."""
    return {json.loads(line)["loop"] for line in worker.log.splitlines() if '"retrying"' in line}


def causes(bench: Bench, company: str) -> set[str]:
    """The events that have an answer."""
    return {header(record, "ce_causationid") for record in bench.read(CLASSIFIED, company)}


def test_a_worker_that_waits_for_kafka_ends_when_asked(bench: Bench) -> None:
    """Goal: waiting for a broker is no reason not to stop. Case: nobody listens at the address; SIGTERM; exit code 0."""
    with bench.worker(kafka="127.0.0.1:9") as worker:
        wait_until("it tries again", lambda: loops_retried(worker) == {"start"})
        assert 0 == code_in_time(worker), worker.log
