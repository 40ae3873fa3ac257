"""Poison never blocks and is never dropped, in each of the four services as they are deployed; what stops one is freed by a command."""

import json
import re
import shlex
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,  # pyright: ignore[reportPrivateImportUsage]
    ConfigEntry,  # pyright: ignore[reportPrivateImportUsage]
    ConfigResource,  # pyright: ignore[reportPrivateImportUsage]
)

from deploy.local.deployment import Account, Deployment, answers
from deploy.local.folders import temporary_data_folder
from deploy.local.processes import LOOPBACK, free_port
from schemas.collection_finished.v1 import CollectionFinished
from schemas.contract import EventData
from schemas.registry import topic_for, topics_read_by
from services.kernel.envelope import Event, Outgoing, RunPosition, encode
from services.kernel.kafka import KafkaSender
from tests.e2e.operators import achats, counted, give_back, handled, metrics, port_of, states
from tests.e2e.stages import DAY, STAGES, TIME, Stage, ask, kept_by, original
from tests.support.collected import settings
from tests.support.poison import KINDS
from tests.support.style import ROOT

PATIENCE_SECONDS = 90.0
SERVICES = [stage.service for stage in STAGES]
SLOW = [pytest.param(stage, marks=[pytest.mark.long] if stage.service == "fetcher" else []) for stage in STAGES]
"""Each service; the fetcher, which handles records by the notifier's loop, only among the long tests."""
AS_IT_IS = "from services.{service}.main import main; main()"


@pytest.fixture(scope="module")
def deployment() -> Generator[Deployment]:
    """Every part; each topic takes eight megabytes, a mistake that the parked topics must bear."""
    with temporary_data_folder("achats-parked-") as data, Deployment(data, Account(seed=7, invoices=1)) as running:
        admin = AdminClient({"bootstrap.servers": running.kafka.bootstrap})
        names = {stage.good("c", 1).topic for stage in STAGES}
        change = [ConfigEntry("max.message.bytes", "8388608", incremental_operation=AlterConfigOpType.SET)]
        resources = [ConfigResource(ConfigResource.Type.TOPIC, name, incremental_configs=change) for name in names]
        for done in cast("dict[Any, Future[None]]", admin.incremental_alter_configs(resources)).values():
            done.result(30)
        yield running


@pytest.fixture
def company() -> str:
    """A company no other test knows."""
    return f"co-{uuid.uuid4().hex[:12]}"


def until(what: str, true: Callable[[], object]) -> None:
    """Wait until it is true; AssertionError that says what did not come about."""
    limit = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < limit, f"not within {PATIENCE_SECONDS} s: {what}"
        time.sleep(0.1)


def send(deployment: Deployment, *messages: Outgoing) -> None:
    """Send in order, and know that they are in."""
    assert len(messages) == KafkaSender(deployment.kafka.bootstrap, "test").send(messages)


