"""Companies, consents, connections and runs, kept in memory or in PostgreSQL: the same answers, rule by rule."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest

from schemas.import_finished.v1 import ImportFinished
from schemas.values import RunCounts
from services.fetcher.adapters import connections
from services.fetcher.adapters.agenda import Agenda
from services.fetcher.adapters.companies import Companies
from services.fetcher.adapters.entry import enter
from services.fetcher.domain.company import Choices, CompanyFile
from services.fetcher.domain.records import Connection, Run
from services.fetcher.domain.refusals import AlreadyConnected, NotAuthorised, StateUnknown
from services.fetcher.domain.schedule import slot
from services.fetcher.handler import ImportEnds
from services.fetcher.stages.ports import ConsentWithdrawn, NotCollecting
from services.fetcher.web.connecting import Connecting
from services.fetcher.web.settling import Settling
from services.kernel.envelope import Delivery, Event, Record
from services.kernel.errors import Refused, Unavailable
from services.kernel.loop import OncePerEvent
from tests.adapters.amazon_answers import bring, marker_of, numbered, paper, say
from tests.adapters.fetcher_bench import SEALER, Bench, open_bench

ZERO = {"no_entry": 0, "archived": 0, "held": 0, "parked": 0, "duplicates": 0}


@pytest.fixture(params=["memory", "real"])
def bench(request: pytest.FixtureRequest) -> Generator[Bench]:
    """A schema in memory, then PostgreSQL."""
    with open_bench(request) as bench:
        yield bench


def entered(bench: Bench, company: CompanyFile) -> None:
    """An operator enters the company."""
    enter(company, bench.store, SEALER, bench.clock)


def connecting(bench: Bench) -> Connecting:
    """What the pages do."""
    return Connecting(bench.store, bench.amazon.as_amazon(), SEALER, bench.clock)


def settling(bench: Bench) -> Settling:
    """What the pages change."""
    return Settling(bench.store, bench.clock)


def connection_of(bench: Bench, run: Run) -> Connection:
    """The run's connection as it is now."""
    with bench.store.transaction() as transaction:
        connection = Companies(transaction).connection(run.connection_id)
    assert connection is not None
    return connection


def move(bench: Bench, run: Run, state: str) -> None:
    """The run's connection to another state."""
    with bench.store.transaction() as transaction:
        book, connection, now = Companies(transaction), connection_of(bench, run), bench.clock.now()
        if state == "closed":
            book.close(connection, now)
        elif state == "broken":
            book.break_off(connection, "consent_withdrawn", now)
        else:
            book.move(connection, state, now)


def test_a_company_is_entered_and_entered_again(bench: Bench) -> None:
    """Both times its state and its contact are said, each under the next version; the second time the settings have a new revision."""
    entered(bench, bench.company())
    entered(bench, bench.company().model_copy(update={"plan": "premium", "settings": Choices(vat_regime="franchise")}))
    described, contacts = bench.said("company.described"), bench.said("contact.described")
    assert [(1, "essentiel", 1, "normal"), (3, "premium", 2, "franchise")] == [
        (one.data.version, one.data.plan, one.data.settings.revision, one.data.settings.vat_regime) for one in described
    ]
    assert [2, 4] == [one.data.version for one in contacts]
    assert ["compta@acme.example"] * 2 == [SEALER.open(one.data.sealed_address, "acme").decode() for one in contacts]
    assert 4 == len({one.id for one in (*described, *contacts)})
    with bench.store.transaction() as transaction:
        company = Companies(transaction).company("acme")
    assert ("732829320", "FR44732829320", "ACME", False, 2) == (
        company.siren,
        company.vat_id,
        company.file_code,
        company.test_environment,
        company.settings_revision,
    )


