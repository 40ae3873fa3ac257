"""The classifier's handler in a plain confluent loop: what the faust worker is compared with, and what replaces it if need be."""

import time
from collections.abc import Callable, Sequence

from schemas.registry import topics_read_by, types_on
from services.classifier.handler import SERVICE, Rulebooks, answer, collected_in
from services.kernel.clock import Clock, SystemClock, instant
from services.kernel.envelope import Delivery, Outgoing, deliver
from services.kernel.errors import Unavailable
from services.kernel.kafka import KafkaSender, KafkaSource
from services.kernel.ports import Sender

AGAIN_SECONDS = 0.5


class AnswerAll:
    """A `handle` of the kernel's loop: the answers to a batch, in order, acknowledged before it returns."""

    def __init__(self, sender: Sender, rulebooks: Rulebooks, clock: Clock) -> None:
        self.sender, self._rulebooks, self._clock = sender, rulebooks, clock

    def __call__(self, deliveries: Sequence[Delivery]) -> None:
        """Send, again from the first that was not acknowledged. Raises Unavailable: none was."""
        left = self.answers(deliveries)
        while left:
            left = left[self.sender.send(left) :]

    def answers(self, deliveries: Sequence[Delivery]) -> Sequence[Outgoing]:
        """What must be sent for these, in order, once what they teach is kept; others may have taught since. Raises Unavailable."""
        now = instant(self._clock.now())
        self._rulebooks.refresh()
        return [outgoing for delivery in deliveries for outgoing in self._answer(delivery, now)]

    def _answer(self, delivery: Delivery, now: str) -> tuple[Outgoing, ...]:
        delivery = self._rulebooks.learn(delivery)
        company = collected_in(delivery)
        return answer(delivery, self._rulebooks.of(company) if company else self._rulebooks.shipped, now)


def run_reference(bootstrap: str, group: str, rulebooks: Rulebooks, done: Callable[[], bool]) -> None:
    """Poll, answer, commit; until `done` says so."""
    topics = topics_read_by(SERVICE)
    source, types = KafkaSource(bootstrap, group, topics), types_on(topics)
    answer_all = AnswerAll(KafkaSender(bootstrap, group), rulebooks, SystemClock())
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
