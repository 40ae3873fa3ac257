"""A migration of history: its steps, its estimate, what may be asked for, and what it changes about the import's start."""

from copy import copy
from datetime import UTC, date, datetime, timedelta

import pytest

from services.fetcher.domain.company import Choices, ImportStartTooEarly, check_import_start
from services.fetcher.domain.history import (
    FOLLOWING,
    InSettings,
    Migration,
    NoHistory,
    NotPossibleNow,
    State,
    check_history,
    estimate,
    quote_of,
    requested,
)
from services.fetcher.domain.pace import PUBLISHED, Bucket, Operation, PartOfBucket
from services.fetcher.domain.records import Run
from tests.unit.fetcher.test_company import company

OPENED = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def migration(state: State = State.REQUESTED, orders: int | None = None) -> Migration:
    """Two years, up to the import's start."""
    return Migration("mig-1", "run-1", "acme", "con-1", date(2024, 11, 1), date(2026, 10, 24), state, orders)


def test_the_steps_there_are_and_no_others() -> None:
    """From the request to the end; every other step is refused in words."""
    allowed = {(state.value, to.value) for state in State for to in FOLLOWING[state]}
    assert {
        ("requested", "estimated"),
        ("requested", "refused"),
        ("estimated", "approved"),
        ("estimated", "refused"),
        ("approved", "running"),
        ("approved", "paused"),
        ("running", "paused"),
        ("running", "done"),
        ("paused", "running"),
    } == allowed
    for state in State:
        for to in State:
            if (state.value, to.value) in allowed:
                assert to is migration(state).moved(to).state
            else:
                with pytest.raises(NotPossibleNow):
                    migration(state).moved(to)
    assert [State.DONE, State.REFUSED] == [state for state in State if not migration(state).open]


@pytest.mark.parametrize(
    ("orders", "documents", "published_hours", "hours"), [(0, 0, 0, 0), (1, 2, 1, 1), (360, 468, 1, 4), (10_000, 13_000, 28, 105)]
)
def test_an_estimate_follows_from_the_orders(orders: int, documents: int, published_hours: int, hours: int) -> None:
    """10,000 orders: 28 hours of createReport at 0.1 a second (§12.5), and at a third of 80 % of it nearly four times as long."""
    sizes = estimate(orders)
    assert (orders, documents, published_hours, hours) == (sizes.orders, sizes.documents, sizes.published_hours, sizes.hours)


def test_what_is_accepted_is_the_quote_with_its_sizes() -> None:
    """Nothing is accepted before it was estimated."""
    quote = {"reference": "D-12", "since": "2024-11-01", "until": "2026-10-24", "orders": 360, "documents": 468, "hours": 4}
    assert quote == quote_of(migration(State.ESTIMATED, 360), "D-12")
    with pytest.raises(NotPossibleNow):
        quote_of(migration(), "D-12")


def test_what_may_be_asked_for() -> None:
    """More than 30 days before the connection and before what is imported already."""
    check_history(date(2026, 10, 23), OPENED, OPENED)
    with pytest.raises(InSettings):
        check_history(date(2026, 10, 24), OPENED, OPENED)
    with pytest.raises(NoHistory):
        check_history(date(2024, 11, 1), date(2024, 11, 1), OPENED)


def test_its_window_is_its_own() -> None:
    """45 days around its period, never beyond today; its run reads to the end of that, not to the moment it started."""
    since, until = migration().window(OPENED)
    assert (date(2024, 9, 17), OPENED) == (since, until)
    assert (date(2024, 9, 17), date(2026, 12, 8)) == migration().window(date(2027, 6, 1))
    late = datetime(2027, 6, 1, tzinfo=UTC)
    run = Run("run-1", "acme", "con-1", "history", "collecting", since, date(2026, 12, 8), late, 0)
    assert datetime(2026, 12, 8, 23, 59, 59, 999999, tzinfo=UTC) == run.reads_until
    assert NOW == Run("run-2", "acme", "con-1", "daily", "collecting", since, OPENED, NOW, 0).reads_until


def test_two_requests_of_a_connection_are_two_migrations() -> None:
    """Each with a run of its own, the same again for the same place."""
    first, second = (requested("acme", "con-1", date(2024, 11, 1), OPENED, place) for place in (1, 2))
    assert 4 == len({first.migration_id, second.migration_id, first.run_id, second.run_id})
    assert first == requested("acme", "con-1", date(2024, 11, 1), OPENED, 1)


def test_a_migration_extends_the_import() -> None:
    """Once done: the import starts with it, and the settings may be chosen back to it; the thirty days stay for everybody else."""
    chosen = company(choices=Choices(import_start=date(2026, 10, 24)))
    assert date(2026, 10, 24) == chosen.settings(OPENED).import_start
    migrated = chosen.importing_since(date(2024, 11, 1)).settings(OPENED)
    assert (date(2024, 11, 1), date(2024, 11, 1)) == (migrated.import_start, migrated.cut_over)
    assert date(2026, 10, 24) == chosen.importing_since(date(2026, 11, 1)).settings(OPENED).import_start
    check_import_start(date(2024, 11, 1), OPENED, date(2024, 11, 1))
    with pytest.raises(ImportStartTooEarly):
        check_import_start(date(2024, 10, 31), OPENED, date(2024, 11, 1))
    with pytest.raises(ImportStartTooEarly):
        check_import_start(date(2026, 10, 23), OPENED, date(2026, 11, 1))


def test_a_migration_takes_a_third_and_leaves_two() -> None:
    """
    createReport, a burst of 12 of ours: a migration that takes whatever it can for an hour
    it has 4 at once and then one each 37.5 s, and at no moment are there fewer than 8 for a daily run
    """
    allowance = PUBLISHED[Operation.CREATE_REPORT]
    whole = Bucket(allowance, NOW)
    part, now, taken = PartOfBucket(whole, allowance, NOW), NOW, 0
    while now < NOW + timedelta(hours=1):
        while part.wait_seconds(now) == 0:
            part.take(now)
            taken += 1
        assert burst(whole, now) == whole.allowed(now) >= 8
        now += timedelta(seconds=1)
    assert 4 + 95 == taken


def burst(bucket: Bucket, now: datetime) -> int:
    """How many requests could go at once."""
    trial, taken = copy(bucket), 0
    while trial.wait_seconds(now) == 0:
        trial.take(now)
        taken += 1
    return taken


def test_a_migration_waits_when_the_whole_is_empty() -> None:
    """A daily run has just used it up."""
    allowance = PUBLISHED[Operation.CREATE_REPORT]
    whole = Bucket(allowance, NOW)
    part = PartOfBucket(whole, allowance, NOW)
    for _ in range(12):
        whole.take(NOW)
    assert 0 == part.allowed(NOW)
    assert 12.5 == pytest.approx(part.wait_seconds(NOW))
