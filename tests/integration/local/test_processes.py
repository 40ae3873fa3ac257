"""Child processes: seen to their end, never orphaned, and clear about why they died."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy.local.folders import FolderClosed, hand_over, temporary_data_folder
from deploy.local.kafka import Kafka
from deploy.local.mailbox import Mailbox
from deploy.local.postgres import Postgres
from deploy.local.processes import LOOPBACK, PORTS, Server, ServerFailed, ServerProcess, free_port, is_free, reserve

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder of its own."""
    with temporary_data_folder() as folder:
        yield folder


def test_a_server_started_by_a_thread_outlives_the_thread(data: Path) -> None:
    """Goal: servers may be started side by side. Case: the starting thread ends, the child runs on until it is stopped."""
    server = ServerProcess("sleeper", data / "sleeper.log")
    with ThreadPoolExecutor(1) as thread:
        thread.submit(server.start, SLEEP, {}, False).result()
    with pytest.raises(ServerFailed, match="sleeper did not answer within 0 s"):
        server.wait_until(lambda: False, limit_s=0.3)
    assert server.alive
    server.stop(patience_s=5)
    assert not server.alive


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child's life to its parent's")
def test_no_child_outlives_a_killed_parent(data: Path) -> None:
    """Goal: no orphan. Case: a parent that started a server is killed by SIGKILL; the server ends as well."""
    program = (
        "import sys, time; from pathlib import Path; from deploy.local.processes import ServerProcess;"
        f"server = ServerProcess('sleeper', Path({str(data / 'sleeper.log')!r})); server.start({SLEEP!r}, {{}}, False);"
        "print(server.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 5
    while _runs(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _runs(child)


def test_a_server_that_dies_is_reported_with_its_last_words(data: Path) -> None:
    """Goal: an error message that says why. Case: a process that prints a reason and ends before it is ready."""
    server = ServerProcess("complainer", data / "complainer.log")
    server.start([sys.executable, "-c", "print('the disk is full'); raise SystemExit(3)"], {}, ordinary_user=False)
    with pytest.raises(ServerFailed, match=re.compile("complainer ended before it was ready.*the disk is full", re.DOTALL)):
        server.wait_until(lambda: False, limit_s=10)


def test_a_server_deaf_to_sigterm_is_killed(data: Path) -> None:
    """Goal: stopping is bounded. Case: a process that ignores SIGTERM, patience of 0.2 s."""
    server = ServerProcess("deaf", data / "deaf.log")
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    server.start([sys.executable, "-c", deaf], {}, ordinary_user=False)
    server.wait_until(lambda: "deaf" in server.last_lines(), limit_s=10)
    server.stop(patience_s=0.2)
    assert not server.alive


def test_a_frozen_process_lives_and_goes_on_when_thawed(data: Path) -> None:
    """SIGSTOP it and its child, ask it to end: it does not; SIGCONT: it does, and says how."""
    process = ServerProcess("sleeper", data / "sleeper.log")
    process.start(["sh", "-c", "trap 'exit 3' TERM; echo up; sleep 1000 & wait"])
    process.wait_until(lambda: "up" in process.last_lines(), 10)
    assert process.exit_code is None
    process.freeze()
    while "T" != _state(process.pid):  # a signal takes a moment
        assert process.alive
    process.ask_to_end()
    assert "T" == _state(process.pid)
    process.thaw()
    while process.alive:
        continue
    assert 3 == process.exit_code


def test_stopping_what_never_started_is_harmless(data: Path) -> None:
    """Goal: a failed start can be cleaned up blindly. Case: every kind of server, stopped and killed before any start."""
    servers: list[Server] = [Kafka(data), Postgres(data), Mailbox(data)]
    for server in servers:
        server.stop()
        server.kill()
        assert not server.alive


def test_a_port_somebody_listens_on_is_not_free() -> None:
    """Goal: a restart keeps its port only when nobody took it. Case: the same port while somebody listens, and afterwards."""
    port = free_port()
    with socket.create_server((LOOPBACK, port)):
        assert not is_free(port)
    assert is_free(port)
    assert port in PORTS


def test_a_port_is_given_to_one_process_only() -> None:
    """Goal: two servers that start side by side never draw the same port. Case: one that was given, asked for here and by a neighbour."""
    port = free_port()
    asking = f"from deploy.local.processes import reserve; print(reserve({port}))"
    neighbour = subprocess.run([sys.executable, "-c", asking], capture_output=True, text=True, check=True)
    assert ("False", False) == (neighbour.stdout.strip(), reserve(port))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers as somebody else")
def test_a_data_folder_below_a_closed_home_is_refused(data: Path) -> None:
    """Goal: say it before PostgreSQL does, in our words. Case: root, `--data` below a folder of mode 0700."""
    home = data / "home"
    home.mkdir(mode=0o700)
    with pytest.raises(FolderClosed, match=f"{home} is closed to the user nobody"):
        hand_over(home / "data")


def _state(pid: int | None) -> str:
    """One letter of proc_pid_stat(5): T = stopped; nothing when it is gone."""
    file = Path(f"/proc/{pid}/stat")
    return file.read_text().rpartition(")")[2].split()[0] if file.exists() else ""


def _runs(pid: int) -> bool:
    """Whether the process exists and is not a zombie nobody has reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
