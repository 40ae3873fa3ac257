"""Procrastinate's queue for the simulation: its own SQL functions, over one session; its waits pass in the engine's time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from procrastinate import sql
from psycopg.rows import dict_row

from services.fetcher.adapters.jobs import DEAD_AFTER_SECONDS, QUEUE
from tests.simulation.engine import Engine
from tests.simulation.memory.fetcher_jobs import JobGone, Taken

LATER = datetime(9999, 1, 1, tzinfo=UTC)  # until the engine's time has come


class RealJobs:
    """The queue as a worker sees it. A worker is known by its row in procrastinate_workers, found by the name of its process."""

    def __init__(self, administrator: psycopg.Connection[Any], engine: Engine) -> None:
        """`administrator`: a session with autocommit."""
        self._administrator, self._engine = administrator, engine

    def beat(self, worker: str, lives: bool = True) -> None:
        """The worker lives until the world says otherwise."""
        seen = "infinity" if lives else "-infinity"
        self._ask("update procrastinate_workers set last_heartbeat = %(seen)s where id = %(id)s", seen=seen, id=_number(worker))

    def take(self, worker: str, queue: str = QUEUE) -> Taken | None:
        """The first job of the queue that may run, now in hand; who asks lives."""
        put = "insert into procrastinate_workers (id, last_heartbeat) overriding system value values (%(id)s, 'infinity')"
        self._ask(f"{put} on conflict (id) do update set last_heartbeat = 'infinity'", id=_number(worker))
        [job] = self._ask(sql.queries["fetch_job"], queues=[queue], worker_id=_number(worker))
        return Taken(job["id"], job["args"]["run_id"], job["attempts"]) if job["id"] else None

    def succeed(self, taken: Taken) -> None:
        """The job is done and forgotten. Raises JobGone."""
        self._ask(sql.queries["finish_job"], job_id=taken.job_id, status="succeeded", delete_job=True)

    def fail(self, taken: Taken) -> None:
        """The job is not tried again. Raises JobGone."""
        self._ask(sql.queries["finish_job"], job_id=taken.job_id, status="failed", delete_job=False)

    def retry(self, taken: Taken, at: datetime) -> None:
        """The job waits again, until `at` of the engine's time. Raises JobGone."""
        self._put_back(taken.job_id, LATER)
        due = "update procrastinate_jobs set scheduled_at = now() where id = %(id)s and scheduled_at = %(later)s"
        wait = max(at - self._engine.now(), timedelta())
        self._engine.later(wait.total_seconds(), lambda: [self._ask(due, id=taken.job_id, later=LATER)].clear())

    def retry_stalled(self) -> int:
        """Jobs in the hands of workers that are dead go back; how many."""
        query = sql.queries["select_stalled_jobs_by_heartbeat"]
        found = self._ask(query, seconds_since_heartbeat=DEAD_AFTER_SECONDS, queue=QUEUE, task_name=None)
        for job in found:
            self._put_back(job["id"], None)
        return len(found)

    def _put_back(self, job_id: int, at: datetime | None) -> None:
        none = dict.fromkeys(("new_priority", "new_queue_name", "new_lock"))
        self._ask(sql.queries["retry_job"], job_id=job_id, retry_at=at or datetime.now(UTC), **none)

    def _ask(self, query: str, **given: Any) -> list[dict[str, Any]]:
        """Rows. Raises JobGone: the job is not in a state for it."""
        with self._administrator.transaction(), self._administrator.cursor(row_factory=dict_row) as cursor:
            cursor.execute("set local search_path = fetcher_jobs")
            try:
                cursor.execute(query.encode(), given)
            except psycopg.errors.RaiseException as gone:
                raise JobGone(query) from gone
            return cursor.fetchall() if cursor.description else []


def _number(worker: str) -> int:
    """`fetcher-2.7` is worker 2000007."""
    process, _, life = worker.rpartition("-")[2].partition(".")
    return int(process) * 1_000_000 + int(life)
