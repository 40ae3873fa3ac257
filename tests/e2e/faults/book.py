"""What stands in the tables when all is over, read by the administrator: the book, the runs, the letters, and whether all is at rest."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import psycopg
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from deploy.local.deployment import SERVICES, Deployment
from schemas.registry import topic, topics_read_by

ANSWER_SECONDS = 10.0

# Each invoice as it stands, without what differs from one import to the next: ids, times, dates, the company.
STANDING = """
select i.facts ->> 'number', i.facts ->> 'type', i.facts ->> 'credited_number', i.facts -> 'totals', i.outcome, i.hold_reason,
    e.journal, e.piece_ref, e.account, e.auxiliary, e.cents, e.vat_rate
from (select distinct on (invoice_id) * from ledger.invoice where company_id = %(company)s order by invoice_id, version desc) as i
left join ledger.entry as e on e.entry_id = i.entry_id
order by 1, 2
"""
DOUBLES = """
select 'entries of one invoice', invoice_id from ledger.entry where company_id = %(company)s group by 2 having count(*) > 1
union all
select 'entries of one document', facts ->> 'number' from ledger.invoice
where company_id = %(company)s and booked group by facts ->> 'number', facts ->> 'type', facts -> 'supplier' having count(*) > 1
union all
select 'entries of one PDF', facts -> 'document' ->> 'sha256' from ledger.invoice
where company_id = %(company)s and booked group by 2 having count(*) > 1
union all
select 'identities of one document', number from fetcher.invoice where company_id = %(company)s group by number, kind having count(*) > 1
"""
# Every run of the company: the numbers its outcomes have, how many the fetcher said there are, and what import.finished counted.
RUNS = """
select m.run_id, m.emitted, array(
    select distinct o.runseq from ledger.outcome as o where o.company_id = m.company_id and o.run_id = m.run_id order by 1
), f.collected, f.recorded + f.no_entry + f.archived + f.held + f.parked + f.duplicates
from ledger.run_marker as m left join ledger.run_finished as f using (company_id, run_id)
where m.company_id = %(company)s
"""
# What still has to happen somewhere: nothing of it may be left before the final state is judged.
UNREST = """
select 'fetcher announces', count(*) from fetcher.outbox
union all select 'notifier announces', count(*) from notifier.outbox
union all select 'ledger announces', coalesce(sum(h.seq - a.seq), 0) from ledger.chain_head as h join ledger.announced as a using (book)
union all select 'runs collect', count(*) from fetcher.run where state = 'collecting'
union all select 'runs are counted', count(*) from fetcher.run as r left join ledger.run_finished as f using (company_id, run_id)
    where f.run_id is null
"""


def rows(deployment: Deployment, query: str, company_id: str = "") -> list[tuple[Any, ...]]:
    """The rows of a query, `%(company)s` filled in."""
    with psycopg.connect(deployment.database_url("postgres"), connect_timeout=10) as connection:
        return connection.execute(query.encode(), {"company": company_id}).fetchall()


def digest(deployment: Deployment, company_id: str) -> str:
    """SHA-256 of what stands in a company's book: the same for the same documents, whatever happened on the way."""
    dump = json.dumps(rows(deployment, STANDING, company_id), ensure_ascii=False, default=str)
    return hashlib.sha256(dump.encode()).hexdigest()


def check_runs(deployment: Deployment, company_id: str) -> None:
    """Each run has its outcomes 1…N, once each, and import.finished says as many."""
    found = rows(deployment, RUNS, company_id)
    assert found
    for run_id, emitted, numbers, collected, summed in found:
        assert (list(range(1, emitted + 1)), emitted, emitted) == (numbers, collected, summed), run_id


def unrest(deployment: Deployment) -> dict[str, int]:
    """What still has to happen, by kind; empty = nothing. Records nobody has handled yet count too."""
    left = {kind: int(count) for kind, count in rows(deployment, UNREST)}
    left |= {f"{service} reads": _behind(deployment.kafka.bootstrap, service) for service in SERVICES}
    return {kind: count for kind, count in left.items() if count}


def members(bootstrap: str, service: str) -> int:
    """How many members a service's consumer group has, in the eyes of the broker."""
    group = f"achats-{service}"
    admin: Any = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    return len(admin.describe_consumer_groups([group])[group].result(ANSWER_SECONDS).members)


def _behind(bootstrap: str, service: str) -> int:
    """How many records of its topics a service's group has not committed."""
    admin: Any = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    group = f"achats-{service}"
    places = _partitions(topics_read_by(service))
    asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group, list(places))])[group].result(ANSWER_SECONDS)
    committed = {(one.topic, one.partition): max(one.offset, 0) for one in asked.topic_partitions}
    ends = admin.list_offsets(dict.fromkeys(places, OffsetSpec.latest()))
    return sum(end.result(ANSWER_SECONDS).offset - committed[place.topic, place.partition] for place, end in ends.items())


def _partitions(names: Sequence[str]) -> list[TopicPartition]:
    return [TopicPartition(name, n) for name in names for n in range(topic(name).partitions)]
