"""A producer gone wild: every record of the services' own topics is sent once more, with the same bytes, behind the live ones."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from confluent_kafka import OFFSET_END, Consumer, Producer, TopicPartition

from deploy.local.deployment import SERVICES
from schemas.registry import topic, topics_read_by
from services.kernel.kafka import PRODUCER

NAMES = sorted({name for service in SERVICES for name in topics_read_by(service)})
WAIT_SECONDS = 0.1

type Place = tuple[str, int, int]


class Repeats:
    """Reads what comes from now on; its own repeats are known by their places and not repeated again."""

    def __init__(self, bootstrap: str) -> None:
        """Assigned at once, so that nothing that comes later is missed."""
        self.count = 0
        self.caught_up = False
        self._own: set[Place] = set()
        self._stop = threading.Event()
        self._producer = Producer({**PRODUCER, "bootstrap.servers": bootstrap})
        self._consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "repeats", "enable.auto.commit": False})
        self._consumer.assign(self._ends())

    def run(self) -> None:
        """Repeat until told to stop."""
        while not self._stop.is_set():
            messages = [message for message in self._consumer.consume(500, WAIT_SECONDS) if message.error() is None]
            fresh = [message for message in messages if self._place(message) not in self._own]
            for message in fresh:
                self._repeat(message)
            self._producer.flush()
            self.count += len(fresh)
            self.caught_up = not messages
        self._consumer.close()

    def stop(self) -> None:
        """No more repeats."""
        self._stop.set()

    def _ends(self) -> list[TopicPartition]:
        places = [TopicPartition(name, n, OFFSET_END) for name in NAMES for n in range(topic(name).partitions)]
        for place in places:
            place.offset = self._consumer.get_watermark_offsets(place)[1]
        return places

    def _repeat(self, message: Any) -> None:
        content: tuple[Any, ...] = (message.topic(), message.value(), message.key(), message.partition())
        self._producer.produce(*content, headers=message.headers() or [], on_delivery=self._note)

    def _note(self, error: object, message: Any) -> None:
        assert error is None, error
        self._own.add(self._place(message))

    def _place(self, message: Any) -> Place:
        return message.topic(), message.partition(), message.offset()


@contextmanager
def repeating(bootstrap: str) -> Generator[Repeats]:
    """Everything twice, as long as the context lasts."""
    repeats = Repeats(bootstrap)
    thread = threading.Thread(target=repeats.run, name="repeats", daemon=True)
    thread.start()
    try:
        yield repeats
    finally:
        repeats.stop()
        thread.join()
