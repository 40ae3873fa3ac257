"""A collect may be killed anywhere and goes on where it was: no document twice, no number of the run missing."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.integration.fetcher.place import Place, acme

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[2]


class Killed(Exception):
    """The process is gone, as far as this test is concerned."""


class KilledAfter:
    """Raises at the n-th step."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def __call__(self) -> None:
        """One step."""
        self._left -= 1
        if self._left < 0:
            raise Killed


def connected(place: Place) -> str:
    """A company that has just connected; its first run."""
    place.enter(acme())
    place.browser().connect("Atelier Lumière SAS")
    return place.runs()[0]


def adds_up(place: Place) -> None:
    """Each document once, numbered 1 to 16, one marker that says 16."""
    collected = place.said("invoice.collected")
    assert [str(number) for number in range(1, 17)] == [seq for _, seq, _ in collected]
    assert {one["sha256"] for one in place.truth()} == {data["document"]["sha256"] for _, _, data in collected}
    assert [16] == [data["emitted"] for _, _, data in place.said("collection.finished")]


@pytest.mark.parametrize("steps", [5, 7])
def test_ended_every_few_steps(place: Place, steps: int) -> None:
    """The run is ended after every few steps and taken up again until it is finished."""
    run_id, ended = connected(place), 0
    while place.said("collection.finished") == []:
        try:
            place.collect(KilledAfter(steps + ended))(run_id)
        except Killed:
            ended += 1
    assert ended >= 3
    adds_up(place)


@pytest.mark.parametrize("table", ["order_line", "report", "document", "emission"])
def test_killed_with_no_chance_to_tidy_up(place: Place, table: str) -> None:
    """SIGKILL as soon as a table has a few rows: in the scan, while requesting, while fetching, while saying."""
    run_id = connected(place)
    process = collect_elsewhere(place, run_id)
    while place.rows(f"select count(*) as n from {table}")[0]["n"] < 3:
        assert process.poll() is None, "it should still be at work"
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert [] == place.said("collection.finished")
    place.collect()(run_id)
    adds_up(place)


def collect_elsewhere(place: Place, run_id: str) -> subprocess.Popen[bytes]:
    """The same collect in a process of its own."""
    clock = f"{place.clock.origin.isoformat()}@{place.clock.epoch}*{place.clock.speed}"
    ports = place.simulator.ports
    given = [place.url, str(place.folder), clock, f"{ports.api},{ports.documents},{ports.control}", run_id]
    return subprocess.Popen([sys.executable, "-m", "tests.integration.fetcher.collect_once", *given], cwd=CHECKOUT)
