"""What was measured, beside what is wanted; and measuring several ways of writing in turns, so that load meets all of them."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

type Write = Callable[[int], None]  # the batch of that number


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; `target` = None where nothing is wanted, `at_least` = whether more is better."""

    name: str
    value: float
    unit: str = ""
    target: float | None = None
    at_least: bool = True

    @property
    def verdict(self) -> str:
        """Whether it is what is wanted."""
        if self.target is None:
            return ""
        met = self.value >= self.target if self.at_least else self.value <= self.target
        return f"{'≥' if self.at_least else '≤'} {self.target:,g}  {'met' if met else 'NOT MET'}"

    def __str__(self) -> str:
        number = f"{self.value:,.2f}" if abs(self.value) < 100 else f"{self.value:,.0f}"
        return f"{self.name:<78}{number:>12} {self.unit:<16}{self.verdict}"


@dataclass(frozen=True, slots=True)
class Turns:
    """How often and how much is measured: rounds of blocks of batches. `prepare` makes a block's rows before the clock runs."""

    rounds: int
    block: int
    checkpoint: Callable[[], None]
    prepare: Callable[[range], None]

    def __call__(self, ways: Mapping[str, Write]) -> dict[str, list[float]]:
        """Seconds per batch of each way and round, its last checkpoint included. Batches are numbered from 1."""
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(self.rounds):
            numbers = range(1 + turn * self.block, 1 + (turn + 1) * self.block)
            self.prepare(numbers)
            for name, write in ways.items():
                self.checkpoint()
                seconds[name].append(seconds_of(partial(self._block, numbers, write)) / self.block)
        return seconds

    def _block(self, numbers: range, write: Write) -> None:
        for number in numbers:
            write(number)
        self.checkpoint()


def share(bare: Sequence[float], ours: Sequence[float]) -> float:
    """How fast ours is where bare is 1.00: the median of the rounds."""
    return median(one / other for one, other in zip(bare, ours, strict=True))


def seconds_of(work: Callable[[], object], times: int = 1) -> float:
    """The median by the clock."""
    taken: list[float] = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return median(taken)
