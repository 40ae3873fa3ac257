"""The classifier's handler in a plain confluent loop: what the faust worker is compared with, and what replaces it if need be."""

import time
from collections.abc import Callable, Sequence

from schemas.registry import topics_read_by, types_on
from services.classifier.domain.rulebook import Rulebook
from services.classifier.handler import SERVICE, answer
from services.kernel.clock import SystemClock, instant
from services.kernel.envelope import Outgoing, deliver
from services.kernel.kafka import KafkaSender, KafkaSource

AGAIN_SECONDS = 0.5


def run_reference(bootstrap: str, group: str, rulebook: Rulebook, done: Callable[[], bool]) -> None:
    """Poll, answer, send until acknowledged, commit; until `done` says so."""
    topics = topics_read_by(SERVICE)
    source, sender, types = KafkaSource(bootstrap, group, topics), KafkaSender(bootstrap, group), types_on(topics)
    while not done():
        records = source.poll(500, 0.2)
        now = instant(SystemClock().now())
        send_all(sender, [outgoing for record in records for outgoing in answer(deliver(record, types), rulebook, now)])
        if records:
            source.commit(records)
    source.close()


def send_all(sender: KafkaSender, messages: Sequence[Outgoing]) -> None:
    """Send in order, again from the first that was not acknowledged."""
    left = list(messages)
    while left:
        acknowledged = sender.send(left)
        left = left[acknowledged:]
        if left:
            time.sleep(AGAIN_SECONDS)
