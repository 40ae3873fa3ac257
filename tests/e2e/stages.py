"""Each service as a stage that takes records: what it can handle, and how one sees that it did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from deploy.local.deployment import Deployment
from schemas.connection_changed.v1 import ConnectionChanged
from schemas.contract import EventData
from schemas.import_finished.v1 import ImportFinished
from schemas.record_parked.v1 import RecordParked
from schemas.registry import parked_topic, topic, topic_for
from schemas.values import RunCounts
from services.kernel.envelope import Event, Outgoing, Record, RunPosition, encode
from tests.support.collected import document, domestic_invoice
from tests.unit.ledger.documents import invoice

TIME = "2026-03-02T08:00:00.000000Z"
DAY = date(2026, 3, 2)
COUNTS = RunCounts(collected=1, recorded=1, no_entry=0, archived=0, held=0, parked=0, duplicates=0)
IN_INBOX = "select 1 from {service}.inbox where event_id = '{company}-{n}'"
IN_BOOK = "select 1 from ledger.invoice where company_id = '{company}' and invoice_id = 'inv-{n}'"


@dataclass(frozen=True, slots=True)
class Stage:
    """A service, the n-th good event of a company for it, and the question whether it was handled."""

    service: str
    producer: str
    data: Callable[[str, int], EventData]
    handled: str

    def good(self, company: str, n: int) -> Outgoing:
        """The n-th event of the company's run, as its producer sends it."""
        data, producer = self.data(company, n), self.producer
        event = Event(f"{company}-{n}", f"/achats/{producer}", TIME, data, run=RunPosition(f"run-{company}", n))
        return encode(event, topic_for(producer, type(data)))

    def was_handled(self, deployment: Deployment, company: str, n: int) -> bool:
        """Whether that event was."""
        return bool(ask(deployment, self.handled.format(service=self.service, company=company, n=n)))


def ask(deployment: Deployment, query: str) -> list[tuple[Any, ...]]:
    """Rows, as the administrator."""
    with psycopg.connect(deployment.database_url("postgres")) as connection:
        return connection.execute(query.encode()).fetchall()


def _import_finished(company: str, n: int) -> ImportFinished:
    return ImportFinished(
        company_id=company,
        connection_id=f"cn-{n}",
        run_id=f"run-{company}",
        revision=1,
        kind="daily",
        counts=COUNTS,
        waiting=(),
        window_from=DAY,
        window_to=DAY,
        finished_at=TIME,
        test_environment=False,
    )


def _connection_closed(company: str, n: int) -> ConnectionChanged:
    """A change that mails nobody."""
    return ConnectionChanged(
        company_id=company,
        connection_id=f"cn-{n}",
        connector="amazon_business",
        from_state="active",
        to_state="broken",
        reason="consent_withdrawn",
        run_id=None,
        counts=None,
        waiting=(),
        test_environment=False,
    )


def _collected(company: str, n: int) -> EventData:
    return domestic_invoice(company_id=company, invoice_id=f"inv-{n}", document=document(f"{company}/{n}".encode()))


def _classified(company: str, n: int) -> EventData:
    return invoice(company_id=company, invoice_id=f"inv-{n}", document=document(f"{company}/{n}".encode()))


STAGES = (
    Stage("fetcher", "ledger", _import_finished, IN_INBOX),
    Stage("classifier", "fetcher", _collected, IN_BOOK),
    Stage("ledger", "classifier", _classified, IN_BOOK),
    Stage("notifier", "fetcher", _connection_closed, IN_INBOX),
)


def kept_by(deployment: Deployment, service: str) -> list[tuple[Record, RecordParked]]:
    """Everything on a service's parked topic, with why it stands there."""
    name = parked_topic(service)
    records = read(deployment, [TopicPartition(name, n, OFFSET_BEGINNING) for n in range(topic(name).partitions)])
    return [(record, RecordParked.model_validate_json(record.headers[-1][1] or b"")) for record in records]


def original(deployment: Deployment, said: RecordParked) -> Record:
    """The record at the place a parked one says it came from."""
    return read(deployment, [TopicPartition(said.topic, said.partition, said.offset)], limit=1)[0]


def read(deployment: Deployment, places: Sequence[TopicPartition], limit: int | None = None) -> list[Record]:
    """The records from these places to the end of the log, or the first `limit`."""
    consumer = Consumer({"bootstrap.servers": deployment.kafka.bootstrap, "group.id": "reader", "enable.partition.eof": False})
    ends = {place.partition: consumer.get_watermark_offsets(TopicPartition(place.topic, place.partition), timeout=30) for place in places}
    left = {place.partition for place in places if ends[place.partition][1] > ends[place.partition][0]}
    consumer.assign(list(places))
    found = list[Record]()
    while left and (limit is None or len(found) < limit):
        message = consumer.poll(1.0)
        if message is None:
            continue
        found.append(_record(message))
        if found[-1].offset + 1 >= ends[found[-1].partition][1]:
            left.discard(found[-1].partition)
    consumer.close()
    return found


def _record(message: Message) -> Record:
    headers: Any = message.headers() or ()
    name, partition, offset = message.topic() or "", message.partition() or 0, message.offset() or 0
    return Record(name, partition, offset, 0, message.key(), message.value(), tuple(headers))  # pyright: ignore[reportArgumentType]