@dataclass(frozen=True, slots=True)
class Second:
    """A process of a service beside the deployment's own."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path


@contextmanager
def second(deployment: Deployment, service: str, program: str = AS_IT_IS) -> Generator[Second]:
    """Another process of the service, under other ports; asked to end when the context is left."""
    port = free_port()
    ports = {f"ACHATS_{service.upper()}_HEALTH_PORT": str(port), "ACHATS_FETCHER_WEB": f"{LOOPBACK}:{free_port()}"}
    log = deployment.data / f"{service}-{port}.log"
    command = [sys.executable, "-c", program.format(service=service)]
    environment = {**deployment.environment(service), **ports}
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log.open("wb"), stderr=subprocess.STDOUT)
    try:
        yield Second(process, port, log)
    finally:
        process.terminate()
        process.wait(30)


def parked_of(deployment: Deployment, stage: Stage, company: str) -> int:
    """How many records of a company the service has parked."""
    return sum(record.key == company.encode() for record, _ in kept_by(deployment, stage.service))


@pytest.mark.parametrize("stage", STAGES, ids=SERVICES)
def test_every_kind_of_poison_is_parked_untouched_and_the_stream_goes_on(deployment: Deployment, company: str, stage: Stage):
    """
    The table of tests/support/poison.py, then a good record, through each service on its real topic.
    Key, value and headers are the bytes that came; one header more says why, and from where: the same record stands there.
    """
    spoiled = [kind.spoil(stage.good(company, n)) for n, kind in enumerate(KINDS, start=1)]
    send(deployment, *spoiled, stage.good(company, 99))
    until("the good record behind them is handled", lambda: stage.was_handled(deployment, company, 99))
    expected = {(message.key, message.value, message.headers): kind.reason for kind, message in zip(KINDS, spoiled, strict=True)}
    found = dict[object, str]()

    def all_parked() -> bool:
        for record, said in kept_by(deployment, stage.service):
            wire = record.key, record.value, record.headers[:-1]
            if wire in expected:
                found[wire] = said.reason
                origin = original(deployment, said)
                assert (wire, stage.service) == ((origin.key, origin.value, origin.headers), said.service)
        return len(found) == len(expected)

    until("all are parked", all_parked)
    assert expected == found


@pytest.mark.parametrize("stage", STAGES[1:3], ids=SERVICES[1:3])
def test_poison_counts_in_its_run(deployment: Deployment, company: str, stage: Stage):
    """
    A run of 13: one record of each kind but the one that names another company, whose place the good record has.
    collected 13 = recorded 1 + parked 12, at whichever service they are parked.
    """
    kinds = [kind for kind in KINDS if kind.name != "wrong company"]
    spoiled = [kind.spoil(stage.good(company, n)) for n, kind in enumerate(kinds, start=1)]
    send(deployment, *spoiled, stage.good(company, 13), marker(stage, company, 13))
    counts = f"select collected, recorded, parked from ledger.run_finished where company_id = '{company}'"
    until("the run is finished", lambda: ask(deployment, counts))
    assert [(13, 1, 12)] == ask(deployment, counts)


@pytest.mark.parametrize("stage", SLOW, ids=SERVICES)
def test_too_much_poison_stops_every_process_until_it_is_resumed(deployment: Deployment, company: str, stage: Stage):
    """
    30 unreadable records and a good one. 19 are parked; both processes of the service stop, and one that is killed and started again
    stays stopped: nothing is consumed. Resumed, all go on: 30 parked, the good one handled, no record lost.
    """
    service = stage.service
    garbage = [replace(stage.good(company, n), value=b"{%d" % n) for n in range(1, 31)]
    send(deployment, stage.good(company, 31))
    until("what came before is read", lambda: stage.was_handled(deployment, company, 31))
    with second(deployment, service) as other:
        until("the second process is ready", lambda: answers(f"http://{LOOPBACK}:{other.port}/ready"))
        send(deployment, stage.good(company, 32), *garbage, stage.good(company, 99))
        for port in (port_of(deployment, service), other.port):
            until("the process stops", lambda port=port: "achats_breaker_tripped 1.0" in metrics(port))
            until("it is not ready", lambda port=port: not answers(f"http://{LOOPBACK}:{port}/ready"))
            assert answers(f"http://{LOOPBACK}:{port}/live")
    until("19 are parked", lambda: parked_of(deployment, stage, company) == 19)
    deployment.services[service].kill()
    deployment.start_service(service)
    until("it looked at the row", lambda: "achats_breaker_tripped 1.0" in metrics(port_of(deployment, service)))
    status = achats(deployment, "parked", "status")
    assert 1 == status.returncode
    assert "20 records in a row were refused" in next(line for line in status.stdout.splitlines() if line.startswith(f"{service}: TRIPPED"))
    assert (19, False) == (parked_of(deployment, stage, company), stage.was_handled(deployment, company, 99))
    assert "consumes again" in achats(deployment, "parked", "resume", service, "--by", "ada").stdout
    until("the good record is handled", lambda: stage.was_handled(deployment, company, 99))
    until("all are parked", lambda: parked_of(deployment, stage, company) >= 30)
    assert 30 == parked_of(deployment, stage, company)
    deployment.wait_ready(service)
    assert 0 == achats(deployment, "parked", "status").returncode
    assert [("ada",)] == ask(deployment, f"select distinct resumed_by from {service}.breaker")


BUG = """
import services.{service}.main as main
from services.classifier.adapters import worker
from services.kernel import loop
from services.ledger import handler

def planted(real, deliveries):
    def call(*given):
        for delivery in deliveries(given):
            if delivery.event is not None and ("planted", b"1") in delivery.record.headers:
                raise ZeroDivisionError
        return real(*given)
    return call

