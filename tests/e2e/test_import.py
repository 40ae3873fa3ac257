"""The main job on real parts, each service a process of its own: killed in the middle, poisoned, repeated; the end is the same."""

import json
from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from deploy.local.demo import Outcome, company, connect, mails_in, outcome
from deploy.local.deployment import Account, Deployment
from deploy.local.folders import temporary_data_folder
from deploy.local.truth import truth
from deploy.local.watcher import Watcher
from schemas.collection_finished.v1 import CollectionFinished
from schemas.invoice_collected.v1 import InvoiceCollected
from schemas.record_parked.v1 import RecordParked
from schemas.registry import parked_topic, topic_for
from services.kernel.envelope import Event, Outgoing, Record, RunPosition, encode, event_id
from services.kernel.kafka import KafkaSender
from tests.support import invariants
from tests.support.collected import document, domestic_invoice

PATIENCE_SECONDS = 120.0
ACCOUNT = Account(seed=7, invoices=50)
SOURCE = "/achats/fetcher"
TIME = "2026-03-02T08:00:00.000000Z"
COLLECTED = topic_for("fetcher", InvoiceCollected)


@pytest.fixture(scope="module")
def standing() -> Generator[ExitStack]:
    """What stands until it is closed: by the test of the end, at the latest behind the last test."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def deployment(standing: ExitStack) -> Generator[Deployment]:
    """Every part, on a data folder of its own."""
    with temporary_data_folder("achats-e2e-") as data:
        yield standing.enter_context(Deployment(data, ACCOUNT))
        standing.close()


@pytest.fixture(scope="module")
def watcher(deployment: Deployment) -> Generator[Watcher]:
    """A subscriber to every topic."""
    watching = Watcher(deployment.kafka.bootstrap)
    yield watching
    watching.stop()


def crash(deployment: Deployment, name: str) -> None:
    """kill -9, then start the service again."""
    deployment.services[name].kill()
    deployment.start_service(name)


def test_an_import_with_the_ledger_and_the_classifier_killed_in_the_middle(deployment: Deployment, watcher: Watcher):
    """
    50 documents; kill -9 of the classifier once it has answered some, of the ledger once it has booked some.
    Same final state as an undisturbed run: every invariant holds against the simulator's truth.
    """
    connect(deployment, company())
    assert watcher.wait(lambda: watcher.classified >= 5, PATIENCE_SECONDS)
    crash(deployment, "classifier")
    assert watcher.wait(lambda: watcher.described >= 5, PATIENCE_SECONDS)
    crash(deployment, "ledger")
    assert watcher.wait(lambda: watcher.done, PATIENCE_SECONDS)
    result: Outcome = outcome(deployment, watcher, 0.0)
    assert 50 == result.summary.collected
    invariants.check(result, truth(deployment))


def test_the_control_of_the_day_finds_all_of_it(deployment: Deployment):
    """Every book's head is kept and said; what the fetcher counted of the 50 documents is what the book has, to the digest."""
    heads, compared = [[line for line in deployment.control().splitlines() if (" annoncés, " in line) is said] for said in (False, True)]
    assert heads
    assert all(line.startswith("Livre ") for line in heads)
    assert 50 == sum(int(line.split(" : ")[1].split()[0]) for line in compared)
    assert [] == [line for line in compared if not line.endswith(", contenu identique.")]


def test_a_run_with_poison_a_redelivery_and_a_send_behind_the_marker(deployment: Deployment, watcher: Watcher):
    """
    A run of 5 as a retried producer may leave it: 1, 2, the marker, 2 again (same event), 3 (not JSON), 4, 1 under another event id as 5.
    collected 5 = recorded 3 + parked 1 + duplicates 1; the parked record keeps its bytes and headers; nobody is mailed.
    """
    mails = len(_mails(deployment))
    one, two, four = (_event("cmp_retried", n) for n in (1, 2, 4))
    again = replace(_event("cmp_retried", 5, invoice=1), id="another-event-same-invoice")
    poison = _poison(_event("cmp_retried", 3))
    _send(deployment, [_wire(one), _wire(two), _marker("cmp_retried", 5), _wire(two), poison, _wire(four), _wire(again)])
    assert watcher.wait(lambda: "run_cmp_retried" in watcher.finished, PATIENCE_SECONDS)
    counts = watcher.finished["run_cmp_retried"].counts
    assert (5, 3, 0, 1, 1) == (counts.collected, counts.recorded, counts.held, counts.parked, counts.duplicates)
    assert mails == len(_mails(deployment))
    parked = _first_parked(deployment)
    assert (poison.key, poison.value, poison.headers) == (parked.key, parked.value, parked.headers[:-1])
    name, value = parked.headers[-1]
    assert (RecordParked.header_name, "classifier", "unreadable") == (name, *_said(value, "service", "reason"))


