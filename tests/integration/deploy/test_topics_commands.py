"""`achats topics …` on a real broker of its own: what is missing is made, settings are put right, counts and strangers stay."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, NewTopic

from deploy.local.folders import temporary_data_folder
from deploy.local.kafka import Kafka
from schemas.registry import retry_topic, topics
from tests.support.style import ROOT

COLLECTED, PARKED = "achats.collected.v1", "achats.parked.ledger.v1"
ALONE = ("--replication", "1")


@pytest.fixture(scope="module")
def kafka() -> Iterator[str]:
    """A broker without topics."""
    with temporary_data_folder() as folder, Kafka(folder) as broker:
        yield broker.bootstrap


def achats(kafka: str, *arguments: str) -> tuple[int, str, str]:
    """Status, what is said, and what is said of trouble."""
    command = [sys.executable, "-c", "from deploy.cli import main; main()", "topics", *arguments, "--kafka", kafka]
    said = subprocess.run(command, cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False)
    return said.returncode, said.stdout, said.stderr


def alter(kafka: str, name: str, **settings: str) -> None:
    """Somebody sets this by hand."""
    admin: Any = KafkaAdminClient(bootstrap_servers=kafka)
    wanted = {key.replace("_", "."): value for key, value in settings.items()}
    assert {"topic": {name: "OK"}} == admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, wanted)], incremental=True)
    admin.close()


def settings_of(kafka: str, name: str) -> dict[str, str]:
    """What the topic was given."""
    admin: Any = KafkaAdminClient(bootstrap_servers=kafka)
    found = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])["topic"][name]
    admin.close()
    return {key: value["value"] for key, value in found.items() if value["config_source"] == "DYNAMIC_TOPIC_CONFIG"}


def make(kafka: str, name: str, partitions: int) -> None:
    """Somebody makes a topic by hand."""
    admin: Any = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_topics([NewTopic(name, num_partitions=partitions, replication_factor=1)], wait_for_metadata=True)
    admin.close()


def delete(kafka: str, name: str) -> None:
    """Somebody deletes it, which we never do."""
    admin: Any = KafkaAdminClient(bootstrap_servers=kafka)
    admin.delete_topics([name])
    admin.close()


def test_an_empty_broker_is_planned_for_filled_and_as_declared(kafka: str):
    """The plan names every topic and makes none; apply shows it first; then nothing differs, however often it is applied."""
    status, said, _ = achats(kafka, "plan")
    assert (0, len(topics())) == (status, said.count("create achats."))
    assert f"create {COLLECTED}: 24 partitions, cleanup.policy=delete, retention.ms=2592000000, max.message.bytes=1048576" in said
    assert 1 == achats(kafka, "check")[0]
    applied = achats(kafka, "apply", *ALONE)
    assert (0, f"{said}done: {len(topics())} created, 0 settings changed\n") == applied[:2]
    declared = f"{len(topics())} topics are as declared\n"
    assert [(0, declared, "")] * 3 == [achats(kafka, "check"), achats(kafka, "apply", *ALONE), achats(kafka, "plan")]
    assert {"cleanup.policy": "compact", "max.message.bytes": "1048576"} == settings_of(kafka, "achats.invoices.v1")


def test_settings_are_put_right_and_what_is_not_declared_stays(kafka: str):
    """
    A retention of a day on collected, a smaller limit on parked; min.insync.replicas by hand; a topic of ours that nobody declared.
    check says 1 and each difference; apply changes the two settings and leaves the rest, which check then names with status 0.
    """
    achats(kafka, "apply", *ALONE)
    alter(kafka, COLLECTED, retention_ms="86400000", min_insync_replicas="1")
    alter(kafka, PARKED, max_message_bytes="1000")
    make(kafka, "achats.guesses.v1", 2)
    make(kafka, "somebody.elses", 1)
    differences = [
        f"change {COLLECTED}: retention.ms from 86400000 to 2592000000",
        f"change {PARKED}: max.message.bytes from 1000 to 8388608",
    ]
    stays = [
        f"left as it is {COLLECTED}: min.insync.replicas=1, of which topics.yaml says nothing",
        "left as it is achats.guesses.v1: not in topics.yaml; nothing is ever deleted",
    ]
    assert (1, [*differences, *stays], "") == lines(achats(kafka, "check"))
    assert (0, [*differences, *stays, "done: 0 created, 2 settings changed"], "") == lines(achats(kafka, "apply", *ALONE))
    assert (0, [*stays, f"{len(topics())} topics are as declared"], "") == lines(achats(kafka, "check"))
    kept = {"cleanup.policy": "delete", "retention.ms": "2592000000", "max.message.bytes": "1048576", "min.insync.replicas": "1"}
    assert kept == settings_of(kafka, COLLECTED)


def test_a_partition_count_is_never_changed(kafka: str):
    """The retry topic made by hand with 3: refused in words, with a next action, and a topic that is missing as well is not made."""
    achats(kafka, "apply", *ALONE)
    delete(kafka, retry_topic("ledger"))
    delete(kafka, PARKED)
    make(kafka, retry_topic("ledger"), 3)
    sentence = f"REFUSED {retry_topic('ledger')}: 3 partitions, 24 in topics.yaml; the number is never changed, keys would move"
    for command in (["plan"], ["check"], ["apply", *ALONE]):
        assert sentence in achats(kafka, *command)[1]
    status, _, trouble = achats(kafka, "apply", *ALONE)
    assert (1, True) == (status, "→ Make a new major version of the topic" in trouble)
    assert f"create {PARKED}" in achats(kafka, "check")[1]
    delete(kafka, retry_topic("ledger"))
    assert 0 == achats(kafka, "apply", *ALONE)[0]


@pytest.mark.parametrize(("address", "arguments"), [("127.0.0.1:1", ["check"]), ("nonsense", ["apply"])])
def test_a_broker_that_is_not_there_is_said(address: str, arguments: list[str]):
    """In a sentence, with what to do next."""
    status, said, trouble = achats(address, *arguments)
    assert (1, "") == (status, said)
    assert re.search(r"\n→ Start it, or correct --kafka", trouble), trouble


def test_what_the_broker_refuses_is_said(kafka: str):
    """Three copies on one broker."""
    delete(kafka, PARKED)
    status, _, trouble = achats(kafka, "apply")
    assert (1, True) == (status, "→ Start it, or correct --kafka; a broker alone takes --replication 1." in trouble)
    assert 0 == achats(kafka, "apply", *ALONE)[0]


def lines(said: tuple[int, str, str]) -> tuple[int, list[str], str]:
    """The same, line by line."""
    return said[0], said[1].splitlines(), said[2]
