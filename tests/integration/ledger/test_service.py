"""The ledger as a process, between a real Kafka and a real PostgreSQL, killed without warning and started again."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager

from schemas.entry_recorded.v1 import EntryRecorded
from schemas.import_finished.v1 import ImportFinished
from schemas.invoice_described.v1 import InvoiceDescribed
from schemas.registry import topic_for
from services.kernel.envelope import Record, encode
from services.kernel.kafka import KafkaSender, KafkaSource
from services.ledger.handler import SERVICE
from tests.integration.ledger.shelf import TOPIC, Shelf, event
from tests.integration.ledger.test_runs import marker
from tests.support.kernel import headers
from tests.unit.ledger.documents import invoice

BOOKED, VIEWS = topic_for(SERVICE, EntryRecorded), topic_for(SERVICE, InvoiceDescribed)
WITHIN_SECONDS = 60
DOCUMENTS = 120


@contextmanager
def ledger(bootstrap: str, url: str) -> Generator[subprocess.Popen[bytes]]:
    """A running `achats-ledger`; killed at the end."""
    settings = {"ACHATS_KAFKA": bootstrap, "ACHATS_LEDGER_DATABASE_URL": url, "ACHATS_LEDGER_HEALTH_PORT": "0"}
    process = subprocess.Popen([sys.executable, "-m", "services.ledger.main"], env={**os.environ, **settings})
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def until(condition: Callable[[], bool]) -> None:
    """Wait for the condition, within a bound."""
    end = time.monotonic() + WITHIN_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)


def test_a_ledger_that_is_killed_books_and_announces_everything_once(shelf: Shelf, bootstrap: str):
    """A run of 120 invoices; the first process is killed in the middle, the second ends in order on SIGTERM."""
    company, run = f"C-{uuid.uuid4().hex[:8]}", f"R-{uuid.uuid4().hex[:8]}"
    documents = [event(invoice(company_id=company, invoice_id=f"I-{n}"), run=(run, n)) for n in range(1, DOCUMENTS + 1)]
    messages = [encode(one, TOPIC) for one in (*documents, marker(DOCUMENTS, run, company))]
    heard = KafkaSource(bootstrap, f"test-{company}", [BOOKED, VIEWS])
    records: list[Record] = []

    def announced(wanted: str, count: int) -> bool:
        records.extend(record for record in heard.poll(500, 0.1) if (record.key or b"").startswith(company.encode()))
        return count <= len({headers(record)["ce_id"] for record in records if headers(record)["ce_type"] == wanted.encode()})

    mine = f"where company_id = '{company}'"  # the topics are the session's: others' events are booked too
    sender = KafkaSender(bootstrap, "test")
    assert 60 == sender.send(messages[:60])
    with ledger(bootstrap, shelf.consumer_url):
        until(lambda: shelf.ask(f"select count(*) from ledger.entry {mine}") >= [(1,)])
    assert 61 == sender.send(messages[60:])
    with ledger(bootstrap, shelf.consumer_url) as process:
        until(lambda: announced(ImportFinished.ce_type, 1))
        until(lambda: announced(InvoiceDescribed.ce_type, DOCUMENTS))
        until(lambda: announced(EntryRecorded.ce_type, DOCUMENTS))
        process.terminate()
        assert 0 == process.wait(30)
    heard.close()
    assert [(DOCUMENTS, DOCUMENTS)] == shelf.ask(f"select count(*), count(distinct invoice_id) from ledger.entry {mine}")
    assert [(1, DOCUMENTS)] == shelf.ask(f"select revision, recorded from ledger.run_finished {mine}")
