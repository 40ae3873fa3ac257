"""The loops: the offset is the last thing written, what passes is waited for, what nobody foresaw ends the process."""

import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Sequence

import pytest
import stamina

from deploy.local.processes import free_port
from services.kernel.envelope import Delivery, Outgoing, Record
from services.kernel.errors import BrokerSilent, Unavailable
from services.kernel.loop import consume, relay
from services.kernel.probes import Health, serve
from tests.simulation.memory.breaker import MemoryBreaker
from tests.simulation.memory.store import MemoryStore
from tests.support.kernel import TYPES, outgoing, record
from tests.support.style import ROOT


class Tape:
    """A source that plays some records once, and a diary of what was done with them."""

    def __init__(self, records: Sequence[Record], stop: threading.Event) -> None:
        self._batches, self._stop = [list(records)], stop
        self.diary: list[str] = []

    def poll(self, limit: int, wait_seconds: float) -> Sequence[Record]:
        if not self._batches:
            self._stop.set()
            return []
        return self._batches.pop()

    def commit(self, records: Sequence[Record]) -> None:
        self.diary.append(f"commit {len(records)}")

    def close(self) -> None:
        self.diary.append("close")


@pytest.fixture(autouse=True)
def no_waiting() -> Generator[None]:
    """Retries do not sleep, and end after five."""
    stamina.set_testing(True, attempts=5)
    yield
    stamina.set_testing(False)


def play(handle: Callable[[Tape, Sequence[Delivery]], None]) -> Tape:
    """Two records through `consume`; the diary of it."""
    stop = threading.Event()
    tape = Tape([record(outgoing("things", n), n) for n in range(2)], stop)
    consume(lambda: tape, lambda batch: handle(tape, batch), TYPES, MemoryBreaker(MemoryStore()), Health(frozenset({"consume"})), stop)
    return tape


def test_the_offset_is_committed_after_the_work():
    """Handle, then commit, then leave the group."""
    tape = play(lambda tape, batch: tape.diary.append(f"handle {len(batch)}"))
    assert ["handle 2", "commit 2", "close"] == tape.diary


def test_an_outside_part_that_comes_back_is_waited_for():
    """Two refusals, then success: one commit, nothing skipped."""
    tries: list[int] = []

    def handle(tape: Tape, batch: Sequence[Delivery]) -> None:
        tries.append(len(batch))
        if len(tries) < 3:
            raise Unavailable("PostgreSQL")

    assert ["commit 2", "close"] == play(handle).diary
    assert [2, 2, 2] == tries


