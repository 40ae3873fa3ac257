"""The queue: its schema, the daily slot, a job of a dead process, and what import.finished does."""

import asyncio
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.import_finished.v1 import ImportFinished
from schemas.values import RunCounts
from services.fetcher.adapters.announcing import SERVICE
from services.fetcher.adapters.collection import PostgresProgress
from services.fetcher.adapters.companies import Companies
from services.fetcher.adapters.jobs import queue
from services.fetcher.adapters.tries import Stopping, Tries
from services.fetcher.domain.amazon.collecting import TransactionsPage
from services.fetcher.handler import ImportEnds
from services.fetcher.main import MIGRATIONS
from services.kernel.envelope import Delivery, Event, Record
from services.kernel.errors import Unavailable
from services.kernel.loop import OncePerEvent
from services.kernel.migrate import migrate
from tests.integration.fetcher.place import Place, acme


def wait_until(truth: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for a state."""
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def test_migrations_apply_once(place: Place, tmp_path: Path) -> None:
    """The jobs' schema is procrastinate's own, made by one of our migrations; a second round finds nothing to do."""
    assert 0 == migrate(place.url, SERVICE, MIGRATIONS, with_outbox=True)
    tables = place.rows("select table_name from information_schema.tables where table_schema = 'fetcher_jobs' order by 1")
    assert "procrastinate_jobs" in [row["table_name"] for row in tables]
    assert [{"count": 1}] == place.rows("select count(*) from _yoyo_migration where migration_id = '0003_jobs'")


def test_the_worker_runs_what_connecting_queued(place: Place) -> None:
    """From the click to the marker, by the queue alone; the process ends when told to."""
    place.enter(acme())
    stop = threading.Event()
    worker = place.worker(place.collect(), place.desk.start_due_runs)
    thread = threading.Thread(target=worker.run, args=(stop,), daemon=True)
    thread.start()
    place.browser().connect("Atelier Lumière SAS")
    wait_until(lambda: place.said("collection.finished"))
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert 16 == len(place.said("invoice.collected"))
    assert [] == place.jobs()


def test_a_job_of_a_dead_process_is_taken_up(place: Place) -> None:
    """A worker that stopped beating in the middle of a job: the next process runs it."""
    place.enter(acme())
    place.browser().connect("Atelier Lumière SAS")
    place.rows("insert into procrastinate_workers (last_heartbeat) values (now() - interval '1 minute') returning id")
    place.rows("update procrastinate_jobs set status = 'doing', worker_id = (select max(id) from procrastinate_workers) returning id")
    done, stop = list[str](), threading.Event()
    worker = place.worker(lambda run_id: done.append(run_id))
    thread = threading.Thread(target=worker.run, args=(stop,), daemon=True)
    thread.start()
    wait_until(lambda: done)
    stop.set()
    thread.join(10)
    assert place.runs() == done


@contextmanager
def working(place: Place, collect: Callable[[str], None]) -> Generator[threading.Event]:
    """A worker of the queue in a thread; ended by the event."""
    stop = threading.Event()
    thread = threading.Thread(target=place.worker(collect).run, args=(stop,), daemon=True)
    thread.start()
    yield stop
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def tries_counted(place: Place) -> list[int]:
    """How many tries each job has behind it that brought nothing."""
    return [row["attempts"] for row in place.rows("select attempts from procrastinate_jobs where task_name = 'collect' order by id")]


def waiting_again(place: Place) -> bool:
    """Whether a job was returned to the queue and waits."""
    return bool(place.rows("select 1 from procrastinate_jobs where task_name = 'collect' and status = 'todo' and scheduled_at > now()"))


def test_a_process_that_died_costs_no_try_and_little_time(place: Place) -> None:
    """
    Goal: crashes are no errors of Amazon. Case: a job that a dead process had, with 49 tries behind it; a living one's stays where it is.
    It used to count, so that a job lost to 50 deployments failed at the next answer that did not come.
    """
    place.enter(acme())
    place.browser().connect("Atelier Lumière SAS")
    place.rows("insert into procrastinate_workers (last_heartbeat) values (now()) returning id")
    taken = "update procrastinate_jobs set status = 'doing', attempts = 49, worker_id = (select max(id) from procrastinate_workers)"
    place.rows(f"{taken} returning id")
    tries = Tries(place.store, lambda run_id: None)
    assert 0 == tries.give_back()
    place.rows("update procrastinate_workers set last_heartbeat = now() - interval '11 seconds' returning id")
    assert [1, 0] == [tries.give_back(), tries.give_back()]
    assert place.runs() == place.jobs()
    assert [49] == tries_counted(place)


def test_a_job_that_was_asked_to_stop_costs_no_try(place: Place) -> None:
    """Case: the process is asked to end while the job is at work; it goes back as it came."""
    place.enter(acme())
    place.browser().connect("Atelier Lumière SAS")
    begun = threading.Event()

    def stopped(run_id: str) -> None:
        begun.set()
        stop.wait(10)
        raise Stopping

    with working(place, stopped) as stop:
        assert begun.wait(20)
    assert [0] == tries_counted(place)
    assert place.runs() == place.jobs()


@pytest.mark.parametrize(("kept", "counted"), [(True, 1), (False, 8)])
def test_progress_sets_the_count_of_tries_back(place: Place, kept: bool, counted: int) -> None:
    """Case: a job with seven fruitless tries behind it meets a silent Amazon, after a page was kept or at once."""
    place.enter(acme())
    place.browser().connect("Atelier Lumière SAS")
    place.rows("update procrastinate_jobs set attempts = 7 returning id")
    progress = PostgresProgress(place.store)

    def silent(run_id: str) -> None:
        progress.scan(run_id)
        if kept:
            progress.keep_page(progress.run(run_id), TransactionsPage(), place.clock.now())
        raise Unavailable("Amazon")

    with working(place, silent):
        wait_until(lambda: waiting_again(place))
    assert [counted] == tries_counted(place)


def test_the_queue_s_own_lines_have_bounds(place: Place) -> None:
    """Goal: no wait without an end. Case: what PostgreSQL says of a connection of the queue."""
    shown = """
        select current_setting('lock_timeout') as locked, current_setting('idle_in_transaction_session_timeout') as idle,
            current_schema() as schema
    """

    async def asked() -> dict[str, str]:
        async with queue(place.url).open_async() as app:
            return await app.connector.execute_query_one_async(shown)

    assert {"locked": "30s", "idle": "1min", "schema": "fetcher_jobs"} == asyncio.run(asked())


def test_a_worker_says_that_it_lives(place: Place) -> None:
    """Goal: `/ready` knows the loop that collects. Case: not ready before it runs; ready when it does."""
    assert not place.health.ready()
    with working(place, lambda run_id: None):
        wait_until(place.health.ready)


def test_a_worker_that_lost_its_sessions_ends_or_works(place: Place) -> None:
    """
    Goal: no process stays up that runs no jobs. Case: every session of an idle worker is ended, as when PostgreSQL crashes.
    Procrastinate finds its way back, or stops when it was just making a connection; then it used to wait for ever for a thread of its own.
    """
    stop, troubles, done = threading.Event(), list[Exception](), list[str]()

    def work() -> None:
        try:
            place.worker(done.append).run(stop)
        except Unavailable as trouble:
            troubles.append(trouble)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    wait_until(lambda: place.rows("select 1 from procrastinate_workers"))
    place.rows("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
    place.rows(
        "insert into procrastinate_jobs (queue_name, task_name, args) values ('collect', 'collect', '{\"run_id\": \"one\"}') returning id"
    )
    wait_until(lambda: done or not thread.is_alive())
    assert (["one"], []) == (done, troubles) or ([], True) == (done, stop.is_set())
    stop.set()
    thread.join(20)
    assert not thread.is_alive()


def test_a_daily_run_is_started_once_at_its_slot(place: Place) -> None:
    """At the moment it is due, asked three times: one run, taking up the unfinished first run."""
    place.enter(acme())
    place.browser().connect("Atelier Lumière SAS")
    [due] = place.rows("select due_at from agenda where kind = 'daily'")
    desk = place.desk_at(replace(place.clock, origin=due["due_at"], epoch=time.time()))
    for _ in range(3):
        desk.start_due_runs()
    assert ["initial", "daily"] == [row["kind"] for row in place.rows("select kind from run order by started_at")]
    first, daily = place.runs()
    assert [first, first, daily] == place.jobs()


def finished(place: Place, run_id: str) -> list[Delivery]:
    """import.finished of a run, as it comes from the broker."""
    [connection] = place.rows("select connection_id from connection")
    zero = {"recorded": 16, "no_entry": 0, "archived": 0, "held": 0, "parked": 0, "duplicates": 0}
    data = ImportFinished(
        company_id="acme",
        connection_id=connection["connection_id"],
        run_id=run_id,
        revision=1,
        kind="initial",
        counts=RunCounts(collected=16, **zero),
        waiting=(),
        window_from=place.clock.origin.date(),
        window_to=place.clock.origin.date(),
        finished_at="2026-11-23T09:00:00Z",
        test_environment=False,
    )
    record = Record("booked", 0, 0, 0, b"acme", b"", ())
    return [Delivery(record, Event(f"event-{run_id}", "/achats/ledger", "2026-11-23T09:00:00Z", data), None)]


def test_a_finished_first_import_makes_the_connection_active(place: Place) -> None:
    """Another run changes nothing; the first run does, once, and says so with the counts; a repeat is dropped."""
    place.connect_and_collect()
    listen = OncePerEvent(place.store, SERVICE, "parked", {ImportFinished: ImportEnds(Companies, place.clock)}, place.clock)
    listen(finished(place, "run-of-somebody"))
    assert [] == place.said("connection.changed")
    listen(finished(place, place.runs()[0]))
    listen(finished(place, place.runs()[0]))
    [(_, _, changed)] = place.said("connection.changed")
    assert ("initialising", "active", 16) == (changed["from_state"], changed["to_state"], changed["counts"]["recorded"])
    assert ["active"] == [one["state"] for one in place.said("company.described")[-1][2]["connections"]]
    assert "Active" in place_page(place)


def place_page(place: Place) -> str:
    """The catalogue as somebody of the company sees it."""
    browser = place.browser()
    browser.authorise("Atelier Lumière SAS")
    return browser.get("/connectivite").text


def test_a_withdrawn_consent_breaks_the_connection(place: Place) -> None:
    """Amazon refuses the refresh token: the connection is broken and says so; nothing else is lost."""
    place.enter(acme())
    place.browser().connect("Atelier Lumière SAS")
    place.fault("token", 400, 1)
    stop = threading.Event()
    worker = place.worker(place.collect())
    thread = threading.Thread(target=worker.run, args=(stop,), daemon=True)
    thread.start()
    wait_until(lambda: place.rows("select 1 from connection where state = 'broken'"))
    stop.set()
    thread.join(10)
    assert ["broken"] == [one["state"] for one in place.said("company.described")[-1][2]["connections"]]