def test_a_company_is_found_by_its_name_in_any_case(bench: Bench) -> None:
    """And no other company takes that name."""
    entered(bench, bench.company())
    with bench.store.transaction() as transaction:
        book = Companies(transaction)
        found, unknown = book.company_named(" ATELIER ACME "), book.company_named("Atelier")
        with pytest.raises(LookupError):
            book.company("somebody")
    assert ("acme", None) == (found and found.company_id, unknown)
    with pytest.raises(Refused):
        entered(bench, bench.company("other").model_copy(update={"name": "atelier ACME"}))
    assert ["acme"] == [one.data.company_id for one in bench.said("company.described")]


def test_a_connection_opens_with_its_run_and_its_job(bench: Bench) -> None:
    """One transaction; the token opens for this connection only; the account behind it is the company's."""
    run = bench.connect()
    connection = connection_of(bench, run)
    opened_at = bench.clock.now()
    assert ("acme", "A13V1IB3VIYZZH", "initialising") == (connection.company_id, connection.marketplace_id, connection.state)
    assert (opened_at, opened_at) == (connection.opened_at, connection.since)
    assert [run.run_id] == bench.jobs.waiting()
    [opened] = bench.said("connection.opened")
    assert (run.connection_id, True) == (opened.data.connection_id, opened.data.automatic_import)
    assert [[], ["initialising"]] == [[one.state for one in event.data.connections] for event in bench.said("company.described")]
    assert [] == bench.desk.open(run).transactions(run.window_from, run.started_at, None).transactions


def test_a_company_connects_once(bench: Bench) -> None:
    """A second time is refused and leaves nothing, until the first connection is closed."""
    run = bench.connect()
    before = len(bench.said())
    with bench.store.transaction() as transaction:
        book = Companies(transaction)
        again = Connection("con-2", "acme", "A13V1IB3VIYZZH", "initialising", bench.clock.now(), bench.clock.now())
        assert not book.open(again, "sealed")
        assert [run.connection_id] == [one.connection_id for one in book.connections("acme")]
    with pytest.raises(AlreadyConnected):
        connecting(bench).to_amazon("session-acme", "acme")
    assert before == len(bench.said())
    move(bench, run, "closed")
    with bench.store.transaction() as transaction:
        assert Companies(transaction).open(again, "sealed")


def test_a_state_is_used_once_where_it_was_made(bench: Bench) -> None:
    """Not by another session, not a second time, not before the first consent; authorising again voids it."""
    entered(bench, bench.company())
    until = bench.clock.now() + timedelta(minutes=10)
    with bench.store.transaction() as transaction:
        book = Companies(transaction)
        assert not book.send_to_amazon("s1", "acme", "hash", until)
        book.authorise("s1", "acme", bench.clock.now())
        assert book.send_to_amazon("s1", "acme", "hash", until)
        assert book.use_state("s2", "hash") is None
        assert ("acme", until) == book.use_state("s1", "hash")
        assert book.use_state("s1", "hash") is None
        assert book.send_to_amazon("s1", "acme", "hash", until)
        book.authorise("s1", "acme", bench.clock.now())
        assert book.use_state("s1", "hash") is None
    with pytest.raises(StateUnknown):
        connecting(bench).come_back("s1", "invented", "code-acme")
    with pytest.raises(NotAuthorised):
        connecting(bench).to_amazon("s3", "acme")


def test_only_one_moves_a_connection(bench: Bench) -> None:
    """While it is locked, another waits, and in the end gives up; a reader does not."""
    run = bench.connect()
    with bench.store.transaction() as transaction:
        locked = Companies(transaction).locked_connection(run.connection_id)
        assert locked == connection_of(bench, run)
        with pytest.raises(Unavailable), bench.store.transaction() as other:
            Companies(other).locked_connection(run.connection_id)
        assert Companies(transaction).locked_connection("con-0") is None


def test_an_occasion_is_one_run_with_one_job(bench: Bench) -> None:
    """The same day again is the same run; a new one queues the unfinished first run again, then itself; each company apart."""
    first, other = bench.connect(), bench.connect("other")
    daily = bench.next_run(first)
    with bench.store.transaction() as transaction:
        book = Companies(transaction)
        assert daily.run_id == book.start_run(connection_of(bench, first), "daily", daily.window_to.isoformat(), bench.clock.now())
        assert daily == book.last_run(first.connection_id) == book.run(daily.run_id)
        assert book.run("run-0") is None
    assert [first.run_id, other.run_id, first.run_id, daily.run_id] == bench.jobs.waiting()
    assert (daily.window_to, daily.window_to - timedelta(days=45)) == (daily.started_at.date(), daily.window_from)


