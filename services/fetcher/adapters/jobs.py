"""The queue: procrastinate in the schema fetcher_jobs. A job is put there in the transaction that makes it necessary.

Jobs of the lane `history` have a queue and workers of their own, so that none of the other lanes waits for a place (decision 0051).
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import ConnectorException
from psycopg import Connection as Session

from services.fetcher.adapters.tries import DEAD_AFTER_SECONDS, HEARTBEAT_SECONDS, RetryCollect, Tries
from services.fetcher.domain.schedule import Lane
from services.kernel.errors import Unavailable
from services.kernel.log import log
from services.kernel.names import Log
from services.kernel.postgres import CONNECT_SECONDS, LINE, WAITS
from services.kernel.probes import RETRIES, Health

QUEUE, HISTORY_QUEUE = "collect", "history"
COLLECT, BACKFILL = "collect", "backfill"
WATCH_SECONDS = 1.0
GRACE_SECONDS = 5.0  # for jobs in hand when the process is asked to end; what is not done then is taken up by the next process
JOBS_AT_ONCE, HISTORIES_AT_ONCE = 16, 2
"""Jobs wait for Amazon nearly all the time: half a minute for a daily run, days for a migration of history."""


def defer_collect(session: Session, lock: str, run_id: str, lane: Lane) -> None:
    """Queue a run's job in the caller's transaction; of the jobs of one lock one runs at once, that of the first lane first."""
    task, queue = (BACKFILL, HISTORY_QUEUE) if lane is Lane.HISTORY else (COLLECT, QUEUE)
    session.execute("set local search_path = fetcher, fetcher_jobs")
    QUEUER.configure_task(task, lock=lock, queue=queue, priority=int(lane), connection=session).defer(run_id=run_id)
    session.execute("set local search_path = fetcher")


QUEUER = App(connector=SyncPsycopgConnector())
"""Puts jobs into the queue over the connections of others; it has none of its own."""


def queue(url: str) -> App:
    """The queue over connections of its own, whose waits have bounds."""
    options = {**LINE, "options": f"-c search_path=fetcher_jobs {WAITS}"}
    return App(connector=PsycopgConnector(conninfo=url, timeout=CONNECT_SECONDS, kwargs=options))


class Worker:
    """Runs the jobs, and sees to it that there are some."""

    def __init__(self, url: str, collects: Tries, backfills: Tries, start_due_runs: Callable[[], None], health: Health) -> None:
        """`collects` and `backfills` run the jobs of their lanes.

        `start_due_runs` is called every second; `health` hears of the loop `collect`.
        """
        self._app, self._tries = queue(url), collects
        for name, queue_name, tries in ((COLLECT, QUEUE, collects), (BACKFILL, HISTORY_QUEUE, backfills)):
            self._app.task(name=name, queue=queue_name, retry=RetryCollect(), pass_context=True)(tries.once)
        self._start_due_runs, self._health = start_due_runs, health

    def run(self, stop: threading.Event) -> None:
        """Work until `stop`; jobs in hand end by themselves at their next step. Raises Unavailable: the queue's database was lost."""
        try:
            asyncio.run(self._work(stop))
        except ConnectorException as trouble:
            raise Unavailable("PostgreSQL", "the queue", trouble) from trouble

    async def _work(self, stop: threading.Event) -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(JOBS_AT_ONCE + HISTORIES_AT_ONCE + 1))
        async with self._app.open_async():
            working = [self._workers(QUEUE, JOBS_AT_ONCE), self._workers(HISTORY_QUEUE, HISTORIES_AT_ONCE)]
            watching = asyncio.create_task(self._watch(stop))
            await asyncio.wait({*working, watching}, return_when=asyncio.FIRST_COMPLETED)
            lost = not stop.is_set()
            stop.set()  # asyncio ends when its threads have: those of jobs in hand
            for worker in working:
                worker.cancel()
            *ended, _ = await asyncio.gather(*working, watching, return_exceptions=True)
        watching.result()
        if lost:
            raise Unavailable("PostgreSQL", "the queue's worker ended", ended)

    def _workers(self, queue_name: str, places: int) -> asyncio.Task[None]:
        """Take jobs of the queue, so many at once."""
        options: Any = {
            "queues": [queue_name],
            "name": queue_name,
            "concurrency": places,
            "install_signal_handlers": False,
            "update_heartbeat_interval": HEARTBEAT_SECONDS,
            "stalled_worker_timeout": DEAD_AFTER_SECONDS,
            "fetch_job_polling_interval": 1.0,
            "delete_jobs": "successful",
            "shutdown_graceful_timeout": GRACE_SECONDS,
        }
        return asyncio.create_task(self._app.run_worker_async(**options))

    async def _watch(self, stop: threading.Event) -> None:
        """Until `stop`: give back what dead processes had in hand, start what is due, and say that this loop lives.

        None of it is a job itself, which would wait behind all that wait.
        """
        turned = time.monotonic()
        while not stop.is_set():
            overslept, turned = time.monotonic() - turned > HEARTBEAT_SECONDS, time.monotonic()
            try:
                await asyncio.to_thread(self._turn, overslept)
                self._health.turned("collect")
            except Unavailable as trouble:
                log.warning(Log.RETRYING, loop="collect", trouble=str(trouble))
                RETRIES.labels("collect").inc()
                self._health.turned("collect", able=False)
            await asyncio.sleep(WATCH_SECONDS)

    def _turn(self, overslept: bool) -> None:
        if not overslept:  # frozen for long, we look dead ourselves until our next heartbeat
            self._tries.give_back()
        self._start_due_runs()