loop.OncePerEvent._handle = planted(loop.OncePerEvent._handle, lambda given: [given[1]])
handler.KeepBooks._page = planted(handler.KeepBooks._page, lambda given: given[1])
worker.answer = planted(worker.answer, lambda given: [given[0]])
main.main()
"""


@pytest.mark.parametrize("stage", SLOW, ids=SERVICES)
def test_a_record_that_ends_its_service_again_and_again_is_freed_by_a_skip(deployment: Deployment, company: str, stage: Stage):
    """
    A handler with a bug that one record meets. The process ends with 70 at it, and again; its log names the record.
    Skipped, the record is parked as it came, with who asked and why; the next one is handled.
    """
    service = stage.service
    deployment.services[service].stop()
    bad = stage.good(company, 7)
    bad = replace(bad, headers=(*bad.headers, ("planted", b"1")))
    send(deployment, stage.good(company, 1), bad, stage.good(company, 8))
    partition, offset = free_of_crashes(deployment, stage, BUG, bad)
    with second(deployment, service, BUG):
        until("the record behind is handled", lambda: stage.was_handled(deployment, company, 8))
    assert stage.was_handled(deployment, company, 1)
    assert not stage.was_handled(deployment, company, 7)
    deployment.start_service(service)
    deployment.wait_ready(service)
    until("it is parked", lambda: skipped(deployment, stage, bad))
    assert [("skipped", "An operator asked to skip this record: ada: bug 42", partition, offset)] == skipped(deployment, stage, bad)


OLD = """
import services.{service}.main as main
from services.classifier.adapters import worker
from services.kernel import loop
from services.kernel.envelope import Delivery
from services.kernel.errors import ContractBroken

def planted(real):
    def call(record, *given):
        refused = ("planted", b"1") in record.headers
        return Delivery(record, None, ContractBroken("planted")) if refused else real(record, *given)
    return call

loop.deliver = worker.deliver = planted(loop.deliver)
main.main()
"""


@pytest.mark.parametrize("stage", SLOW, ids=SERVICES)
def test_what_a_mended_service_is_given_back_is_handled_once(deployment: Deployment, company: str, stage: Stage):
    """
    A run of two, the second refused by an old reader: collected 2 = recorded 1 + parked 1. Given back to the old reader: parked again,
    attempt 2. Given back to the mended one: handled, the run recorded 2. Given back once more: refused; with --again, still handled once.
    """
    service = stage.service
    deployment.services[service].stop()
    bad = stage.good(company, 2)
    bad = replace(bad, headers=(*bad.headers, ("planted", b"1"), ("null", None)))
    send(deployment, stage.good(company, 1), bad, *([marker(stage, company, 2)] if stage in STAGES[1:3] else []))
    with second(deployment, service, OLD):
        until("the good one is handled", lambda: stage.was_handled(deployment, company, 1))
        until("the other is parked", lambda: states(deployment, service, company) == [(1, "open")])
        assert 0 == give_back(deployment, service, company).returncode
        until("it is parked again", lambda: states(deployment, service, company) == [(2, "open")])
    first = [(2, 1, 1)] if stage in STAGES[1:3] else []
    until("the run is finished", lambda: counted(deployment, company) == first)
    deployment.start_service(service)
    deployment.wait_ready(service)
    assert 0 == give_back(deployment, service, company).returncode
    until("it is handled", lambda: stage.was_handled(deployment, company, 2))
    until("the run has it", lambda: counted(deployment, company) == [*first, *((2, 2, 0) for _ in first)])
    assert [(2, "retried")] == states(deployment, service, company)
    refused, before = give_back(deployment, service, company), handled(deployment, service)
    assert (1, "given back by ada") == (refused.returncode, *re.findall("given back by ada", refused.stderr))
    assert 0 == give_back(deployment, service, company, "--again").returncode
    until("it came once more", lambda: handled(deployment, service) > before)
    assert [(2, "retried")] == states(deployment, service, company)
    assert [*first, *((2, 2, 0) for _ in first)] == counted(deployment, company)
    assert [] == ask(deployment, f"select 1 from ledger.invoice where company_id = '{company}' and version > 1")


@pytest.mark.parametrize("stage", STAGES[1:3], ids=SERVICES[1:3])
def test_a_marker_that_cannot_be_read_is_freed_by_a_skip(deployment: Deployment, company: str, stage: Stage):
    """The one way past it: parked with its reason; its run never finishes, which the command says; the next record is handled."""
    service = stage.service
    deployment.services[service].stop()
    bad = replace(marker(stage, company, 1), value=b"{")
    send(deployment, stage.good(company, 1), bad, stage.good(company, 8))
    free_of_crashes(deployment, stage, AS_IT_IS, bad)
    deployment.start_service(service)
    until("the record behind is handled", lambda: stage.was_handled(deployment, company, 8))
    until("it is parked", lambda: skipped(deployment, stage, bad))
    assert ["skipped"] == [reason for reason, *_ in skipped(deployment, stage, bad)]
    assert [] == ask(deployment, f"select 1 from ledger.run_finished where company_id = '{company}'")
    deployment.wait_ready(service)


def test_the_runbook_s_commands_run(deployment: Deployment):
    """Each as it is written, but for the two places of parked records; the skip's made-up place is not in the log, which is said."""
    page = (ROOT / "deploy" / "runbook" / "parked.md").read_text(encoding="utf-8")
    commands = [line for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) for line in block.splitlines()]
    first, other, *_ = map(json.loads, achats(deployment, "parked", "list", "classifier", "--json", "--open").stdout.splitlines())
    places = {"classifier 1 7": first, "classifier 2 9": other}
    said = {command: achats(deployment, *shlex.split(placed(command, places))[1:]) for command in commands}
    refused = [command for command, answer in said.items() if answer.returncode != 0]
    assert 10 == len(commands)
    assert ["skip"] == [command.split()[2] for command in refused], [answer.stderr for answer in said.values()]
    assert "holds the offsets" in said[refused[0]].stderr
    listed = [json.loads(line) for line in said["achats parked list classifier --json"].stdout.splitlines()]
    assert 20 == len(listed)
    assert all(one["topic"] == topics_read_by("classifier")[0] for one in listed)