def test_what_nobody_foresaw_commits_nothing():
    """The error leaves the loop; the group is left; the same records come again after the restart."""
    stop, diary = threading.Event(), list[str]()
    tape = Tape([record(outgoing("things", 1))], stop)
    tape.diary = diary

    def handle(batch: Sequence[Delivery]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        consume(lambda: tape, handle, TYPES, MemoryBreaker(MemoryStore()), Health(frozenset({"consume"})), stop)
    assert ["close"] == diary


def test_the_log_names_the_record_that_nobody_foresaw(capsys: pytest.CaptureFixture[str]):
    """Three records, the second of which meets a bug: each is handled alone, so that an operator knows which one to skip; then it ends."""
    stop, seen = threading.Event(), list[int]()
    tape = Tape([record(outgoing("things", n), n) for n in range(3)], stop)

    def handle(batch: Sequence[Delivery]) -> None:
        offsets = [delivery.record.offset for delivery in batch]
        seen.extend(offsets)
        if 1 in offsets:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        consume(lambda: tape, handle, TYPES, MemoryBreaker(MemoryStore()), Health(frozenset({"consume"})), stop)
    assert ([0, 1, 2, 0, 1], ["close"]) == (seen, tape.diary)
    line = next(line for line in capsys.readouterr().out.splitlines() if "unforeseen_error" in line)
    assert ("offset=1", "partition=0", "topic=things") == tuple(sorted(part for part in line.split() if part[:3] in ("off", "par", "top")))


def test_a_part_that_stays_away_ends_the_loop():
    """Waiting has a bound; nothing is committed."""
    stop = threading.Event()
    tape = Tape([record(outgoing("things", 1))], stop)

    def handle(batch: Sequence[Delivery]) -> None:
        raise Unavailable("PostgreSQL")

    with pytest.raises(Unavailable):
        consume(lambda: tape, handle, TYPES, MemoryBreaker(MemoryStore()), Health(frozenset({"consume"})), stop)
    assert ["close"] == tape.diary


def test_a_relay_says_when_it_cannot_work():
    """While the database is away the loop turns but is not ready; afterwards it is."""
    stop, health, seen = threading.Event(), Health(frozenset({"relay"})), list[bool]()

    class Away:
        def turn(self, limit: int, send: Callable[[Sequence[Outgoing]], int]) -> int:
            if seen:
                seen.append(health.ready())
                stop.set()
                return 0
            seen.append(health.ready())
            raise Unavailable("PostgreSQL")

    class Nowhere:
        def send(self, messages: Sequence[Outgoing]) -> int:
            return 0

    relay(Away(), Nowhere(), health, stop, "sample")
    assert [False, False] == seen
    assert health.ready()


def answer(port: int, path: str) -> int:
    """The status of a probe."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as said:
            return said.status
    except urllib.error.HTTPError as refused:
        return refused.code


def test_probes_follow_the_loop():
    """Not ready before the first turn; ready after it; not ready while a part is away; alive all the time."""
    health, port = Health(frozenset({"consume"})), free_port()
    server = serve(port, health)
    assert (200, 503) == (answer(port, "/live"), answer(port, "/ready"))
    health.turned("consume")
    assert (200, 200) == (answer(port, "/live"), answer(port, "/ready"))
    health.turned("consume", able=False)
    assert (200, 503) == (answer(port, "/live"), answer(port, "/ready"))
    assert (200, 404) == (answer(port, "/metrics"), answer(port, "/else"))
    server.shutdown()
    server.server_close()


def test_a_loop_that_hangs_is_not_alive():
    """A loop that turned longer than a minute ago: Kubernetes restarts the process."""
    health = Health(frozenset({"consume"}))
    health.turned("consume")
    health.turned_at["consume"] -= 61
    assert (False, False) == (health.live(), health.ready())


PROGRAM = """
import sys, threading
from services.kernel.errors import Unavailable
from services.kernel.loop import run
stop = threading.Event()
def fail(): raise {error}
def wait(): print("waiting", flush=True); stop.wait()
sys.exit(run("sample", {{"loop": {loop}}}, stop))
"""


@pytest.mark.parametrize(("error", "code"), [("ZeroDivisionError", 70), ("Unavailable('PostgreSQL')", 75)])
def test_a_loop_that_fails_ends_the_process(error: str, code: int):
    """70 = a bug, 75 = try again later (sysexits.h)."""
    program = PROGRAM.format(error=error, loop="fail")
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert code == done.returncode
    assert "unforeseen_error" in done.stdout


def test_sigterm_ends_the_process_in_order():
    """The loops are told to stop and the exit code is 0."""
    program = PROGRAM.format(error="ZeroDivisionError", loop="wait")
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "waiting" in line:  # the log writes there too, and a print is two writes
                break
        os.kill(process.pid, signal.SIGTERM)
        assert 0 == process.wait(30)


def test_a_silent_broker_makes_the_loop_not_ready_until_it_answers():
    """Case: silence at the first poll; what comes after it is handled, and the loop is ready again."""
    stop, health, ready = threading.Event(), Health(frozenset({"consume"})), list[bool]()

    class Waking(Tape):
        def poll(self, limit: int, wait_seconds: float) -> Sequence[Record]:
            self.diary.append("poll")
            if len(self.diary) == 1:
                raise BrokerSilent
            ready.append(health.ready())
            return super().poll(limit, wait_seconds)

    tape = Waking([record(outgoing("things", 1), 1)], stop)
    consume(lambda: tape, lambda batch: tape.diary.append(f"handle {len(batch)}"), TYPES, MemoryBreaker(MemoryStore()), health, stop)
    assert ["poll", "poll", "handle 1", "commit 1", "poll", "close"] == tape.diary
    assert [False, True] == ready
