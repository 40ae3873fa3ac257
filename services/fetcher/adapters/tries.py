"""When a run is tried again (decision 0042). Counted are the tries that brought it nothing, never the ends of a process."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.jobs import Job
from procrastinate.utils import utcnow
from psycopg import Connection as Session

from services.fetcher import Logged
from services.fetcher.adapters.queries import Queries
from services.kernel.errors import Refused, Unavailable
from services.kernel.log import log
from services.kernel.postgres import PostgresStore

QUERIES = Queries("tries.sql")
HEARTBEAT_SECONDS = 2.0
DEAD_AFTER_SECONDS = 10.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 5, 900


class Stopping(Exception):
    """The process is asked to end: the job goes on in the next one."""


class GotOn(Exception):
    """The run kept something new before it met the trouble that is the cause: its tries count from the beginning."""


def stopper(stop: threading.Event) -> Callable[[], None]:
    """A check that raises Stopping once `stop` is set."""

    def check() -> None:
        if stop.is_set():
            raise Stopping

    return check


class RetryCollect(BaseRetryStrategy):
    """What does not answer is worth 50 tries, as is a row that another process wrote first; a bug three."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When to try again: after 5 s, doubled up to 15 minutes with each try that brought nothing; None = the job has failed."""
        if isinstance(exception, Stopping):
            return RetryDecision(retry_at=utcnow())
        got_on = isinstance(exception, GotOn)
        trouble, attempts = (exception.__cause__, 0) if got_on else (exception, job.attempts)
        tries = 50 if isinstance(trouble, Unavailable | Refused) else 3
        log.warning(Logged.JOB_FAILED, job=job.task_kwargs, attempt=attempts + 1, last=attempts >= tries, trouble=repr(trouble))
        if attempts >= tries:
            return None
        return RetryDecision(retry_at=utcnow() + timedelta(seconds=min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempts)))


class Tries:
    """Runs jobs so that procrastinate's `attempts`, which grows with every return to the queue, counts only tries that brought nothing."""

    def __init__(self, store: PostgresStore, collect: Callable[[str], None]) -> None:
        """`collect` runs one run."""
        self._store, self._collect = store, collect

    def once(self, context: JobContext, run_id: str) -> None:
        """Collect. Raises GotOn around any trouble that came after something new was kept; Stopping, for which this try does not count."""
        before = self._reached(run_id)
        try:
            self._collect(run_id)
        except Stopping:
            self._count_from(context.job, context.job.attempts - 1)
            raise
        except Exception as trouble:
            if self._reached(run_id) == before:
                raise
            self._count_from(context.job, 0)
            raise GotOn from trouble

    def give_back(self) -> int:
        """Put jobs of dead processes back into the queue, due at once, their tries as they were; how many. Raises Unavailable."""
        with self._session() as session:
            return QUERIES.run(session, "give_back", seconds=DEAD_AFTER_SECONDS)

    @contextmanager
    def _session(self) -> Generator[Session]:
        """One transaction that finds both our tables and procrastinate's, as its triggers must."""
        with self._store.connection() as session:
            session.execute("set local search_path = fetcher, fetcher_jobs")
            yield session

    def _reached(self, run_id: str) -> Any:
        with self._session() as session:
            return QUERIES.row(session, "reached", run_id=run_id)

    def _count_from(self, job: Job, attempts: int) -> None:
        """What procrastinate adds one to when the job goes back; nothing when another process has taken the job over."""
        with self._session() as session:
            QUERIES.run(session, "count_from", attempts=attempts, job_id=job.id, worker_id=job.worker_id)
