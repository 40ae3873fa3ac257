"""Topics on a broker, held against schemas/topics.yaml, with kafka-python. Never deletes one, never changes a partition count."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, NewTopic
from kafka.errors import KafkaError

from schemas.registry import Topic, topics

OURS = "achats."
SET_HERE = "DYNAMIC_TOPIC_CONFIG"
CLIENT: Any = KafkaAdminClient  # its stubs are older than it is
ANSWER_MS = 10_000


class TopicsDiffer(Exception):
    """A topic on the broker differs from topics.yaml in its number of partitions, which is never changed: keys would move."""

    next_action = "Make a new major version of the topic, or start on an empty broker."


class TopicsRefused(Exception):
    """The broker does not answer, or refuses a topic."""

    next_action = "Start it, or correct --kafka; a broker alone takes --replication 1."


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of a topic on the broker, and what topics.yaml declares; empty = nothing."""

    topic: str
    name: str
    present: str
    declared: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What differs. `create` and `change` are what apply does; `partitions` (topic, present, declared) is refused.

    `by_hand` and `unknown` are named only: settings that somebody gave a topic and topics.yaml does not speak of, topics called achats.*
    that it does not have.
    """

    create: tuple[Topic, ...]
    change: tuple[Setting, ...]
    partitions: tuple[tuple[str, int, int], ...]
    by_hand: tuple[Setting, ...]
    unknown: tuple[str, ...]

    @property
    def is_as_declared(self) -> bool:
        """Whether every declared topic is there as it is declared."""
        return not (self.create or self.change or self.partitions)

    def words(self) -> Iterator[str]:
        """One sentence a difference."""
        for topic in self.create:
            settings = ", ".join(f"{name}={value}" for name, value in topic.configuration.items())
            yield f"create {topic.name}: {topic.partitions} partitions, {settings}"
        for one in self.change:
            yield f"change {one.topic}: {one.name} from {one.present} to {one.declared}"
        for name, present, declared in self.partitions:
            yield f"REFUSED {name}: {present} partitions, {declared} in topics.yaml; the number is never changed, keys would move"
        for one in self.by_hand:
            yield f"left as it is {one.topic}: {one.name}={one.present}, of which topics.yaml says nothing"
        for name in self.unknown:
            yield f"left as it is {name}: not in topics.yaml; nothing is ever deleted"
        if self.is_as_declared:
            yield f"{len(topics())} topics are as declared"


def plan(bootstrap: str) -> Plan:
    """What differs between the broker and topics.yaml. Raises TopicsRefused."""
    with _admin(bootstrap) as admin:
        return _plan(admin)


def apply(bootstrap: str, replication: int) -> Plan:
    """Create what is missing and change settings; what was done. Raises TopicsDiffer (and does nothing then), TopicsRefused."""
    with _admin(bootstrap) as admin:
        found = _plan(admin)
        if found.partitions:
            raise TopicsDiffer("\n".join(found.words()))
        if found.create:
            admin.create_topics([_new(topic, replication) for topic in found.create], timeout_ms=60_000)
        if found.change:
            _change(admin, found.change)
        return found


def _plan(admin: Any) -> Plan:
    described = cast("list[dict[str, Any]]", admin.describe_topics())
    counts = {str(row.get("name") or row.get("topic")): len(row["partitions"]) for row in described}
    there = [topic for topic in topics() if topic.name in counts]
    present = _settings(admin, there)
    return Plan(
        create=tuple(topic for topic in topics() if topic.name not in counts),
        change=tuple(one for topic in there for one in _changes(topic, present[topic.name])),
        partitions=tuple((one.name, counts[one.name], one.partitions) for one in there if counts[one.name] != one.partitions),
        by_hand=tuple(one for topic in there for one in _by_hand(topic, present[topic.name])),
        unknown=tuple(sorted(name for name in counts if name.startswith(OURS) and name not in {topic.name for topic in topics()})),
    )


def _settings(admin: Any, there: Sequence[Topic]) -> Mapping[str, Mapping[str, Any]]:
    """Every setting of these topics, the broker's own among them: by topic and name, `value` and where it is from."""
    if not there:
        return {}
    return admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in there], config_filter="all")["topic"]


def _changes(topic: Topic, present: Mapping[str, Any]) -> Iterator[Setting]:
    for name, declared in topic.configuration.items():
        if (value := str(present[name]["value"])) != declared:
            yield Setting(topic.name, name, value, declared)


def _by_hand(topic: Topic, present: Mapping[str, Any]) -> Iterator[Setting]:
    for name in sorted(present.keys() - topic.configuration.keys()):
        if present[name]["config_source"] == SET_HERE:
            yield Setting(topic.name, name, str(present[name]["value"]), "")


def _change(admin: Any, changes: Sequence[Setting]) -> None:
    """Set each, and no other: incrementally."""
    wanted = {topic: {one.name: one.declared for one in changes if one.topic == topic} for topic in {one.topic for one in changes}}
    said = admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, topic, settings) for topic, settings in wanted.items()], incremental=True
    )
    if refused := {topic: answer for topic, answer in said["topic"].items() if answer != "OK"}:
        raise TopicsRefused("; ".join(f"{topic}: {answer}" for topic, answer in sorted(refused.items())))


@contextmanager
def _admin(bootstrap: str) -> Generator[Any]:
    """Raises TopicsRefused."""
    try:
        admin = CLIENT(bootstrap_servers=bootstrap.split(","), bootstrap_timeout_ms=ANSWER_MS)
        try:
            yield admin
        finally:
            admin.close()
    except KafkaError as trouble:
        raise TopicsRefused(f"{bootstrap}: {trouble}") from trouble


def _new(topic: Topic, replication: int) -> Any:
    return NewTopic(topic.name, num_partitions=topic.partitions, replication_factor=replication, topic_configs=topic.configuration)
