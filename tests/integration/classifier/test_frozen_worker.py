"""Two workers of one group, one of them frozen beyond its session: the other answers what it held; its awakening harms nothing."""

import uuid
from collections.abc import Mapping
from signal import SIGCONT, SIGSTOP

import pytest

from services.kernel.envelope import Outgoing
from tests.integration.classifier.bench import CLASSIFIED, Bench, WorkerProcess, header, published, wait_until
from tests.support.collected import domestic_invoice

pytestmark = [pytest.mark.timeout(300), pytest.mark.long]
COMPANIES, COUNT = 8, 100  # eight keys: both workers have some of them


@pytest.fixture
def runs() -> Mapping[str, list[Outgoing]]:
    """A run of a hundred invoices for each of eight companies no other test knows."""
    names = [f"co-{uuid.uuid4().hex[:12]}" for _ in range(COMPANIES)]
    return {one: published([domestic_invoice(company_id=one, invoice_id=f"inv-{n}") for n in range(COUNT)]) for one in names}


def publish(bench: Bench, runs: Mapping[str, list[Outgoing]]) -> None:
    """All runs at once, record by record in turn."""
    bench.publish(*[record for records in zip(*runs.values(), strict=True) for record in records])


def assert_nothing_passed(bench: Bench, runs: Mapping[str, list[Outgoing]]) -> None:
    """The group has passed no record without an answer."""
    assert [] == [event for company in runs for event in bench.passed_unanswered(company)]


def assert_all_answered_once(bench: Bench, runs: Mapping[str, list[Outgoing]]) -> None:
    """Each input has its answer, in the order of its company; an answer given twice is the same event, so one remains of each id."""
    for company, sent in runs.items():
        wait_until(f"all answers for {company}", lambda company=company: len(answers(bench, company)) == COUNT)
        assert [(dict(record.headers)["ce_id"] or b"").decode() for record in sent] == list(answers(bench, company).values())


def answers(bench: Bench, company: str) -> dict[str, str]:
    """The event each answer is to, by the answer's id, in order of their first."""
    found: dict[str, str] = {}
    for record in bench.read(CLASSIFIED, company):
        found.setdefault(header(record, "ce_id"), header(record, "ce_causationid"))
    return found


def both_work(bench: Bench, first: WorkerProcess, second: WorkerProcess) -> None:
    """Wait until each has its part of the partitions."""
    first.wait_ready()
    second.wait_ready()
    wait_until("two members", lambda: bench.members() == 2)


def retries(worker: WorkerProcess) -> bool:
    """Whether it sends again what the broker did not take."""
    return '"retrying"' in worker.log


def test_a_worker_frozen_while_its_sends_fail_ends_itself_when_it_wakes(bench: Bench, runs: Mapping[str, list[Outgoing]]) -> None:
    """Goal: what is in hand when the partition is given away is neither sent late nor counted.

    Case: the answers' topic is gone, both workers send again and again; one is frozen until the group has forgotten it. The other, whose
    partitions were dealt anew too, ends with 75 and is started again, as Kubernetes would. The frozen one wakes and ends with 75. Nothing
    was committed until then; when the topic is back the next worker answers everything.
    """
    with bench.worker() as frozen, bench.worker() as other:
        both_work(bench, frozen, other)
        before = bench.committed()
        bench.remove_topic(CLASSIFIED)
        publish(bench, runs)
        wait_until("both try again", lambda: retries(frozen) and retries(other))
        frozen.process.send_signal(SIGSTOP)
        assert 75 == other.process.wait(60), other.log
        with bench.worker() as again:
            wait_until("it tries again", lambda: retries(again))
            assert (before, None) == (bench.committed(), frozen.process.poll())
            frozen.process.send_signal(SIGCONT)
            assert 75 == frozen.process.wait(60), frozen.log
            assert ('"partitions_revoked"' in frozen.log, before) == (True, bench.committed())
            bench.make_topics(CLASSIFIED)
            with bench.worker():
                assert_all_answered_once(bench, runs)
                assert_nothing_passed(bench, runs)


def test_a_worker_frozen_amid_its_work_harms_nothing_when_it_wakes(bench: Bench, runs: Mapping[str, list[Outgoing]]) -> None:
    """Goal: late answers are repeats of the same events, late commits are refused.

    Case: one of two is frozen amid 800 records until the other has answered all; it wakes and answers the record it had in hand.
    """
    with bench.worker() as frozen, bench.worker() as other:
        both_work(bench, frozen, other)
        publish(bench, runs)
        wait_until("some answers", lambda: any(answers(bench, company) for company in runs))
        frozen.process.send_signal(SIGSTOP)
        assert_all_answered_once(bench, runs)
        assert_nothing_passed(bench, runs)
        frozen.process.send_signal(SIGCONT)
        wait_until("it is a member again, or ended", lambda: bench.members() == 2 or frozen.process.poll() is not None)
        assert_all_answered_once(bench, runs)
        assert_nothing_passed(bench, runs)
