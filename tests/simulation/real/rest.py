"""Whether a real Kafka and a real PostgreSQL are at rest: nothing waits to be sent, nothing is sent and not read."""

import time
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import psycopg
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from schemas.registry import topics_read_by
from tests.simulation.engine import Engine

PARTITIONS = 3
POLL_SECONDS, PATIENCE_SECONDS, ANSWER_SECONDS = 0.02, 60.0, 30.0
GROUPS = ("fetcher", "classifier", "notifier")  # the ledger keeps its own positions
WAITING = """
select (select count(*) from fetcher.outbox) + (select count(*) from classifier.outbox) + (select count(*) from notifier.outbox)
    + (select count(*) from ledger.chain_head as h inner join ledger.announced as a using (book) where h.seq <> a.seq)
"""

type Where = tuple[str, int]


class Rest:
    """Asks the servers; while something is on its way, polls may wait for it."""

    def __init__(self, bootstrap: str, administrator: psycopg.Connection[Any], engine: Engine) -> None:
        """`administrator`: a session with autocommit."""
        self._kafka: Any = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})  # its stubs do not know what its answers hold
        self._administrator, self._engine = administrator, engine
        self._state, self._since, self.poll_seconds = "", time.monotonic(), 0.0
        self.lost = dict[tuple[str, str, int], int]()  # by group and partition: what was handled up to here, and its commit lost

    def began(self) -> None:
        """Somebody ended or was counted out: what was not committed comes again, which takes its time."""
        self._state = ""

    def released(self, group: str, given_up: Iterable[Where]) -> None:
        """Who had these has them no more: what was handled there and not committed comes again. What stays with its member does not."""
        for place in given_up:
            self.lost.pop((group, *place), None)

    def moved(self) -> None:
        """Something arrived: nobody need wait."""
        self.poll_seconds = 0.0

    def settled(self) -> bool:
        """Whether all is worked off, or only virtual time helps, or nothing has changed for too long: then promises are broken."""
        if self._engine.hindered():
            return True
        waiting, behind = self._waiting(), self.behind()
        state = f"{waiting} {behind}"
        if state != self._state:
            self._state, self._since = state, time.monotonic()
        at_rest = not waiting and not behind
        self.poll_seconds = 0.0 if at_rest else POLL_SECONDS
        return at_rest or time.monotonic() - self._since > PATIENCE_SECONDS

    @cached_property
    def _topics(self) -> dict[str, str]:
        """The ledger's topics by the ids under which its book knows them."""
        described = self._kafka.describe_topics(TopicCollection(list(topics_read_by("ledger"))), request_timeout=ANSWER_SECONDS)
        return {str(answer.result().topic_id): name for name, answer in described.items()}

    def behind(self) -> dict[tuple[str, str, int], tuple[int, int]]:
        """By service and partition: up to where it has read, and where the log ends, if these differ."""
        ends = self.ends()
        found = {
            (service, *place): (max(reached.get(place, 0), self.lost.get((f"achats-{service}", *place), 0)), ends[place])
            for service in (*GROUPS, "ledger")
            for reached in [self.reached(service)]
            for topic in topics_read_by(service)
            for place in places(topic)
        }
        return {place: offsets for place, offsets in found.items() if offsets[0] != offsets[1]}

    def ends(self) -> dict[Where, int]:
        """The ends of all logs that anybody reads."""
        read = {place for service in (*GROUPS, "ledger") for topic in topics_read_by(service) for place in places(topic)}
        asked = self._kafka.list_offsets({TopicPartition(*place): OffsetSpec.latest() for place in read}, request_timeout=ANSWER_SECONDS)
        return {(place.topic, place.partition): answer.result().offset for place, answer in asked.items()}

    def reached(self, service: str) -> dict[Where, int]:
        """Up to where a service has read: what its group committed, or what its book says."""
        if service == "ledger":
            rows = self._administrator.execute("select topic_id, partition, next_offset from ledger.kafka_position").fetchall()
            return {(self._topics[topic_id], partition): offset for topic_id, partition, offset in rows}
        group = f"achats-{service}"
        [asked] = self._kafka.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)], request_timeout=ANSWER_SECONDS).values()
        found: list[TopicPartition] = asked.result().topic_partitions or []
        return {(one.topic, one.partition): one.offset for one in found if one.offset >= 0}

    def forget(self, group: str) -> bool:
        """Delete the group with its offsets; False when a member is in it, or nobody ever was."""
        try:
            self._kafka.delete_consumer_groups([group], request_timeout=ANSWER_SECONDS)[group].result()
        except KafkaException:
            return False
        return True

    def _waiting(self) -> int:
        [(count,)] = self._administrator.execute(WAITING).fetchall()
        return count


def places(topic: str) -> list[Where]:
    """The partitions of a topic."""
    return [(topic, partition) for partition in range(PARTITIONS)]
