"""Two companies, two days, four services, up to twenty faults, many seeds: nothing is lost, nothing doubled.

`SEEDS=3000 make test ARGS=tests/simulation/test_seeds.py` plays more of them.
"""

import os

import pytest

from schemas.import_finished.v1 import ImportFinished
from tests.simulation.faults import Fault, Kind, Schedule, drawn
from tests.simulation.invariants import Said
from tests.simulation.mistakes import offset_first
from tests.simulation.playing import Finding, findings, outcome, shrunk
from tests.simulation.scenario import made_up, play
from tests.simulation.world import World

SEEDS = int(os.environ.get("SEEDS", "200"))


@pytest.mark.timeout(60 + SEEDS)
def test_every_promise_holds_under_every_seed():
    """Each document of the truth once in the book, held, or parked with its reason; runs add up; debits = credits; one letter each."""
    found = next(findings(SEEDS), None)
    assert found is None, f"\n{found}\nshrunk to\n{found and shrunk(found)}"


def test_a_seed_plays_the_same_again():
    """The same schedule breaks the same promises in the same words; with the offsets first there are some."""
    with offset_first():
        found = next(schedule for schedule in map(drawn, range(200)) if outcome(schedule))
        assert outcome(found) == outcome(found)


def test_a_finding_is_shrunk_to_the_faults_that_matter():
    """
    Goal: what is printed is enough to break the promise, and no more. Case: the offsets first; the first finding.
      - the shrunk schedule is of the same seed, with some of its faults, and breaks a promise, in the words that are printed
      - without any one of its faults, it breaks none
    """
    with offset_first():
        found = next(Finding(schedule, broken) for schedule in map(drawn, range(200)) if (broken := outcome(schedule)))
        least = shrunk(found)
        again = outcome(least.schedule)
        left_out = [outcome(smaller) for smaller in least.schedule.without_one()]
    assert least.broken == again != ()
    assert [()] * len(least.schedule.faults) == left_out
    assert found.schedule.seed == least.schedule.seed
    assert set(found.schedule.faults) > set(least.schedule.faults) > set()
    said = str(least)
    assert [f"seed {least.schedule.seed}: {', '.join(map(str, least.schedule.faults))}", *least.broken] == said.split("\n  ")


def test_a_schedule_without_faults_breaks_nothing():
    """The seed that a finding names can be played by hand, fault by fault."""
    assert () == outcome(Schedule(64, ()))
    assert () == outcome(Schedule(64, (Fault(500, Kind.KILL), Fault(900, Kind.FREEZE))))


def test_people_decide_under_faults_too():
    """Case: a seed of sixteen faults and two documents whose VAT is charged wrongly: each decision is a run that ends."""
    schedule = drawn(26)
    world = World(schedule, *made_up(schedule))
    play(world, schedule.seed)
    lifted = [event.data.counts for event in Said(world).all(ImportFinished) if event.data.kind == "lifted"]
    world.engine.end()
    assert (2, [1, 1], [1, 1]) == (len(world.decided), [one.collected for one in lifted], [one.recorded for one in lifted])
