"""What happens to a connection after its first day, in memory and in PostgreSQL: lost, denied, paused, given to another account, closed."""

from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from schemas.contact_described.v1 import ContactDescribed
from schemas.registry import topic_for
from services.fetcher.adapters.companies import Companies
from services.fetcher.adapters.entry import enter
from services.fetcher.domain.identity import digest
from services.fetcher.domain.records import Connection, Run
from services.fetcher.domain.refusals import NotAuthorised, NotConnected
from services.fetcher.stages.ports import AccessLost, ConsentWithdrawn, NotCollecting
from services.fetcher.web.connecting import Connecting
from tests.adapters.fetcher_bench import ORIGIN, SEALER, Bench, open_bench
from tests.simulation.memory.amazon import AmazonWorld
from tests.simulation.test_fetcher_in_memory import Fetcher, fetcher


@pytest.fixture(params=["memory", "real"])
def bench(request: pytest.FixtureRequest) -> Generator[Bench]:
    """A schema in memory, then PostgreSQL."""
    with open_bench(request) as bench:
        yield bench


def connecting(bench: Bench) -> Connecting:
    """What the pages do."""
    return Connecting(bench.store, bench.amazon.as_amazon(), SEALER, bench.clock)


def connections(bench: Bench) -> list[Connection]:
    """Every connection of the company, oldest first."""
    with bench.store.transaction() as transaction:
        return Companies(transaction).connections("acme")


def consent_again(bench: Bench, code: str) -> None:
    """The second consent, given anew."""
    state = f"again-{bench.clock.now()}"
    with bench.store.transaction() as transaction:
        until = bench.clock.now() + timedelta(minutes=10)
        assert Companies(transaction).send_to_amazon("session-acme", "acme", digest(state), until)
    bench.amazon.world.used_codes.clear()
    connecting(bench).come_back("session-acme", state, code)


def collected(bench: Bench) -> tuple[Fetcher, Run]:
    """A company with a first run of documents behind it."""
    ours = fetcher(bench, 3)
    run = bench.connect()
    ours.work()
    return ours, run


def test_a_breakage_is_said_once_with_its_reason(bench: Bench) -> None:
    """The job ends quietly; said again nothing changes; a run that only waits breaks nothing."""
    run = bench.connect()
    bench.desk.lost(run, NotCollecting("the plan is too low"))
    assert [] == bench.said("connection.broken")
    bench.desk.lost(run, ConsentWithdrawn())
    bench.desk.lost(run, AccessLost())
    [broken] = bench.said("connection.broken")
    assert ("consent_withdrawn", "2026-11-23T08:00:00.000000Z") == (broken.data.reason, broken.data.since)
    assert ("broken", "consent_withdrawn") == (connections(bench)[0].state, connections(bench)[0].trouble)
    with pytest.raises(NotCollecting):
        bench.desk.open(run)


def test_a_job_of_a_withdrawn_consent_ends_quietly(bench: Bench) -> None:
    """The queue is empty, nothing is said but the breakage; the same account again goes on where it was, each document once."""
    ours = fetcher(bench, 3)
    run = bench.connect()
    ours.world.withdrawn.add("acme")
    ours.work()
    assert ([], []) == (bench.jobs.waiting(), ours.said())
    ours.world.withdrawn.clear()
    consent_again(bench, "code-acme")
    ours.work()
    prompt = [purchase for purchase in ours.world.purchases if purchase.lateness != "pending"]
    assert len(prompt) == len(ours.said())
    assert [run.connection_id] == [one.connection_id for one in connections(bench)]


def test_a_denied_account_is_tried_once_a_day_and_imports_again_when_it_opens(bench: Bench) -> None:
    """403 with a fresh token: broken and said; five days of asking every quarter of an hour: five tries; then a new first import."""
    ours, _ = collected(bench)
    ours.world.denied.add("acme")
    tries = 0
    for _ in range(6 * 96):
        bench.clock.sleep(900)
        bench.desk.start_due_runs()
        if bench.jobs.waiting():
            tries += 1
            ours.work()
    assert ["access_denied"] == [one.data.reason for one in bench.said("connection.broken")]
    assert 6 == tries  # the daily run that found out, and one try on each of the five days after it
    ours.world.denied.clear()
    for _ in range(96):
        bench.clock.sleep(900)
        bench.desk.start_due_runs()
    ours.work()
    assert ("initialising", None) == (connections(bench)[0].state, connections(bench)[0].trouble)
    assert {purchase.sha256 for purchase in ours.world.purchases} == {one.data.document.sha256 for one in bench.said("invoice.collected")}
    assert 1 == len(bench.said("connection.broken"))


def test_a_new_consent_for_the_same_account_resumes(bench: Bench) -> None:
    """Nothing is said twice, and nothing is closed."""
    ours, run = collected(bench)
    before = ours.said()
    bench.desk.lost(run, ConsentWithdrawn())
    consent_again(bench, "code-acme")
    ours.work()
    [connection] = connections(bench)
    assert (run.connection_id, "initialising", True) == (connection.connection_id, connection.state, connection.proven)
    assert before == ours.said()[: len(before)]
    assert len({one.data.document.sha256 for one in bench.said("invoice.collected")}) == len(ours.said())


