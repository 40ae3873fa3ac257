"""A fetcher's schema to test against, in memory or in PostgreSQL: the same adapters, a held clock, a queue, and what was said."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status
from procrastinate.utils import utcnow
from psycopg import sql
from psycopg.rows import dict_row

from schemas.registry import parked_topic, types_on
from services.fetcher.adapters.announcing import SERVICE
from services.fetcher.adapters.collection import PostgresProgress
from services.fetcher.adapters.companies import Companies
from services.fetcher.adapters.connections import ConnectionDesk
from services.fetcher.adapters.jobs import QUEUE
from services.fetcher.adapters.tries import Tries
from services.fetcher.domain.company import CompanyFile
from services.fetcher.domain.records import Run
from services.fetcher.main import MIGRATIONS
from services.kernel import postgres
from services.kernel.envelope import Event, Outgoing, Record, decode
from services.kernel.migrate import migrate
from services.kernel.postgres import PostgresStore
from services.kernel.sealing import Sealer
from tests.simulation.memory.amazon import AmazonWorld, MemoryAmazon
from tests.simulation.memory.fetcher import STATEMENTS, FetcherStore, Statement
from tests.simulation.memory.fetcher_jobs import JobGone, Jobs, MemoryJobs, Taken
from tests.support.connected import company_file, connect
from tests.support.local import SessionDatabase

ORIGIN = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SEALER = Sealer({"k1": b"k" * 32}, "k1")
TEMPLATE = pytest.StashKey[str]()
LONG_DEAD = timedelta(minutes=1)


class HeldClock:
    """Time passes only by sleeping."""

    def __init__(self) -> None:
        self.moment = ORIGIN

    def now(self) -> datetime:
        """The held moment."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.moment += timedelta(seconds=seconds)


@dataclass
class Bench:
    """What a test holds. `now` and `die` are the queue's: PostgreSQL's queue keeps the world's time. `rows` = all of a table."""

    store: PostgresStore
    jobs: Jobs
    outbox: Callable[[], list[Outgoing]]
    now: Callable[[], datetime]
    die: Callable[[str], None]
    rows: Callable[[str], list[dict[str, Any]]]
    clock: HeldClock = field(default_factory=HeldClock)

    def __post_init__(self) -> None:
        self.amazon = MemoryAmazon(AmazonWorld.made_up(Random(1), [], ORIGIN), self.clock)
        self.progress = PostgresProgress(self.store)
        self.desk = ConnectionDesk(self.store, self.amazon.as_amazon(), SEALER, self.clock)

    def connect(self, company_id: str = "acme") -> Run:
        """A connected company; its first run."""
        connection_id = connect(self.company(company_id), self.store, self.amazon.as_amazon(), SEALER, self.clock)
        with self.store.transaction() as transaction:
            run = Companies(transaction).last_run(connection_id)
        assert run is not None
        return run

    def company(self, company_id: str = "acme") -> CompanyFile:
        """A company's file."""
        return company_file(company_id, ORIGIN)

    def next_run(self, run: Run, then: Callable[[], object] = lambda: None) -> Run:
        """The connection's run of the next day; `then` comes just before the commit."""
        self.clock.sleep(86_400)
        with self.store.transaction() as transaction:
            book = Companies(transaction)
            connection = book.connection(run.connection_id)
            assert connection is not None
            run_id = book.start_run(connection, "daily", self.clock.now().date().isoformat(), self.clock.now())
            then()
        return self.progress.run(run_id)

    def said(self, *only: str) -> list[Event[Any]]:
        """The events that were said, of these types (`invoice.collected`) or of all, in order."""
        sent = [message for message in self.outbox() if message.topic != parked_topic(SERVICE)]
        messages = [message for message in sent if message.value is not None]  # a tombstone is no event
        events = [event for message in messages if (event := decode(_record(message), types_on({message.topic})))]
        return [event for event in events if not only or event.data.ce_type.split(".", 1)[1].rpartition(".v")[0] in only]


@contextmanager
def memory_bench(statements: Mapping[str, Statement] = STATEMENTS) -> Generator[Bench]:
    """A bench without any server."""
    store, clock = FetcherStore(statements=statements), HeldClock()
    jobs = MemoryJobs(store, clock)

    def die(worker: str) -> None:
        with store.connection() as session:
            session.table("worker")[worker] = {"beat_at": clock.now() - LONG_DEAD}

    def outbox() -> list[Outgoing]:
        return [message for _, message in sorted(store.rows["outbox"].items())]

    def rows(table: str) -> list[dict[str, Any]]:
        return list(store.rows[table].values())

    yield Bench(store.as_postgres(), jobs, outbox, clock.now, die, rows, clock)


@contextmanager
def real_bench(url: str) -> Generator[Bench]:
    """A bench in a database that has the schema; a locked row is waited for a moment only."""
    with psycopg.connect(url, autocommit=True) as administrator, patch.object(postgres, "WAITS", "-c lock_timeout=200ms"):
        store = PostgresStore(url, SERVICE)
        jobs = RealJobs(url, administrator, store)
        yield Bench(store, jobs, lambda: _outbox(administrator), utcnow, jobs.die, lambda table: _rows(administrator, table))
        store.close()


