"""What can befall a process or the world, drawn from a seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random

HORIZON = 1_600  # points within which faults are drawn: about as many as an import of two companies has


class Kind(StrEnum):
    """A fault. Each waits for the first point at which it can happen."""

    KILL = "kill -9"
    FREEZE = "freeze"
    NO_ANSWER = "the call fails"  # nothing was done
    ANSWER_LOST = "the call is done, its answer lost"
    TAIL_FIRST = "a send fails, those behind it arrive"
    ACKNOWLEDGEMENT_LOST = "a send arrives, its acknowledgement is lost"
    COMMIT_LOST = "a commit of offsets is lost"
    CORRUPT = "a record is changed on its way"
    GARBAGE = "somebody else writes garbage into a topic"
    REDELIVERY = "an old record is written again behind the others"
    REWIND = "a group's offsets go back to the beginning"


ANYWHERE = frozenset({Kind.KILL, Kind.FREEZE, Kind.GARBAGE, Kind.REDELIVERY, Kind.REWIND})
WEIGHTS = {
    Kind.KILL: 6,
    Kind.FREEZE: 10,
    Kind.NO_ANSWER: 2,
    Kind.ANSWER_LOST: 3,
    Kind.TAIL_FIRST: 4,
    Kind.ACKNOWLEDGEMENT_LOST: 3,
    Kind.COMMIT_LOST: 3,
    Kind.CORRUPT: 2,
    Kind.GARBAGE: 3,
    Kind.REDELIVERY: 3,
    Kind.REWIND: 2,
}
OF_A_CALL = frozenset({Kind.KILL, Kind.FREEZE, Kind.NO_ANSWER, Kind.ANSWER_LOST})
AIMS = (
    "Amazon",
    "progress",
    "fetcher store",
    "fetcher outbox",
    "source.poll",
    "source.commit",
    "classifier sender",
    "positions",
    "books.record",
    "announcements",
    "notifier store",
    "notifier outbox",
    "desk",
    "post",
)
"""What a fault may wait for, so that what is called seldom is hit as often as what is called all the time."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that happens at this point, counted over all processes, or at the next where it can; aimed, at the next with that name."""

    at: int
    kind: Kind
    aim: str = ""

    def __str__(self) -> str:
        return f"{self.at} {self.kind.name}" + (f" at {self.aim}" if self.aim else "")


@dataclass(frozen=True, slots=True)
class Schedule:
    """A seed, which decides the turns, and the faults. Printed, it is the bug report."""

    seed: int
    faults: tuple[Fault, ...]

    def __str__(self) -> str:
        said = ", ".join(map(str, self.faults))
        return f"seed {self.seed}: {said or 'no fault'}"

    def smaller(self) -> Iterator["Schedule"]:
        """The same with fewer faults: halves first, then one less; what is minimal has none smaller that breaks a promise."""
        half = len(self.faults) // 2
        if half > 1:
            yield Schedule(self.seed, self.faults[half:])
            yield Schedule(self.seed, self.faults[:half])
        yield from self.without_one()

    def without_one(self) -> Iterator["Schedule"]:
        """The same without the first fault, without the second, and so on."""
        for place in range(len(self.faults)):
            yield Schedule(self.seed, self.faults[:place] + self.faults[place + 1 :])


def drawn(seed: int) -> Schedule:
    """The schedule of a seed: up to twenty faults, of half of the kinds, so that those of a kind meet. Every twentieth seed has none."""
    random = Random(f"faults {seed}")
    kinds = random.sample(list(WEIGHTS), len(WEIGHTS) // 2)
    count = 0 if seed % 20 == 0 else random.randint(1, 20)
    faults = (_fault(random, random.choices(kinds, [WEIGHTS[kind] for kind in kinds])[0]) for _ in range(count))
    return Schedule(seed, tuple(sorted(faults, key=lambda fault: fault.at)))


def _fault(random: Random, kind: Kind) -> Fault:
    """Half of those that befall a call are aimed."""
    aimed = kind in OF_A_CALL and random.random() < 0.5
    return Fault(random.randint(1, HORIZON), kind, random.choice(AIMS) if aimed else "")
