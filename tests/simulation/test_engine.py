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
        while not ear.is_set():
            ear.wait(0.05)

    ear = engine.ear()
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
                ear.wait(1)
        try:
            running.point("inside", ANYWHERE)
            ends.append("never")
        finally:
            ends.append("unwound")
            running.point("at the end", ANYWHERE)
            ends.append("never")

    ear = running.ear()
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
    ear = running.ear()

    def loop() -> None:
        while not left:
            ear.wait(1)
        raise left.pop()

    running.add(process("a", lambda _: [loop]))
    running.run()
    return running.troubles


def test_waiting_makes_time_fly_and_sleeping_takes_its_time():
    """A sleep of a day among processes with nothing to do is over after few points; the clock says a day."""
    running, woken = engine(), list[float]()
    ear = running.ear()

    def sleeper() -> None:
        running.sleep(86_400)
        woken.append(running.seconds)
        while True:
            ear.wait(1)

    running.add(process("sleeper", lambda _: [sleeper]))
    running.add(counting(running, "a", []))
    running.run()
    assert 86_400 <= woken[0] < 86_500


def looking(running: Engine, looks: list[str], ear: str, timed: bool = False) -> Process:
    """A process that looks, notes the hour, and waits for news of its topic."""

    def loop() -> None:
        stop = running.ear(ear, timed=timed)
        while not stop.is_set():
            looks.append(f"{ear} {running.seconds // 3600:.0f}")
            stop.wait(0.05)

    return process(ear, lambda _: [loop])


def test_who_waits_hears_the_news_of_what_it_works_on():
    """At the third hour there is news of "ink": who works on it looks soon; who works on "paper" does not look."""
    running, looks = engine(), list[str]()
    for topic in ("ink", "paper"):
        running.add(looking(running, looks, topic))
    running.later(3 * 3600.0, lambda: running.news("ink"))
    running.run()
    assert ["ink 0", "ink 0", "ink 3", "paper 0", "paper 0"] == sorted(looks)


def test_news_during_a_look_is_not_missed():
    """The look is over before the news, and the wait begins behind it: so it is a short one."""
    running, looks = engine(), list[int]()

    def loop() -> None:
        ear = running.ear("ink")
        while not ear.is_set():
            looks.append(len(looks))
            if len(looks) == 2:
                running.news("ink")
            ear.wait(0.05)

    running.add(process("a", lambda _: [loop]))
    running.run()
    assert [0, 1, 2] == looks


def test_where_time_brings_something_to_do_somebody_looks_again():
    """Thirty days without news: a queue is looked at ever more seldom, then every hour; where only news matters nobody looks meanwhile."""
    running, looks = engine(), list[str]()
    running.later(30 * 86_400.0, lambda: None)
    running.add(looking(running, looks, "paper"))
    running.add(looking(running, looks, "queue", timed=True))
    running.run()
    assert ["paper 0", "paper 0"] == [look for look in looks if "paper" in look]
    assert [*["queue 0"] * 7, "queue 1", "queue 2", "queue 3"] == [look for look in looks if "queue" in look][:10]


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


def test_a_process_that_ends_at_each_start_is_told():
    """It makes no point and no news, and never gets on; the words are those of the last error."""
    running = engine()

    def loop() -> None:
        raise KeyError("bug")

    running.add(process("a", lambda _: [loop]))
    with pytest.raises(Restless, match="a ended by the unforeseen KeyError"):
        running.run()
