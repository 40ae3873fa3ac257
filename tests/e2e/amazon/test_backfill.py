"""What every release must pass: a history of many hours, with the daily run inside it."""

from datetime import timedelta

import pytest

from deploy.local.amazon import throttle
from services.fetcher.adapters.entry import enter
from services.fetcher.domain import pace
from services.fetcher.domain.company import Choices
from services.fetcher.domain.history import State
from services.fetcher.web.running import Running
from tests.e2e.amazon.conftest import Begin
from tests.e2e.amazon.journey import COMPANY, SEALER, START, Journey, settings_of
from tests.e2e.amazon.test_scenarios import everything_is_said, invoiced
from tests.support.connected import company_file

DOCUMENTS = 60
AWAY = timedelta(days=40)
"""The company connects so long after the last of its old purchases, and its import begins on that day."""


@pytest.mark.parametrize("hours", [pytest.param(28, marks=pytest.mark.long), 6])
def test_a_history_of_many_hours_with_the_daily_run_inside_it(begin: Begin, monkeypatch: pytest.MonkeyPatch, hours: int):
    """createReport as slow as makes the history last so long: the daily run comes on time, takes its share, and the history goes on."""
    journey = begin(settings_of(invoices=DOCUMENTS))
    slow_down(monkeypatch, len({document.order_id for document in journey.simulator.world.documents}) / hours)
    connect_late(journey)
    running = Running(journey.store, journey.clock)
    running.request(COMPANY, START.date() - timedelta(days=40), "Jeanne Martin")
    journey.work_off()
    [shown] = running.migrations(COMPANY)
    assert State.ESTIMATED is shown.migration.state
    due = journey.due_at()
    assert due is not None
    began = journey.clock.set(due - timedelta(hours=2))
    fresh = invoiced(journey, journey.do(deed="place"))
    running.approve(COMPANY, shown.migration.migration_id, "Jeanne Martin", "D-1")
    journey.check_stopping = journey.desk.start_due_runs
    journey.work_off()
    [done] = running.migrations(COMPANY)
    assert (State.DONE, DOCUMENTS) == (done.migration.state, done.emitted)
    assert timedelta(hours=hours * 0.7) < journey.clock.now() - began < timedelta(hours=hours * 1.5)
    [daily] = journey.rows(f"select started_at, finished_at, emitted from run where kind = 'daily' and started_at >= '{due}' limit 1")
    assert (1, True) == (daily["emitted"], daily["finished_at"] < journey.clock.now())
    assert daily["started_at"] - due < timedelta(minutes=1)
    assert daily["finished_at"] - due < timedelta(hours=1)
    assert fresh in {event.data.stated.number and event.data.stated.number.value for event in journey.said()}
    assert [] == everything_is_said(journey)
    assert "429" not in journey.calls()["createReport"]


def slow_down(monkeypatch: pytest.MonkeyPatch, orders_an_hour: float) -> None:
    """Both sides know a rate of createReport of which a history may take so many, and no burst to speak of."""
    rate = orders_an_hour / 3600 / pace.SHARE / pace.HISTORY_PART
    monkeypatch.setitem(pace.PUBLISHED, pace.Operation.CREATE_REPORT, pace.Allowance(rate, 3))
    monkeypatch.setitem(throttle.PLANS, "createReport", throttle.Plan(rate, 3))


def connect_late(journey: Journey) -> None:
    """A company whose purchases are all from before its import; its first import, of nothing, is over."""
    journey.clock.set(START + AWAY)
    company = company_file(COMPANY, START)
    enter(company.model_copy(update={"settings": Choices(automatic_import=True)}), journey.store, SEALER, journey.clock)
    journey.connect()
    journey.work_off()
    assert [] == journey.said()
