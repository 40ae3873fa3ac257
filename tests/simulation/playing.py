"""Many seeds, on every processor; the first that breaks a promise is shrunk to the faults that matter."""

import logging
import os
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context

import stamina
import structlog

from tests.simulation.engine import Restless
from tests.simulation.faults import Schedule, drawn
from tests.simulation.scenario import played

AT_A_TIME = 10
TRIES = 3  # of what is retried in place, before the process gives up


@dataclass(frozen=True, slots=True)
class Finding:
    """A schedule and the promises that it breaks."""

    schedule: Schedule
    broken: tuple[str, ...]

    def __str__(self) -> str:
        return "\n  ".join([str(self.schedule), *self.broken])


@contextmanager
def quiet() -> Generator[None]:
    """Nothing is logged, and nothing waits in real time."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL), cache_logger_on_first_use=False)
    stamina.set_testing(True, attempts=TRIES)
    try:
        yield
    finally:
        stamina.set_testing(False)
        structlog.configure(**before)


def outcome(schedule: Schedule) -> tuple[str, ...]:
    """The promises that the schedule breaks."""
    try:
        return tuple(played(schedule))
    except Restless as restless:
        return (f"{restless.__doc__} {restless}",)


def first_finding(seeds: Iterable[int]) -> Finding | None:
    """The first of these seeds that breaks a promise, in this process."""
    findings = (Finding(schedule, broken) for schedule in map(drawn, seeds) if (broken := outcome(schedule)))
    return next(findings, None)


def findings(seeds: int) -> Iterator[Finding]:
    """What the first so many seeds find, a stretch at a time on every processor."""
    stretches = [range(start, min(start + AT_A_TIME, seeds)) for start in range(0, seeds, AT_A_TIME)]
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        yield from (finding for finding in pool.map(_quietly, stretches) if finding)


def shrunk(finding: Finding) -> Finding:
    """The finding with as few faults as still break a promise."""
    for smaller in finding.schedule.smaller():
        if broken := outcome(smaller):
            return shrunk(Finding(smaller, broken))
    return finding


def _quietly(seeds: range) -> Finding | None:
    with quiet():
        return first_finding(seeds)
