"""The classifier's handler in a plain confluent loop: what the faust worker is compared with, and what replaces it if need be."""

import time
from collections.abc import Callable, Sequence

from schemas.registry import topics_read_by, types_on
from services.classifier.domain.rulebook import Rulebook
from services.classifier.handler import SERVICE, answer
from services.kernel.clock import Clock, SystemClock, instant
from services.kernel.envelope import Delivery, Outgoing, deliver
from services.kernel.errors import Unavailable
from services.kernel.kafka import KafkaSender, KafkaSource
from services.kernel.ports import Sender

AGAIN_SECONDS = 0.5


class AnswerAll:
    """A `handle` of the kernel's loop: the answers to a batch, in order, acknowledged before it returns."""

    def __init__(self, sender: Sender, rulebook: Rulebook, clock: Clock) -> None:
        self.sender, self._rulebook, self._clock = sender, rulebook, clock

    def __call__(self, deliveries: Sequence[Delivery]) -> None:
        """Send, again from the first that was not acknowledged. Raises Unavailable: none was."""
        left = self.answers(deliveries)
        while left:
            left = left[self.sender.send(left) :]

    def answers(self, deliveries: Sequence[Delivery]) -> Sequence[Outgoing]:
        """What must be sent for these, in order."""
        now = instant(self._clock.now())
        return [outgoing for delivery in deliveries for outgoing in answer(delivery, self._rulebook, now)]


def run_reference(bootstrap: str, group: str, rulebook: Rulebook, done: Callable[[], bool]) -> None:
    """Poll, answer, commit; until `done` says so."""
    topics = topics_read_by(SERVICE)
    source, types = KafkaSource(bootstrap, group, topics), types_on(topics)
    answer_all = AnswerAll(KafkaSender(bootstrap, group), rulebook, SystemClock())
    while not done():
        if records := source.poll(500, 0.2):
            _patiently(answer_all, [deliver(record, types) for record in records])
            source.commit(records)
    source.close()


def _patiently(answer_all: AnswerAll, batch: Sequence[Delivery]) -> None:
    while True:
        try:
            return answer_all(batch)
        except Unavailable:
            time.sleep(AGAIN_SECONDS)
