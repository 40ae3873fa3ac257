"""The notifier as it is deployed: two commands, a real Kafka, a real PostgreSQL, a real mail server."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from deploy.local.processes import LOOPBACK, free_port
from schemas.notification_sent.v1 import NotificationSent
from schemas.registry import topic_for
from services.kernel.envelope import Outgoing, Record
from services.kernel.kafka import KafkaSender, KafkaSource
from services.notifier.handler import SERVICE
from tests.integration.notifier.mail_server import MailServer
from tests.integration.notifier.office import SEALER, connection, contact, end_of_contact

CHECKOUT = Path(__file__).parents[3]
LIMIT_SECONDS = 60


def notifier(environment: Mapping[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "services.notifier.main", *arguments]
    return subprocess.Popen(command, cwd=CHECKOUT, env={**os.environ, **environment}, stdout=subprocess.PIPE)


def wait_until(true: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    """Wait for it while the process lives."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not true():
        assert process.poll() is None, "the notifier ended"
        assert time.monotonic() < deadline, f"not within {LIMIT_SECONDS} s"
        time.sleep(0.05)


def says_yes(port: int, path: str) -> bool:
    """Whether a probe answers 200."""
    with suppress(OSError):
        return 200 == urllib.request.urlopen(f"http://{LOOPBACK}:{port}{path}", timeout=5).status
    return False


@pytest.fixture
def environment(bootstrap: str, database_url: str, mail: MailServer) -> dict[str, str]:
    """What a deployment sets; the topics exist."""
    return {
        "ACHATS_KAFKA": bootstrap,
        "ACHATS_NOTIFIER_DATABASE_URL": database_url,
        "ACHATS_NOTIFIER_HEALTH_PORT": str(free_port()),
        "ACHATS_CONTACT_KEYS": ",".join(f"{name}:{base64.b64encode(key).decode()}" for name, key in SEALER.keys.items()),
        "ACHATS_SMTP": f"{LOOPBACK}:{mail.port}",
        "ACHATS_MAIL_FROM": "Achats <achats@example.org>",
        "ACHATS_PUBLIC_URL": "https://achats.example.org",
    }


def send(bootstrap: str, *records: Record) -> None:
    """Produce the records in order, as a relay does: what is not acknowledged is sent again."""
    sender = KafkaSender(bootstrap, "test")
    waiting = [Outgoing(one.topic, one.key or b"", one.value, one.headers) for one in records]
    while waiting:
        waiting = waiting[sender.send(waiting) :]


@contextmanager
def listening(bootstrap: str, topic: str, mail: MailServer) -> Generator[list[str]]:
    """The Message-IDs said on the topic once the context is left, of letters this mail server has: others have used the broker before."""
    heard: list[str] = []
    source = KafkaSource(bootstrap, f"test-{uuid.uuid4().hex}", [topic])
    try:
        yield heard
        deadline = time.monotonic() + LIMIT_SECONDS
        while not heard and time.monotonic() < deadline:
            said = [str(json.loads(record.value or b"")["message_id"]) for record in source.poll(100, 0.2)]
            heard.extend(one for one in said if one in mail.message_ids)
    finally:
        source.close()


def test_from_topic_to_mailbox_and_back(environment: dict[str, str], mail: MailServer):
    """Migrate, run, get ready, mail once, announce, and end with 0 on SIGTERM; the redelivered event and the tombstone do no harm."""
    assert 0 == notifier(environment, "migrate").wait(LIMIT_SECONDS)
    process = notifier(environment)
    try:
        wait_until(lambda: says_yes(int(environment["ACHATS_NOTIFIER_HEALTH_PORT"]), "/ready"), process)
        with listening(environment["ACHATS_KAFKA"], topic_for(SERVICE, NotificationSent), mail) as said:
            send(environment["ACHATS_KAFKA"], contact(), connection(), connection())
            wait_until(lambda: mail.received, process)
            send(environment["ACHATS_KAFKA"], end_of_contact())
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(LIMIT_SECONDS)
    finally:
        process.kill()
        process.wait()
    assert mail.message_ids == said
    assert process.stdout is not None
    lines = [json.loads(line) for line in process.stdout.read().splitlines()]
    ours = [line for line in lines if line.get("company_id") == "dupont"]  # other tests' companies are on the session's broker too
    assert [("notification_tried", "accepted")] == [(line["event"], line["verdict"]) for line in ours if "verdict" in line]


def test_a_missing_setting_is_named(environment: dict[str, str]):
    """The process ends at once and says which variable to set to what."""
    del environment["ACHATS_SMTP"]
    ended = subprocess.run(
        [sys.executable, "-m", "services.notifier.main"],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 1 == ended.returncode
    assert "ACHATS_SMTP is missing or unreadable. Set it to the mail server, host:port." in ended.stderr
