"""What every release must pass, one scenario each: something breaks on the way, and each document is said once all the same."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from services.fetcher.adapters.queries import Queries
from tests.e2e.amazon.conftest import Begin
from tests.e2e.amazon.journey import Journey, settings_of
from tests.e2e.amazon.test_scenarios import everything_is_said

DOCUMENTS = 12


class Killed(BaseException):
    """The process is gone: nothing may catch this."""


def connected(begin: Begin, page_size: int = 100) -> Journey:
    """A company that has just connected, nothing of its first import done."""
    journey = begin(settings_of(invoices=DOCUMENTS))
    journey.simulator.assumed.set({"page_size": page_size})
    journey.connect()
    return journey


def finishes(journey: Journey) -> None:
    """The import ends, and says each document once."""
    journey.work_off()
    assert [] == everything_is_said(journey)
    assert [("finished", DOCUMENTS)] == [(row["state"], row["emitted"]) for row in journey.rows("select state, emitted from run")]


@pytest.mark.parametrize("seed", range(4))
def test_killed_after_each_step(begin: Begin, monkeypatch: pytest.MonkeyPatch, seed: int):
    """Killed between two statements, again and again, wherever the seed says; each time another process goes on until it is killed."""
    journey, dice, kills = connected(begin), random.Random(seed), 0
    steps = Steps(monkeypatch)
    [run_id] = [row["run_id"] for row in journey.rows("select run_id from run")]
    while journey.rows("select from run where state = 'collecting'"):
        steps.left = dice.randint(1, 15 + 5 * kills)
        try:
            journey.attempt(run_id, journey.collect)
        except Killed:
            kills += 1
            journey.restart()
    steps.left = None
    assert kills >= 5
    finishes(journey)


class Steps:
    """Counts the statements of all queries; kills before the one after the last that is `left`. None = any number."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left: int | None = None
        for name in ("rows", "row", "value", "run", "run_each"):
            monkeypatch.setattr(Queries, name, self._counted(getattr(Queries, name)))

    def _counted(self, ask: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*args: Any, **values: Any) -> Any:
            if self.left is not None:
                self.left -= 1
                if self.left < 0:
                    raise Killed
            return ask(*args, **values)

        return asked


def test_a_storm_of_429(begin: Begin):
    """Every operation refuses for too long to be waited for: the run comes again later, no try of a document is counted."""
    journey = connected(begin)
    for operation in ("getTransactions", "getInvoiceDetailsByOrderLineItems", "createReport", "getReport", "getReportDocument"):
        journey.fault(operation, 429, times=25)
    finishes(journey)
    assert {25} == {journey.calls()[operation]["429"] for operation in ("getTransactions", "createReport", "getReport")}
    assert [] == journey.rows("select from report where state not in ('fetched')")


def test_the_answer_of_create_report_is_lost(begin: Begin):
    """Amazon made the report and we do not know its id: another is asked for, and the document is said once."""
    journey = connected(begin)
    journey.fault("createReport", "silent")
    finishes(journey)
    assert len(journey.rows("select from report")) + 1 == journey.calls()["createReport"]["202"]


def test_the_link_expires_before_the_download(begin: Begin):
    """The store answers 403: another link is asked for."""
    journey = connected(begin)
    journey.control("/faults", [{"operation": "download", "status": "delayed", "times": 2, "seconds": 400}])
    finishes(journey)
    assert 2 == journey.calls()["download"]["403"]
