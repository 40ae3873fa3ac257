"""A subscriber's program as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from deploy.local.access import Account
from tests.support.java import compiled
from tests.support.style import ROOT

EXAMPLES = ROOT / "subscribers" / "examples"
PROGRAMS = {
    "confluent-kafka": EXAMPLES / "follow_confluent_kafka.py",
    "kafka-python": EXAMPLES / "follow_kafka_python.py",
    "faust": EXAMPLES / "follow_faust.py",
    "java": EXAMPLES / "FollowJava.java",
}


class Follower:
    """A running program: what it printed so far, by topic and key, in order."""

    def __init__(self, process: "subprocess.Popen[str]", errors: Path) -> None:
        """Reads its output from now on."""
        self.process, self._errors = process, errors
        self._lines: list[list[str]] = []
        Thread(target=self._read, daemon=True).start()

    def told(self, company: str) -> dict[str, list[str]]:
        """The codes it printed of one company."""
        found: dict[str, list[str]] = {}
        for topic, key, code in self._lines:
            if key.split("/")[0] == company:
                found.setdefault(f"{topic} {key}", []).append(code)
        return found

    @property
    def errors(self) -> str:
        """What it said on its standard error."""
        return self._errors.read_text(encoding="utf-8")

    def _read(self) -> None:
        for line in self.process.stdout or ():
            if line.startswith("achats."):
                self._lines.append(line.split())


@contextmanager
def following(command: Sequence[str], environment: dict[str, str], folder: Path) -> Generator[Follower]:
    """The program, killed at the end when it still runs."""
    errors = folder / "errors"
    with errors.open("a") as sink:
        whole = {"PATH": os.environ["PATH"], **environment}
        process = subprocess.Popen(command, cwd=folder, env=whole, stdout=subprocess.PIPE, stderr=sink, text=True)
    try:
        yield Follower(process, errors)
    finally:
        process.kill()
        process.wait()


def environment_of(bootstrap: str, account: Account | None, group: str) -> dict[str, str]:
    """What the examples read; on a laptop's broker nobody logs in."""
    where = {"KAFKA": bootstrap, "KAFKA_GROUP": group}
    if account is None:
        return {**where, "KAFKA_PROTOCOL": "PLAINTEXT"}
    return {**where, "KAFKA_PROTOCOL": "SASL_PLAINTEXT", "KAFKA_USER": account.name, "KAFKA_PASSWORD": account.password}


def start_of(source: Path, folder: Path) -> list[str]:
    """How to start an example, compiled into `folder` when it is Java."""
    return compiled(source, folder / "classes") if source.suffix == ".java" else [sys.executable, str(source)]
