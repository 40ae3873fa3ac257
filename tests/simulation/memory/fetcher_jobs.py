"""The queue in memory: what procrastinate's functions do with a job, and the loop of one worker around the real retry rules."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from procrastinate import sql
from procrastinate.jobs import Job
from procrastinate.utils import utcnow

from services.fetcher.adapters.jobs import QUEUE
from services.fetcher.adapters.tries import DEAD_AFTER_SECONDS, RetryCollect, Stopping
from services.kernel.clock import Clock
from services.kernel.errors import Refused, Unavailable
from tests.simulation.memory.rows import Answer, Row, Rows
from tests.simulation.memory.store import MemoryStore

FORESEEN = (Unavailable, Refused, Stopping)
DEFER_JOBS = sql.queries["defer_jobs"]


def defer_jobs(rows: Rows, given: Row) -> Answer:
    """New jobs, numbered in the order they came whether or not they are committed."""
    ids = [next(given["ids"]) for _ in given["jobs"]]
    for job_id, (queue, _, priority, lock, _, arguments, scheduled_at) in zip(ids, given["jobs"], strict=True):
        waiting = {"status": "todo", "worker": None, "attempts": 0, "scheduled_at": scheduled_at}
        place = {"queue": queue, "priority": priority, "lock": lock}
        rows.add("job", job_id, {"job_id": job_id, "run_id": arguments.obj["run_id"], **place, **waiting})
    return [{"id": job_id} for job_id in ids]


@dataclass(frozen=True, slots=True)
class Taken:
    """A job in a worker's hands."""

    job_id: int
    run_id: str
    attempts: int


class Queue(Protocol):
    """The queue as a worker sees it."""

    def take(self, worker: str, queue: str = QUEUE) -> Taken | None: ...

    def succeed(self, taken: Taken) -> None: ...

    def fail(self, taken: Taken) -> None: ...

    def retry(self, taken: Taken, at: datetime) -> None: ...

    def retry_stalled(self) -> int: ...


class Jobs(Queue, Protocol):
    """The queue as its suite sees it."""

    def beat(self, worker: str) -> None: ...

    def waiting(self) -> list[str]: ...


class MemoryJobs:
    """The queue of a store. Jobs of one lock run one after the other; a job of a dead worker comes back."""

    def __init__(self, store: MemoryStore, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def beat(self, worker: str) -> None:
        """The worker lives."""
        with self._store.connection() as session:
            session.table("worker")[worker] = {"beat_at": self._clock.now()}

    def take(self, worker: str, queue: str = QUEUE) -> Taken | None:
        """The first job of the queue that may run, now in hand; who asks lives."""
        self.beat(worker)
        now = self._clock.now()
        with self._store.connection() as session:
            rows = Rows(session)
            jobs = sorted(rows.where("job"), key=_turn)
            for job in jobs:
                if job["queue"] == queue and _may_run(job, jobs, now) and session.try_lock(("job", job["job_id"])):
                    rows.change("job", job["job_id"], {"status": "doing", "worker": worker})
                    return Taken(job["job_id"], job["run_id"], job["attempts"])
        return None

    def succeed(self, taken: Taken) -> None:
        """The job is done and forgotten. Raises JobGone."""
        with self._store.connection() as session:
            rows = Rows(session)
            job = rows.locked("job", taken.job_id)
            if job is None or job["status"] not in ("todo", "doing"):
                raise JobGone(taken)
            rows.remove("job", taken.job_id)

    def fail(self, taken: Taken) -> None:
        """The job is not tried again. Raises JobGone."""
        self._put(taken.job_id, ("todo", "doing"), lambda job: {"status": "failed", "attempts": job["attempts"] + 1})

    def retry(self, taken: Taken, at: datetime) -> None:
        """The job waits again, until `at`. Raises JobGone."""
        self._put(taken.job_id, ("doing", "failed"), lambda job: {"status": "todo", "attempts": job["attempts"] + 1, "scheduled_at": at})

    def retry_stalled(self) -> int:
        """Jobs in the hands of workers that are dead go back, their tries as they were; how many."""
        now = self._clock.now()
        with self._store.connection() as session:
            rows = Rows(session)
            found = [job for job in rows.where("job", status="doing") if _is_dead(rows.one("worker", job["worker"]), now)]
            for job in found:
                rows.change("job", job["job_id"], {"status": "todo", "scheduled_at": now})
        return len(found)

    def waiting(self) -> list[str]:
        """The runs that have a job waiting, in the order of the jobs."""
        return [job["run_id"] for job in self.jobs() if job["status"] == "todo"]

    def jobs(self) -> list[dict[str, Any]]:
        """Every job there is, in order."""
        with self._store.connection() as session:
            return sorted(Rows(session).where("job"), key=lambda job: job["job_id"])

    def _put(self, job_id: int, states: tuple[str, ...], changes: Callable[[Row], Row]) -> None:
        with self._store.connection() as session:
            if not Rows(session).alter("job", job_id, lambda job: changes(job) if job["status"] in states else None):
                raise JobGone(job_id)


class JobGone(Exception):
    """The job was taken over and finished by another worker."""


def work(jobs: Queue, worker: str, collect: Callable[[str], None], clock: Clock, queue: str = QUEUE) -> bool:
    """One job of a queue by the rules of the real worker; whether there was one. What no rule foresees is a bug and is raised."""
    taken = jobs.take(worker, queue)
    if taken is None:
        return False
    try:
        collect(taken.run_id)
    except FORESEEN as trouble:
        seconds = seconds_until_retry(taken, trouble)
        if seconds is None:
            jobs.fail(taken)
        else:
            jobs.retry(taken, clock.now() + timedelta(seconds=seconds))
    else:
        jobs.succeed(taken)
    return True


def seconds_until_retry(taken: Taken, trouble: Exception) -> int | None:
    """When RetryCollect lets the job run again, in whole seconds; None = never."""
    job = Job(
        id=taken.job_id,
        queue=QUEUE,
        lock=None,
        queueing_lock=None,
        task_name="collect",
        task_kwargs={"run_id": taken.run_id},
        attempts=taken.attempts,
    )
    decision = RetryCollect().get_retry_decision(exception=trouble, job=job)
    return round((decision.retry_at - utcnow()).total_seconds()) if decision and decision.retry_at else None


def _may_run(job: Row, jobs: list[Row], now: datetime) -> bool:
    """It waits, its time has come, and nothing of its lock runs or waits before it."""
    same = [other for other in jobs if other["lock"] == job["lock"]]
    held = any(other["status"] == "doing" or (other["status"] == "todo" and _turn(other) < _turn(job)) for other in same)
    return job["status"] == "todo" and not held and (job["scheduled_at"] is None or job["scheduled_at"] <= now)


def _turn(job: Row) -> tuple[int, int]:
    """Whose turn comes first: the higher priority, then who came first."""
    return -job["priority"], job["job_id"]


def _is_dead(worker: Row | None, now: datetime) -> bool:
    return worker is None or worker["beat_at"] < now - timedelta(seconds=DEAD_AFTER_SECONDS)
