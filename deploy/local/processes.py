"""Child processes of the local deployment: named, logged, run as an ordinary user, and never orphaned."""

import ctypes
import fcntl
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Protocol

from deploy.local.folders import server_user

LOOPBACK = "127.0.0.1"
PORTS = range(20_000, 30_000)  # below the ephemeral range: a reconnecting client can never sit on a server's port
POLL_S = 0.02
PLAIN_ENVIRONMENT = {"LANG": "C.UTF-8"}  # servers depend on no variable of the person who starts them
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>

_given: set[int] = set()  # a process's own locks do not hold it up

# Linux sends the death signal when the *thread* that started the child ends, so one thread that lives as long as we do starts them all.
_launcher = ThreadPoolExecutor(max_workers=1, thread_name_prefix="launcher")


class ServerFailed(Exception):
    """A local server ended or did not become ready in time."""

    next_action = "Read the last lines of its log above; the whole log stands in the data folder."


class Server(Protocol):
    """What every local server offers. `start` returns when the server answers; starting again after `kill` keeps the data."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def kill(self) -> None: ...

    @property
    def alive(self) -> bool: ...


class ServerProcess:
    """One named child process with its own log file."""

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, command: Sequence[str | Path], environment: Mapping[str, str] = PLAIN_ENVIRONMENT, ordinary_user: bool = True) -> None:
        """Start `command` in the log's folder, output appended to the log."""
        self._process = _launcher.submit(self._launch, command, environment, ordinary_user).result()

    def _launch(self, command: Sequence[str | Path], environment: Mapping[str, str], ordinary_user: bool) -> subprocess.Popen[bytes]:
        user = server_user() if ordinary_user else None
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.log.parent,
                env=dict(environment),
                user=user and user.uid,
                group=user and user.gid,
                extra_groups=[] if user else None,
                start_new_session=True,  # Ctrl-C in the terminal reaches us alone; we stop the servers in order
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self.alive else None

    @property
    def exit_code(self) -> int | None:
        """How the process ended: its status, or minus the signal that ended it; None while it runs and before its first start."""
        return self._process.poll() if self._process else None

    def freeze(self) -> None:
        """SIGSTOP the process and its direct children: it holds all it has and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT: it goes on in the middle of whatever it did."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        """The parent first: a frozen one makes no more children."""
        if pid := self.pid:
            _send_quietly(pid, number)
            for child in _children(pid):
                _send_quietly(child, number)

    def ask_to_end(self, asking: signal.Signals = signal.SIGTERM) -> None:
        """Send the signal that asks for an orderly end, without waiting."""
        if self._process and self.alive:
            self._process.send_signal(asking)

    def stop(self, asking: signal.Signals = signal.SIGTERM, patience_s: float = 20) -> None:
        """Ask the process to end, wait at most `patience_s` seconds, then kill it."""
        if not self._process:
            return
        self.ask_to_end(asking)
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL the process and its direct children at once, as a crash would."""
        if not self._process or not self.alive:
            return
        for pid in (self._process.pid, *_children(self._process.pid)):
            _send_quietly(pid, signal.SIGKILL)
        self._process.wait()

    def wait_until(self, ready: Callable[[], bool], limit_s: float) -> None:
        """Wait until `ready()`; raises ServerFailed when the process ends first or after `limit_s` seconds."""
        deadline = time.monotonic() + limit_s
        while not ready():
            if not self.alive:
                raise ServerFailed(f"{self.name} ended before it was ready. Its last words:\n{self.last_lines()}")
            if time.monotonic() > deadline:
                raise ServerFailed(f"{self.name} did not answer within {limit_s:.0f} s. Its last words:\n{self.last_lines()}")
            time.sleep(POLL_S)

    def last_lines(self, count: int = 20) -> str:
        """The last `count` lines of the log, for error messages."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:]) if self.log.exists() else ""


def run_to_end(name: str, command: Sequence[str | Path], folder: Path) -> None:
    """Run a preparing command to its end as the servers' user; raises ServerFailed with its output."""
    user = server_user()
    done = subprocess.run(
        command,
        cwd=folder,
        env=PLAIN_ENVIRONMENT,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        user=user and user.uid,
        group=user and user.gid,
        extra_groups=[] if user else None,
    )
    if done.returncode != 0:
        raise ServerFailed(f"{name} failed with status {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def free_port() -> int:
    """A port of 127.0.0.1 nobody listens on, below the ephemeral range, and ours as long as this process lives: none gets it again."""
    return next(port for port in iter(lambda: random.choice(PORTS), None) if is_free(port) and reserve(port))


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1; connections still closing do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def reserve(port: int) -> bool:
    """Whether the port is ours from now on: one byte of a file, locked until our end, which every process of this user asks."""
    if port in _given:
        return False
    try:
        fcntl.lockf(_reservations(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    _given.add(port)
    return True


@cache
def _reservations() -> int:
    """The open file of reservations: open until our end, for closing it once would give every port back."""
    file = Path(tempfile.gettempdir()) / f"achats-ports-{os.getuid()}"
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _children(pid: int) -> list[int]:
    """The direct children of a process; empty where the system does not list them (they then end by themselves)."""
    listing = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listing.read_text().split()] if listing.exists() else []


def _send_quietly(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