def test_a_finished_run_is_not_queued_again(bench: Bench) -> None:
    """Only what has not finished is taken up with the next one."""
    first = bench.connect()
    with bench.progress.writing(first.run_id) as book:
        book.finish_run(marker_of(book), bench.clock.now())
    daily = bench.next_run(first)
    assert [first.run_id, daily.run_id] == bench.jobs.waiting()


def begun(bench: Bench, hours: int, every_seconds: int = 600) -> list[Run]:
    """The runs that begin in these hours, in which somebody looks that often for what is due."""
    before = set(bench.jobs.waiting())
    for _ in range(hours * 3600 // every_seconds):
        bench.desk.start_due_runs()
        bench.clock.sleep(every_seconds)
    return [bench.progress.run(run_id) for run_id in dict.fromkeys(bench.jobs.waiting()) if run_id not in before]


def test_regular_runs_start_at_their_slot(bench: Bench) -> None:
    """Never before the first slot after the connection; then once a day and once a week, however often asked; not when it is broken."""
    run, broken = bench.connect(), bench.connect("other")
    move(bench, broken, "broken")
    runs = begun(bench, 7 * 24)
    assert {run.connection_id} == {one.connection_id for one in runs}
    assert (7, 1) == tuple(sum(one.kind == kind for one in runs) for kind in ("daily", "weekly"))
    for one in runs:
        due = slot(one.kind, "acme", one.started_at.date())
        assert timedelta() <= one.started_at - due < timedelta(seconds=600)


def test_missed_days_are_made_up_for_by_one_run(bench: Bench) -> None:
    """The fetcher is away for three days: nothing starts at once, then one daily run in what is left of the window, from 8:00 on."""
    run = bench.connect()
    bench.clock.sleep(3 * 86_400)
    bench.desk.start_due_runs()
    assert [run.run_id] == bench.jobs.waiting()
    kinds = [one.kind for one in begun(bench, 12)]
    assert 1 == kinds.count("daily")
    assert kinds.count("weekly") <= 1


def test_a_batch_is_what_one_transaction_starts(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six are due, two at a time; what another process is starting is left to it."""
    monkeypatch.setattr(connections, "BATCH", 2)
    for company_id in ("acme", "other", "third"):
        bench.connect(company_id)
    bench.clock.sleep(86_400 * 8)
    with bench.store.transaction() as transaction:
        taken = Agenda(transaction).due(bench.clock.now(), 1)
        assert 1 == len(taken)
        with bench.store.transaction() as other:
            assert 5 == len(Agenda(other).due(bench.clock.now(), 9))
    left = list[int]()
    for _ in range(3):
        bench.desk.start_due_runs()
        with bench.store.transaction() as transaction:
            left.append(len(Agenda(transaction).due(bench.clock.now(), 9)))
    assert [4, 2, 0] == left


def test_new_settings_that_allow_more_are_imported_at_once(bench: Bench) -> None:
    """A new revision, said with the company, and a run of its own kind; the same settings again are nothing."""
    run = bench.connect()
    earlier = bench.clock.now().date() - timedelta(days=30)
    settling(bench).choose("acme", automatic_import=False, import_start=earlier)
    settling(bench).choose("acme", automatic_import=True, import_start=earlier)
    settling(bench).choose("acme", automatic_import=True, import_start=earlier)
    assert [1, 1, 2, 3] == [one.data.settings.revision for one in bench.said("company.described")]
    kinds = [bench.progress.run(run_id).kind for run_id in bench.jobs.waiting()]
    assert (run.run_id, ["initial", "initial", "sync_now"]) == (bench.jobs.waiting()[0], kinds)


def test_a_withdrawn_consent_breaks_the_connection_once(bench: Bench) -> None:
    """Said with the company; a connection that is broken or closed stays so, and a closed one opens no account."""
    run = bench.connect()
    bench.desk.lost(run, ConsentWithdrawn())
    bench.desk.lost(run, ConsentWithdrawn())
    assert "broken" == connection_of(bench, run).state
    assert ["broken"] == [one.state for one in bench.said("company.described")[-1].data.connections]
    assert 3 == len(bench.said("company.described"))
    move(bench, run, "closed")
    with pytest.raises(NotCollecting):
        bench.desk.open(run)


def finished(run: Run, n: int = 1) -> list[Delivery]:
    """The n-th import.finished of a run, as it comes from the broker."""
    data = ImportFinished(
        company_id=run.company_id,
        connection_id=run.connection_id,
        run_id=run.run_id,
        revision=n,
        kind=run.kind,
        counts=RunCounts(collected=2, recorded=2, **ZERO),
        waiting=(),
        window_from=run.window_from,
        window_to=run.window_to,
        finished_at="2026-11-23T09:00:00Z",
        test_environment=False,
    )
    event = Event(f"event-{run.run_id}-{n}", "/achats/ledger", "2026-11-23T09:00:00Z", data)
    return [Delivery(Record("booked", 0, 0, 0, b"", b"", ()), event, None)]


def listener(bench: Bench) -> OncePerEvent[Any]:
    """The fetcher's loop around ImportEnds."""
    return OncePerEvent(bench.store, "fetcher", "parked", {ImportFinished: ImportEnds(Companies, bench.clock)}, bench.clock)


def test_a_finished_first_import_activates_the_connection_once(bench: Bench) -> None:
    """The first run does it, not a daily one, nor its repeat, nor its next revision; said as the connection's second event."""
    run, listen = bench.connect(), listener(bench)
    for heard in (finished(bench.next_run(run)), finished(run), finished(run), finished(run, 2)):
        listen(heard)
    [changed], [opened] = bench.said("connection.changed"), bench.said("connection.opened")
    assert ("initialising", "active", 2) == (changed.data.from_state, changed.data.to_state, changed.data.counts.recorded)
    assert (f"event-{run.run_id}-1", run.run_id) == (changed.causation_id, changed.data.run_id)
    assert changed.id != opened.id
    assert ("active", bench.clock.now()) == ((now := connection_of(bench, run)).state, now.since)
    assert ["active"] == [one.state for one in bench.said("company.described")[-1].data.connections]


def test_each_event_about_a_connection_has_its_own_id(bench: Bench) -> None:
    """Active, broken, active again by the same words: three events, not one thrice."""
    run = bench.connect()
    listener(bench)(finished(run))
    [changed] = bench.said("connection.changed")
    for _ in range(2):
        with bench.store.transaction() as transaction:
            Companies(transaction).say_about_connection(run.connection_id, changed.data, bench.clock.now())
    assert 3 == len({event.id for event in bench.said("connection.changed")})


@pytest.mark.parametrize("state", ["broken", "closed", "active"])
def test_only_an_initialising_connection_becomes_active(bench: Bench, state: str) -> None:
    """What happened meanwhile stands."""
    run = bench.connect()
    move(bench, run, state)
    listener(bench)(finished(run))
    assert (state, []) == (connection_of(bench, run).state, bench.said("connection.changed"))


def test_two_companies_do_not_meet(bench: Bench) -> None:
    """The same payment, number and PDF under two connections: two runs, two invoices, two events numbered 1."""
    runs = [bench.connect(), bench.connect("other")]
    for run in runs:
        bring(bench, run, paper("FR-1"), report=f"R-{run.company_id}")
        say(bench, run, numbered(paper("FR-1")))
    events = bench.said("invoice.collected")
    assert {"acme", "other"} == {event.data.company_id for event in events}
    assert [1, 1] == [event.run.seq for event in events if event.run]
    assert 2 == len({event.data.invoice_id for event in events})