def test_services_cannot_read_each_others_tables(deployment: Deployment):
    """Each service's role is let into its own schema and refused at the others'."""
    for role, table in (("notifier", "fetcher.company"), ("fetcher", "ledger.entry"), ("ledger_app", "fetcher.company")):
        with psycopg.connect(deployment.database_url(role)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"select 1 from {table}".encode())


def test_stopping_leaves_no_process(deployment: Deployment, standing: ExitStack):
    """After the demo's parts are stopped none of them runs, and a second start on the same folder goes on with the same data.

    The last test of this file: the deployment of the others is what it stops.
    """
    before: dict[str, int] = json.loads(deployment.command("ledger", "totals"))
    assert before["entries"] > 0
    standing.close()
    assert {"kafka", "postgres", "mailbox", "amazon", *deployment.services} == set(deployment.ended())
    with Deployment(deployment.data, ACCOUNT) as second:
        assert before == json.loads(second.command("ledger", "totals"))
        assert [] == second.ended()


def _event(company: str, seq: int, invoice: int | None = None) -> Event[InvoiceCollected]:
    data = _invoice(company, invoice or seq)
    identity = event_id(SOURCE, data.ce_type, data.subject, 1)
    return Event(identity, SOURCE, TIME, data, run=RunPosition(f"run_{company}", seq))


def _invoice(company: str, n: int) -> InvoiceCollected:
    return domestic_invoice(company_id=company, invoice_id=f"inv-{n}", document=document().model_copy(update={"sha256": f"{n:064x}"}))


def _wire(event: Event[Any]) -> Outgoing:
    return encode(event, COLLECTED)


def _poison(event: Event[Any]) -> Outgoing:
    return replace(_wire(event), value=b'{"invoice_id": ')


def _marker(company: str, emitted: int) -> Outgoing:
    invoice = _invoice(company, 0)
    data = CollectionFinished(
        company_id=company,
        connection_id=invoice.connection_id,
        run_id=f"run_{company}",
        kind="daily",
        emitted=emitted,
        waiting=(),
        window_from=invoice.settings.import_start,
        window_to=invoice.settings.import_start,
        settings=invoice.settings,
    )
    return _wire(Event(event_id(SOURCE, data.ce_type, data.subject, 1), SOURCE, TIME, data, run=RunPosition(data.run_id, None)))


def _send(deployment: Deployment, messages: list[Outgoing]) -> None:
    assert len(messages) == KafkaSender(deployment.kafka.bootstrap, "test").send(messages)


def _first_parked(deployment: Deployment) -> Record:
    topic = parked_topic("classifier")
    consumer = Consumer({"bootstrap.servers": deployment.kafka.bootstrap, "group.id": "test-parked"})
    consumer.assign([TopicPartition(topic, n, OFFSET_BEGINNING) for n in range(3)])
    try:
        message = consumer.poll(30)
        assert message is not None
        headers: Any = message.headers()
        return Record(topic, 0, 0, 0, _raw(message.key), _raw(message.value), tuple(headers))
    finally:
        consumer.close()


def _raw(part: Callable[[], Any]) -> bytes | None:
    return part()


def _said(header: bytes | None, *names: str) -> tuple[Any, ...]:
    said: dict[str, Any] = json.loads(header or b"")
    return tuple(said[name] for name in names)


def _mails(deployment: Deployment) -> list[Any]:
    return list(mails_in(deployment))
