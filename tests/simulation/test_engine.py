"""The engine itself: turns come from the seed, kills unwind, freezes thaw, waiting makes time fly, what is restless is said."""

from collections.abc import Callable, Sequence

import pytest

from tests.simulation.engine import Engine, Loop, Process, Restless
from tests.simulation.faults import ANYWHERE, Fault, Kind, Schedule, drawn


def engine(*faults: Fault, seed: int = 1) -> Engine:
    """An engine without deeds."""
    return Engine(Schedule(seed, faults), {})


def process(name: str, start: Callable[[Process], Sequence[Loop]]) -> Process:
    """A process that the world does not miss."""
    return Process(name, start, lambda _: None, lambda _: None, (ConnectionError,))


def counting(engine: Engine, name: str, said: list[str], until: int = 3) -> Process:
    """A process that says its name so many times, with a point before each, and then waits for ever."""

    def loop() -> None:
        for n in range(until):
            engine.point("saying", ANYWHERE)
            engine.news()
            said.append(f"{name}{n}")
        while not engine.is_set():
            engine.wait(0.05)

    return process(name, lambda _: [loop])


def test_the_seed_decides_the_turns():
    """Two processes of three deeds: the same seed gives the same order, and among ten seeds there are several orders."""

    def order(seed: int) -> str:
        said, running = list[str](), engine(seed=seed)
        for name in "ab":
            running.add(counting(running, name, said))
        running.run()
        return " ".join(said)

    assert order(3) == order(3)
    assert 3 <= len({order(seed) for seed in range(10)})


def test_a_killed_process_does_nothing_more_and_starts_again():
    """Killed at its second point: what it had said stays said, it says the rest after a new start, from the beginning."""
    said, running = list[str](), engine(Fault(2, Kind.KILL))
    running.add(counting(running, "a", said))
    running.run()
    assert ["a0", "a0", "a1", "a2"] == said


def test_a_kill_unwinds_what_was_open():
    """The kill in the middle of a `with` runs its end; a further point there ends at once instead of letting others run."""
    ends, running = list[str](), engine(Fault(1, Kind.KILL))

    def loop() -> None:
        if ends:
            while True:
                running.wait(1)
        try:
            running.point("inside", ANYWHERE)
            ends.append("never")
        finally:
            ends.append("unwound")
            running.point("at the end", ANYWHERE)
            ends.append("never")

    running.add(process("a", lambda _: [loop]))
    running.run()
    assert ["unwound"] == ends


def test_a_frozen_process_goes_on_where_it_was():
    """Frozen at its second point while the other one finishes; then it goes on."""
    said, running = list[str](), engine(Fault(2, Kind.FREEZE), seed=4)
    for name in "ab":
        running.add(counting(running, name, said))
    running.run()
    frozen = next(event.split()[-2] for event in running.happened if "freeze" in event)
    other = {"a": "b", "b": "a"}[frozen]
    assert [f"{other}2", f"{frozen}2"] == [one for one in said if one.endswith("2")]


def test_an_error_ends_the_process_and_an_unforeseen_one_is_told():
    """A passing error: started again, no trouble. Any other: told."""
    assert [] == troubles_of(ConnectionError("away"))
    assert ["a ended by the unforeseen KeyError('bug')"] == troubles_of(KeyError("bug"))


def troubles_of(error: Exception) -> list[str]:
    """What the engine tells of a process that ends once by this error."""
    running, left = engine(), [error]

    def loop() -> None:
        while not left:
            running.wait(1)
        raise left.pop()

    running.add(process("a", lambda _: [loop]))
    running.run()
    return running.troubles


def test_waiting_makes_time_fly_and_sleeping_takes_its_time():
    """A sleep of a day among processes with nothing to do is over after few points; the clock says a day."""
    running, woken = engine(), list[float]()

    def sleeper() -> None:
        running.sleep(86_400)
        woken.append(running.seconds)
        while True:
            running.wait(1)

    running.add(process("sleeper", lambda _: [sleeper]))
    running.add(counting(running, "a", []))
    running.run()
    assert 86_400 <= woken[0] < 86_500


def test_what_never_rests_is_told():
    """A process that makes news for ever."""
    running = engine()

    def loop() -> None:
        while True:
            running.point("again", ANYWHERE)
            running.news()

    running.add(process("a", lambda _: [loop]))
    with pytest.raises(Restless):
        running.run()


def test_schedules_are_drawn_from_the_seed_and_shrink():
    """The same seed draws the same; every smaller schedule has fewer faults and the same seed."""
    assert drawn(7) == drawn(7)
    assert () == drawn(20).faults
    assert all(len(one.faults) < len(drawn(7).faults) and 7 == one.seed for one in drawn(7).smaller())
