"""A subscriber's program as a process of its own, and public events as its topics may bring them."""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import cast

from deploy.local.access import Account
from schemas.contract import EventData
from schemas.registry import FOLDER, event_class, topics
from services.kernel.envelope import Event, Outgoing, encode, event_id
from tests.support.java import compiled
from tests.support.style import ROOT

EXAMPLES = ROOT / "subscribers" / "examples"
PROGRAMS = {
    "confluent-kafka": EXAMPLES / "follow_confluent_kafka.py",
    "kafka-python": EXAMPLES / "follow_kafka_python.py",
    "faust": EXAMPLES / "follow_faust.py",
    "java": EXAMPLES / "FollowJava.java",
}
TIME = "2026-03-02T08:00:00.000000Z"


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


def said(folder: str, n: int, /, **changed: object) -> Outgoing:
    """The typical example of an event as the n-th of its subject, these fields changed; fields its class has not are of a later version."""
    page = json.loads((FOLDER / folder / "examples" / "v1" / "typical.json").read_text(encoding="utf-8"))
    data = cast("type[EventData]", event_class(folder)).model_validate_json(json.dumps(page | _only(page, changed)))
    topic = next(one for one in topics() if any(folder in events for events in one.says.values()))
    source = f"/achats/{topic.owner}"
    sent = encode(Event(event_id(source, data.ce_type, data.subject, n), source, TIME, data), topic.name)
    return Outgoing(sent.topic, sent.key, json.dumps(json.loads(sent.value or b"") | changed).encode(), sent.headers)


def of_another_type(message: Outgoing, ce_type: str) -> Outgoing:
    """The same record with a type of event that nobody has heard of."""
    headers = {**dict(message.headers), "ce_type": ce_type.encode(), "ce_id": b"f" * 32}
    return Outgoing(message.topic, message.key, b'{"what": "never heard of"}', tuple(headers.items()))


def ended(message: Outgoing) -> Outgoing:
    """The record that ends the key of this one."""
    return Outgoing(message.topic, message.key, None, ())


def _only(page: dict[str, object], changed: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in changed.items() if name in page}