def placed(command: str, places: dict[str, dict[str, Any]]) -> str:
    """The command about records that are there."""
    for words, one in places.items():
        command = command.replace(words, f"{one['service']} {one['parked_partition']} {one['parked_offset']}")
    return command


def free_of_crashes(deployment: Deployment, stage: Stage, program: str, bad: Outgoing) -> tuple[int, int]:
    """Let the service crash twice, then skip the record its log names; partition and offset."""
    service, place = stage.service, (0, 0)
    for _ in range(2):
        with second(deployment, service, program) as crashing:
            assert 70 == crashing.process.wait(PATIENCE_SECONDS), crashing.log.read_text()[-3000:]
            place = place_in(crashing.log.read_text(), bad.topic)
    said = achats(deployment, "parked", "skip", bad.topic, *map(str, place), "--by", "ada", "--why", "bug 42")
    assert 0 == said.returncode, said.stderr
    assert f"{service} parks {bad.topic}/{place[0]}/{place[1]} unread" in said.stdout
    assert "does not add up until it is given back and can be read" in said.stdout
    return place


def place_in(log: str, topic: str) -> tuple[int, int]:
    """Partition and offset of the record that the log's last errors name."""
    for line in reversed(log.splitlines()):
        said: dict[str, Any] = json.loads(line) if line.startswith("{") else {}
        if said.get("event") == "unforeseen_error" and said.get("topic") == topic:
            return said["partition"], said["offset"]
        if found := re.search(rf"{re.escape(topic)}/(\d+)/(\d+)", said.get("error", "")):
            return int(found[1]), int(found[2])
    raise AssertionError(log[-3000:])


def skipped(deployment: Deployment, stage: Stage, bad: Outgoing) -> list[tuple[str, str, int, int]]:
    """What is said of this very record on the parked topic."""
    return [
        (said.reason, said.detail, said.partition, said.offset)
        for record, said in kept_by(deployment, stage.service)
        if (bad.key, bad.value, bad.headers) == (record.key, record.value, record.headers[:-1])
    ]


def marker(stage: Stage, company: str, emitted: int) -> Outgoing:
    """The end of the company's run, as the stage's producer says it."""
    data: EventData = CollectionFinished(
        company_id=company,
        connection_id="cn-1",
        run_id=f"run-{company}",
        kind="daily",
        emitted=emitted,
        waiting=(),
        window_from=DAY,
        window_to=DAY,
        settings=settings(),
    )
    event = Event(f"{company}-end", f"/achats/{stage.producer}", TIME, data, run=RunPosition(f"run-{company}", None))
    return encode(event, topic_for(stage.producer, CollectionFinished))
