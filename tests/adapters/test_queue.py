"""The queue of runs, in memory or procrastinate's: the same order, the same second chances."""

from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta

import pytest

from services.fetcher.adapters.companies import Companies
from services.fetcher.adapters.jobs import HISTORY_QUEUE
from services.fetcher.domain.records import Connection, Run
from services.fetcher.domain.schedule import lane_of
from tests.adapters.fetcher_bench import Bench, open_bench
from tests.simulation.memory.fetcher_jobs import JobGone, Taken


@pytest.fixture(params=["memory", "real"])
def bench(request: pytest.FixtureRequest) -> Generator[Bench]:
    """A queue in memory, then procrastinate's."""
    with open_bench(request) as bench:
        yield bench


def taken(bench: Bench, worker: str = "w1") -> Taken:
    """A job there must be."""
    job = bench.jobs.take(worker)
    assert job is not None
    return job


def three_jobs(bench: Bench) -> tuple[Run, Run, Run]:
    """The first run of one company, that of another, then the first company's next day: its first run's second job, and its own."""
    first, other = bench.connect(), bench.connect("other")
    return first, other, bench.next_run(first)


def test_jobs_of_one_connection_run_one_after_the_other(bench: Bench) -> None:
    """The other company's beside it; the next one of the first company only once the one before is done."""
    first, other, daily = three_jobs(bench)
    one, beside = taken(bench), taken(bench, "w2")
    assert [first.run_id, other.run_id] == [one.run_id, beside.run_id]
    assert bench.jobs.take("w2") is None
    bench.jobs.succeed(one)
    again = taken(bench, "w2")
    assert (first.run_id, [daily.run_id]) == (again.run_id, bench.jobs.waiting())
    bench.jobs.succeed(again)
    assert daily.run_id == taken(bench).run_id
    assert [] == bench.jobs.waiting()


def test_a_job_that_is_tried_again_keeps_its_place(bench: Bench) -> None:
    """Not before its time, and nothing of its connection overtakes it."""
    _, other, _ = three_jobs(bench)
    bench.jobs.retry(taken(bench), bench.now() + timedelta(hours=1))
    assert other.run_id == taken(bench).run_id
    assert bench.jobs.take("w1") is None


def test_a_job_that_is_due_again_is_taken_again(bench: Bench) -> None:
    """With its attempts counted."""
    run, attempts = bench.connect(), list[int]()
    for _ in range(3):
        job = taken(bench)
        attempts.append(job.attempts)
        bench.jobs.retry(job, bench.now())
    assert ([0, 1, 2], [run.run_id]) == (attempts, bench.jobs.waiting())


def test_a_job_that_failed_stands_in_nobody_s_way(bench: Bench) -> None:
    """The next one of its connection comes."""
    first, _, daily = three_jobs(bench)
    bench.jobs.fail(taken(bench))
    seen = [taken(bench).run_id, taken(bench).run_id]
    assert first.run_id in seen
    assert [daily.run_id] == bench.jobs.waiting()


def test_a_job_of_a_dead_worker_comes_back(bench: Bench) -> None:
    """Not one of a worker that lives; and only once. The end of a process is no try."""
    run = bench.connect()
    job = taken(bench, "w1")
    bench.jobs.beat("w1")
    assert 0 == bench.jobs.retry_stalled()
    bench.die("w1")
    assert 1 == bench.jobs.retry_stalled()
    assert 0 == bench.jobs.retry_stalled()
    again = taken(bench, "w2")
    assert (run.run_id, job.job_id, 0) == (again.run_id, again.job_id, again.attempts)


def test_a_worker_that_was_taken_for_dead_finds_its_job_gone(bench: Bench) -> None:
    """Another one has done it."""
    bench.connect()
    job = taken(bench, "w1")
    bench.die("w1")
    bench.jobs.retry_stalled()
    bench.jobs.succeed(taken(bench, "w2"))
    for end in (bench.jobs.succeed, bench.jobs.fail):
        with pytest.raises(JobGone):
            end(job)
    with pytest.raises(JobGone):
        bench.jobs.retry(job, bench.now())


def test_a_job_is_there_when_its_transaction_is_committed(bench: Bench) -> None:
    """What started the run fails: no run, no job."""
    run = bench.connect()
    with pytest.raises(ZeroDivisionError):
        bench.next_run(run, then=lambda: 1 // 0)
    assert [run.run_id] == bench.jobs.waiting()


def put(bench: Bench, run: Run, kind: str) -> str:
    """A run of that kind of the same connection, with its job."""
    with bench.store.transaction() as transaction:
        book = Companies(transaction)
        connection = book.connection(run.connection_id)
        assert connection is not None
        run_id = f"run-{kind}"
        assert book.put_run(connection, run_id, kind, (run.window_from, run.window_to), bench.clock.now())
        book.defer(connection, run_id, lane_of(kind))
    return run_id


def test_lanes_are_served_in_their_order(bench: Bench) -> None:
    """Queued the other way round, one connection: daily, sync now, weekly; a migration of history has a queue of its own and comes last."""
    run = bench.connect()
    bench.jobs.succeed(taken(bench))
    for kind in ("history", "weekly", "sync_now", "daily"):
        put(bench, run, kind)
    order = list[str]()
    for _ in range(3):
        assert bench.jobs.take("w2", HISTORY_QUEUE) is None
        job = taken(bench)
        order.append(job.run_id)
        bench.jobs.succeed(job)
    assert ["run-daily", "run-sync_now", "run-weekly"] == order
    assert bench.jobs.take("w1") is None
    migrating = bench.jobs.take("w2", HISTORY_QUEUE)
    assert migrating is not None
    assert "run-history" == migrating.run_id


def test_a_company_has_two_runs_at_once_and_no_connection_has(bench: Bench) -> None:
    """Three connections: the third takes turns with the first; another company is not concerned."""
    run = bench.connect()
    bench.jobs.succeed(taken(bench))
    opened = [Connection(f"con-{n}", "acme", f"M{n}", "active", bench.clock.now(), bench.clock.now()) for n in (2, 3)]
    with bench.store.transaction() as transaction:
        book = Companies(transaction)
        first = book.connection(run.connection_id)
        assert first is not None
        for connection in opened:
            bench.clock.sleep(1)
            assert book.open(replace(connection, opened_at=bench.clock.now()), "k1:AAAA")
        for connection in (first, *opened):
            book.start_run(connection, "daily", "again", bench.clock.now())
    other = bench.connect("other")
    at_work = [taken(bench, "w1"), taken(bench, "w2"), taken(bench, "w3")]
    connections = [bench.progress.run(job.run_id).connection_id for job in at_work]
    assert {run.connection_id, "con-2", other.connection_id} == set(connections)
    assert bench.jobs.take("w4") is None
