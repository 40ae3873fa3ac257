"""The queue: procrastinate in the schema fetcher_jobs. A job is put there in the transaction that makes it necessary."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision, SyncPsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.utils import utcnow
from psycopg import Connection as Session

from services.fetcher import Logged
from services.fetcher.handler import ConsentWithdrawn
from services.kernel.errors import Refused, Unavailable
from services.kernel.log import log

QUEUE = "collect"
HEARTBEAT_SECONDS = 2.0
DEAD_AFTER_SECONDS = 10.0
GRACE_SECONDS = 5.0  # for jobs in hand when the process is asked to end; what is not done then is taken up by the next process
JOBS_AT_ONCE = 4
EVERY_FIFTEEN_SECONDS = "* * * * * */15"


class Stopping(Exception):
    """The process is asked to end: the job goes on in the next one."""


def stopper(stop: threading.Event) -> Callable[[], None]:
    """A check that raises Stopping once `stop` is set."""

    def check() -> None:
        if stop.is_set():
            raise Stopping

    return check


class RetryCollect(BaseRetryStrategy):
    """What does not answer is worth 50 tries, as is a row that another process wrote first; a bug three, a withdrawn consent none."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When to try again; None = the job has failed."""
        if isinstance(exception, Stopping):
            return RetryDecision(retry_at=utcnow())
        tries = 50 if isinstance(exception, Unavailable | Refused) else 0 if isinstance(exception, ConsentWithdrawn) else 3
        log.warning(Logged.JOB_FAILED, job=job.task_kwargs, attempt=job.attempts + 1, last=job.attempts >= tries, trouble=repr(exception))
        if job.attempts >= tries:
            return None
        return RetryDecision(retry_at=utcnow() + timedelta(seconds=min(900, 5 * 2**job.attempts)))


def defer_collect(session: Session, connection_id: str, run_id: str) -> None:
    """Queue a run's job in the caller's transaction; jobs of one connection run one after the other."""
    session.execute("set local search_path = fetcher, fetcher_jobs")
    QUEUER.configure_task("collect", lock=connection_id, queue=QUEUE, connection=session).defer(run_id=run_id)
    session.execute("set local search_path = fetcher")


QUEUER = App(connector=SyncPsycopgConnector())
"""Puts jobs into the queue over the connections of others; it has none of its own."""


class Worker:
    """Runs the jobs."""

    def __init__(self, url: str, collect: Callable[[str], None], start_due_runs: Callable[[], None]) -> None:
        """`collect` runs one run; `start_due_runs` is called every fifteen seconds."""
        self._app = App(connector=PsycopgConnector(conninfo=url, kwargs={"options": "-c search_path=fetcher_jobs"}))
        self._app.task(name="collect", queue=QUEUE, retry=RetryCollect())(collect)
        self._start_due_runs = start_due_runs
        self._app.periodic(cron=EVERY_FIFTEEN_SECONDS)(self._app.task(name="start_due_runs", queue=QUEUE)(self._scheduled))
        self._app.periodic(cron=EVERY_FIFTEEN_SECONDS)(self._app.task(name="retry_stalled", queue=QUEUE)(self._retry_stalled))

    def run(self, stop: threading.Event) -> None:
        """Work until `stop`; jobs in hand end by themselves at their next step. Raises Unavailable: the queue's database was lost."""
        try:
            asyncio.run(self._work(stop))
        except ConnectorException as trouble:
            raise Unavailable("PostgreSQL", "the queue", trouble) from trouble

    async def _work(self, stop: threading.Event) -> None:
        async with self._app.open_async():
            await self._retry_stalled(0)
            options: Any = {
                "concurrency": JOBS_AT_ONCE,
                "install_signal_handlers": False,
                "update_heartbeat_interval": HEARTBEAT_SECONDS,
                "stalled_worker_timeout": DEAD_AFTER_SECONDS,
                "fetch_job_polling_interval": 1.0,
                "delete_jobs": "successful",
                "shutdown_graceful_timeout": GRACE_SECONDS,
            }
            working = asyncio.create_task(self._app.run_worker_async(**options))
            waiting = asyncio.create_task(asyncio.to_thread(stop.wait))
            await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
            lost = not stop.is_set()
            stop.set()  # asyncio ends when its threads have: the one that waits, and those of jobs in hand
            working.cancel()
            [ended] = await asyncio.gather(working, return_exceptions=True)
        if lost:
            raise Unavailable("PostgreSQL", "the queue's worker ended", ended)

    def _scheduled(self, timestamp: int) -> None:
        """Periodic: start the daily runs that are due."""
        self._start_due_runs()

    async def _retry_stalled(self, timestamp: int) -> None:
        """Periodic and at start: jobs of a dead process go back into the queue."""
        for job in await self._app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_SECONDS):
            await self._app.job_manager.retry_job(job)