def test_a_new_consent_for_another_account_begins_anew(bench: Bench) -> None:
    """
    the account behind the new consent has none of the known payments
    the first connection is closed and said so, another begins that day: what was bought there before is not imported
    """
    ours, run = collected(bench)
    made_up = AmazonWorld.made_up(Random(4), [bench.company("other")], ORIGIN).purchases
    theirs = [replace(purchase, number=f"O-{purchase.number}") for purchase in made_up]
    ours.world.purchases = [*ours.world.purchases, *theirs]
    before = len(ours.said())
    bench.clock.sleep(3 * 86_400)
    bench.desk.lost(run, ConsentWithdrawn())
    consent_again(bench, "code-other")
    ours.work()
    first, second = connections(bench)
    assert (run.connection_id, "closed", "initialising") == (first.connection_id, first.state, second.state)
    [closed] = bench.said("connection.closed")
    assert (run.connection_id, "other_account") == (closed.data.connection_id, closed.data.reason)
    today = bench.clock.now().date()
    assert [second.connection_id] == [one.data.connection_id for one in bench.said("connection.opened")[1:]]
    assert (today, today) == (second.opened_at.date(), bench.said("company.described")[-1].data.settings.import_start)
    assert before == len(ours.said())
    waiting = {one.reason: one.count for one in bench.said("collection.finished")[-1].data.waiting}
    assert len(theirs) == waiting["before_import_start"]


def test_a_plan_that_falls_pauses_and_one_that_rises_resumes(bench: Bench) -> None:
    """
    below Essentiel: the job in the queue ends quietly, no daily run starts, the connection and its data stay
    sixty days later Premium: one run that looks back to the import's start, not 45 days only
    """
    ours = fetcher(bench, 3)
    bench.connect()
    low = bench.company().model_copy(update={"plan": "basique"})
    enter(low, bench.store, SEALER, bench.clock)
    ours.work()
    for _ in range(60):
        bench.clock.sleep(86_400)
        bench.desk.start_due_runs()
    assert ([], []) == (bench.jobs.waiting(), ours.said())
    assert "initialising" == connections(bench)[0].state
    enter(low.model_copy(update={"plan": "premium"}), bench.store, SEALER, bench.clock)
    resumed = bench.progress.run(bench.jobs.waiting()[-1])
    assert ("sync_now", bench.company().settings.import_start) == (resumed.kind, resumed.window_from + timedelta(days=45))
    ours.work()
    assert len(ours.world.purchases) <= len(ours.said())


def test_disconnecting_destroys_the_token_and_ends_what_runs(bench: Bench) -> None:
    """
    the token is gone from the row, the runs are dropped, closed is said, the contact ends in a tombstone; the job ends quietly
    a run in hand says nothing more, not even its marker; connecting again begins at the first half, as another connection
    """
    ours = fetcher(bench, 3)
    run = bench.connect()
    account = bench.desk.open(run)
    connecting(bench).disconnect("session-acme", "acme")
    with bench.store.transaction() as transaction:
        assert Companies(transaction).sealed_refresh_token(run.connection_id) is None
    assert "closed" == connections(bench)[0].state
    with pytest.raises(NotCollecting):
        account.transactions(run.window_from, run.started_at, None)
    ours.work()
    assert ([], [], []) == (ours.said(), bench.said("collection.finished"), bench.jobs.waiting())
    assert ["disconnected"] == [one.data.reason for one in bench.said("connection.closed")]
    [end] = [one for one in bench.outbox() if one.topic == topic_for("fetcher", ContactDescribed) and one.value is None]
    assert b"acme" == end.key
    enter(bench.company(), bench.store, SEALER, bench.clock)
    assert 2 == len(bench.said("contact.described"))  # entered, and connected; not again after its end
    for refusal in (NotAuthorised, NotAuthorised):
        with pytest.raises(refusal):
            connecting(bench).disconnect("session-acme", "acme")
    connecting(bench).authorise("session-acme", "Atelier acme")
    with pytest.raises(NotConnected):
        connecting(bench).disconnect("session-acme", "acme")
    bench.clock.sleep(60)
    consent_again(bench, "code-acme")
    ours.work()
    assert ["closed", "initialising"] == [one.state for one in connections(bench)]
    assert 3 == len(bench.said("contact.described"))
    assert [] != ours.said()


def test_a_run_in_hand_says_nothing_after_the_end(bench: Bench) -> None:
    """Another process is about to say a document when the person disconnects."""
    ours = fetcher(bench, 3)
    run = bench.connect()

    def disconnect() -> None:
        if ours.world.reports:
            with suppress(NotAuthorised):
                connecting(bench).disconnect("session-acme", "acme")

    replace(ours.collect(), check_stopping=disconnect)(run.run_id)
    assert ([], []) == (ours.said(), bench.said("collection.finished"))