@contextmanager
def open_bench(request: pytest.FixtureRequest) -> Generator[Bench]:
    """The bench a parametrised fixture asks for: `memory` or `real`."""
    if request.param == "memory":
        with memory_bench() as bench:
            yield bench
    else:
        with fetcher_database(request) as url, real_bench(url) as bench:
            yield bench


@contextmanager
def fetcher_database(request: pytest.FixtureRequest) -> Generator[str]:
    """A database of the test's own with the shipped schema, copied from one that is migrated once a session."""
    server: SessionDatabase = request.getfixturevalue("database")
    if TEMPLATE not in request.session.stash:
        request.session.stash[TEMPLATE] = _new_database(server)
        request.session.addfinalizer(lambda: _drop(server, request.session.stash[TEMPLATE]))
        migrate(server.dsn(request.session.stash[TEMPLATE]), SERVICE, MIGRATIONS, with_outbox=True)
    name = _new_database(server, request.session.stash[TEMPLATE])
    yield server.dsn(name)
    _drop(server, name)


def _new_database(server: SessionDatabase, template: str = "template1") -> str:
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server.admin_url, autocommit=True) as administrator:
        administrator.execute(sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template)))
    return name


def _drop(server: SessionDatabase, name: str) -> None:
    with psycopg.connect(server.admin_url, autocommit=True) as administrator:
        administrator.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


class RealJobs:
    """Procrastinate's own functions, one connection for each call; what dead workers had goes back as it ships."""

    def __init__(self, url: str, administrator: psycopg.Connection[Any], store: PostgresStore) -> None:
        self._url, self._administrator, self._workers = url, administrator, dict[str, int]()
        self._tries = Tries(store, lambda run_id: None)

    def beat(self, worker: str) -> None:
        """The worker lives."""
        if worker not in self._workers:
            self._workers[worker] = self._asked(lambda app: app.job_manager.register_worker())
        self._asked(lambda app: app.job_manager.update_heartbeat(self._workers[worker]))

    def die(self, worker: str) -> None:
        """Its last sign of life was long ago."""
        past = "update fetcher_jobs.procrastinate_workers set last_heartbeat = now() - %s where id = %s"
        self._administrator.execute(past, [LONG_DEAD, self._workers[worker]])

    def take(self, worker: str, queue: str = QUEUE) -> Taken | None:
        """The first job of the queue that may run, now in hand."""
        self.beat(worker)
        job = self._asked(lambda app: app.job_manager.fetch_job([queue], self._workers[worker]))
        return Taken(job.id or 0, str(job.task_kwargs["run_id"]), job.attempts) if job else None

    def succeed(self, taken: Taken) -> None:
        """The job is done and forgotten. Raises JobGone."""
        self._asked(lambda app: app.job_manager.finish_job_by_id_async(taken.job_id, Status.SUCCEEDED, delete_job=True))

    def fail(self, taken: Taken) -> None:
        """The job is not tried again. Raises JobGone."""
        self._asked(lambda app: app.job_manager.finish_job_by_id_async(taken.job_id, Status.FAILED, delete_job=False))

    def retry(self, taken: Taken, at: datetime) -> None:
        """The job waits again, until `at`. Raises JobGone."""
        self._asked(lambda app: app.job_manager.retry_job_by_id_async(taken.job_id, retry_at=at))

    def retry_stalled(self) -> int:
        """Jobs in the hands of workers that are dead go back; how many."""
        return self._tries.give_back()

    def waiting(self) -> list[str]:
        """The runs that have a job waiting, in the order of the jobs."""
        query = "select args ->> 'run_id' from fetcher_jobs.procrastinate_jobs where status = 'todo' order by id"
        return [row[0] for row in self._administrator.execute(query)]

    def _asked[T](self, ask: Callable[[App], Awaitable[T]]) -> T:
        async def asking() -> T:
            app = App(connector=PsycopgConnector(conninfo=self._url, kwargs={"options": "-c search_path=fetcher_jobs"}, min_size=1))
            async with app.open_async():
                return await ask(app)

        try:
            return asyncio.run(asking())
        except ConnectorException as gone:
            raise JobGone from gone


def _outbox(administrator: psycopg.Connection[Any]) -> list[Outgoing]:
    query = "select topic, key, value, header_names, header_values from fetcher.outbox order by stripe, seq"
    rows = administrator.execute(query).fetchall()
    return [Outgoing(topic, key, value, tuple(zip(names, values, strict=True))) for topic, key, value, names, values in rows]


def _rows(administrator: psycopg.Connection[Any], table: str) -> list[dict[str, Any]]:
    query = sql.SQL("select * from fetcher.{}").format(sql.Identifier(table))
    return administrator.cursor(row_factory=dict_row).execute(query).fetchall()


def _record(message: Outgoing) -> Record:
    return Record(message.topic, 0, 0, 0, message.key, message.value, message.headers)
