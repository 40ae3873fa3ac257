"""What stands in the real topics and tables, put where the promises are read: into the structures of the twins."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace as Row
from typing import Any, cast

from confluent_kafka import Consumer, TopicPartition

from schemas.registry import parked_topic
from services.kernel.envelope import Outgoing, Place, Record
from services.kernel.kafka import _record as record_of  # pyright: ignore[reportPrivateUsage]
from services.kernel.postgres import STRIPES
from tests.simulation.memory.ledger_positions import PositionRow
from tests.simulation.memory.ledger_rows import InvoiceRow
from tests.simulation.real.rest import GROUPS
from tests.simulation.real.rest import places as places_of
from tests.simulation.real.world import RealWorld
from tests.simulation.world import COLLECTED, LIVE, SERVICES, place_of

ANSWER_SECONDS = 30.0
VERSIONS = """
select i.company_id, i.invoice_id, i.version, i.revision, i.outcome, i.hold_reason, i.entry_id, i.batch_id,
    i.facts -> 'document' ->> 'sha256'
from ledger.invoice as i
order by i.company_id, i.invoice_id, i.version
"""
ENTRIES = "select entry_id, company_id, invoice_id, revision, account, cents from ledger.entry"
HEADS = "select h.book, h.seq, a.seq, a.sent from ledger.chain_head as h inner join ledger.announced as a using (book)"
POSITIONS = "select topic_id, partition, epoch, next_offset from ledger.kafka_position"
NOTIFICATIONS = "select notification_id, company_id, state, unclear_attempts from notifier.notification"
JOBS = "select id, status, args ->> 'run_id' from fetcher_jobs.procrastinate_jobs"


def photograph(world: RealWorld) -> None:
    """Fill the world's twins. All is at rest."""
    for place, message in everything(world.servers.bootstrap, [*LIVE, *map(parked_topic, SERVICES)]):
        assert place == _place(world.broker.append(message.topic, message))
    broken = {place_of(record) for record in world.broker.records(COLLECTED) if (record.value or b"").startswith(b"{{")}
    world.corrupted |= broken - world.strange
    for service in GROUPS:
        world.broker.group(f"achats-{service}").committed = world.rest.reached(service)
    _tables(world)
    _book(world)


def _tables(world: RealWorld) -> None:
    stores, rows = world.stores, _asking(world)
    for service in ("fetcher", "classifier", "notifier"):
        stores[service].rows["outbox"] = dict.fromkeys(rows(f"select stripe, seq from {service}.outbox"))
        stores[service].rows["outbox_head"] = dict(rows(f"select stripe, seq from {service}.outbox_head"))
    for service in SERVICES:
        stores[service].rows["breaker"] = dict(rows(f"select trip, reason from {service}.breaker where resumed_at is null"))
    stores["fetcher"].rows["job"] = {job[0]: job for job in rows(JOBS)}
    stores["fetcher"].rows["run"] = dict(rows("select run_id, state from fetcher.run"))
    notifications = rows(NOTIFICATIONS)
    stores["notifier"].rows["notification"] = {
        row[0]: Row(company_id=row[1], state=row[2], unclear_attempts=row[3]) for row in notifications
    }


def _book(world: RealWorld) -> None:
    book, rows = world.book.rows, _asking(world)
    for *key, outcome, reason, entry_id, batch_id, sha256 in rows(VERSIONS):
        book["invoice"][*key[:3]] = _version(key, outcome, reason, entry_id, batch_id, sha256)
    for entry_id, company_id, invoice_id, revision, accounts, cents in rows(ENTRIES):
        lines = tuple(Row(account=account, cents=amount) for account, amount in zip(accounts, cents, strict=True))
        about = {"company_id": company_id, "invoice_id": invoice_id, "revision": revision}
        book["entry"][entry_id] = Row(**about, entry=Row(lines=lines))
    heads = rows(HEADS)
    assert STRIPES == len(heads)
    book["chain_head"], book["announced"] = {row[0]: row[1] for row in heads}, {row[0]: (row[2], row[3]) for row in heads}
    [topic] = {topic for topic, _ in world.rest.reached("ledger")} or [""]
    positions = [((f"id-of-{topic}", partition), PositionRow(epoch, reached, None)) for _, partition, epoch, reached in rows(POSITIONS)]
    book["kafka_position"] = dict(positions)


def _version(key: list[Any], outcome: str, reason: str | None, entry_id: int | None, batch_id: int, sha256: str) -> InvoiceRow:
    company_id, invoice_id, version, revision = key
    document = Row(company_id=company_id, invoice_id=invoice_id, revision=revision, document=Row(sha256=sha256))
    verdict = Row(outcome=Row(value=outcome), hold=reason and Row(reason=reason), entry=entry_id)
    said = Row(event=Row(data=document), standing=Row(version=version), verdict=verdict)
    return InvoiceRow(batch_id, cast(Any, said), entry_id)


def _asking(world: RealWorld) -> Callable[[str], list[Any]]:
    def rows(query: str) -> list[Any]:
        return world.administrator.execute(query.encode()).fetchall()

    return rows


def everything(bootstrap: str, topics: Sequence[str]) -> list[tuple[Place, Outgoing]]:
    """All that is in the topics, partition by partition, in order; no group is asked."""
    client = Consumer({"bootstrap.servers": bootstrap, "group.id": "photograph", "enable.auto.commit": False})
    places = [TopicPartition(*place, 0) for topic in topics for place in places_of(topic)]
    count = sum(client.get_watermark_offsets(place, ANSWER_SECONDS)[1] for place in places)
    client.assign(places)
    found = list[Record]()
    while len(found) < count:
        messages = client.consume(count - len(found), 1.0)
        found += [record_of(message) for message in messages]
    client.close()
    in_order = sorted(found, key=_place)
    return [(_place(record), Outgoing(record.topic, record.key, record.value, record.headers)) for record in in_order]


def _place(record: Record) -> Place:
    return record.topic, record.partition, record.offset
