"""The queue: procrastinate in the schema fetcher_jobs. A job is put there in the transaction that makes it necessary."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import ConnectorException
from psycopg import Connection as Session

from services.fetcher.adapters.tries import DEAD_AFTER_SECONDS, HEARTBEAT_SECONDS, RetryCollect, Tries
from services.kernel.errors import Unavailable
from services.kernel.log import log
from services.kernel.names import Log
from services.kernel.postgres import CONNECT_SECONDS, LINE, WAITS
from services.kernel.probes import RETRIES, Health

QUEUE = "collect"
WATCH_SECONDS = 1.0
GRACE_SECONDS = 5.0  # for jobs in hand when the process is asked to end; what is not done then is taken up by the next process
JOBS_AT_ONCE = 4
EVERY_FIFTEEN_SECONDS = "* * * * * */15"


def defer_collect(session: Session, connection_id: str, run_id: str) -> None:
    """Queue a run's job in the caller's transaction; jobs of one connection run one after the other."""
    session.execute("set local search_path = fetcher, fetcher_jobs")
    QUEUER.configure_task("collect", lock=connection_id, queue=QUEUE, connection=session).defer(run_id=run_id)
    session.execute("set local search_path = fetcher")


QUEUER = App(connector=SyncPsycopgConnector())
"""Puts jobs into the queue over the connections of others; it has none of its own."""


def queue(url: str) -> App:
    """The queue over connections of its own, whose waits have bounds."""
    options = {**LINE, "options": f"-c search_path=fetcher_jobs {WAITS}"}
    return App(connector=PsycopgConnector(conninfo=url, timeout=CONNECT_SECONDS, kwargs=options))


class Worker:
    """Runs the jobs."""

    def __init__(self, url: str, tries: Tries, start_due_runs: Callable[[], None], health: Health) -> None:
        """`tries` runs one run; `start_due_runs` is called every fifteen seconds; `health` hears of the loop `collect`."""
        self._app = queue(url)
        self._app.task(name="collect", queue=QUEUE, retry=RetryCollect(), pass_context=True)(tries.once)
        self._tries, self._start_due_runs, self._health = tries, start_due_runs, health
        self._app.periodic(cron=EVERY_FIFTEEN_SECONDS)(self._app.task(name="start_due_runs", queue=QUEUE)(self._scheduled))

    def run(self, stop: threading.Event) -> None:
        """Work until `stop`; jobs in hand end by themselves at their next step. Raises Unavailable: the queue's database was lost."""
        try:
            asyncio.run(self._work(stop))
        except ConnectorException as trouble:
            raise Unavailable("PostgreSQL", "the queue", trouble) from trouble

    async def _work(self, stop: threading.Event) -> None:
        async with self._app.open_async():
            options: Any = {
                "concurrency": JOBS_AT_ONCE,
                "install_signal_handlers": False,
                "update_heartbeat_interval": HEARTBEAT_SECONDS,
                "stalled_worker_timeout": DEAD_AFTER_SECONDS,
                "fetch_job_polling_interval": 1.0,
                "delete_jobs": "successful",
                "shutdown_graceful_timeout": GRACE_SECONDS,
            }
            working, watching = asyncio.create_task(self._app.run_worker_async(**options)), asyncio.create_task(self._watch(stop))
            await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
            lost = not stop.is_set()
            stop.set()  # asyncio ends when its threads have: those of jobs in hand
            working.cancel()
            [ended, _] = await asyncio.gather(working, watching, return_exceptions=True)
        watching.result()
        if lost:
            raise Unavailable("PostgreSQL", "the queue's worker ended", ended)

    async def _watch(self, stop: threading.Event) -> None:
        """Until `stop`: give back what dead processes had in hand, and say that this loop lives.

        Not a job itself, which would wait behind all that wait.
        """
        turned = time.monotonic()
        while not stop.is_set():
            overslept, turned = time.monotonic() - turned > HEARTBEAT_SECONDS, time.monotonic()
            try:
                if not overslept:  # frozen for long, we look dead ourselves until our next heartbeat
                    await asyncio.to_thread(self._tries.give_back)
                self._health.turned("collect")
            except Unavailable as trouble:
                log.warning(Log.RETRYING, loop="collect", trouble=str(trouble))
                RETRIES.labels("collect").inc()
                self._health.turned("collect", able=False)
            await asyncio.sleep(WATCH_SECONDS)

    def _scheduled(self, timestamp: int) -> None:
        """Periodic: start the daily runs that are due."""
        self._start_due_runs()
