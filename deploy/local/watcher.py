"""Follows the topics from outside, as any subscriber may: counts what passes and keeps the latest view of each invoice and revision."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from schemas.classification_held.v1 import ClassificationHeld
from schemas.connection_changed.v1 import ConnectionChanged
from schemas.contract import EventData
from schemas.entry_recorded.v1 import EntryRecorded
from schemas.import_finished.v1 import ImportFinished
from schemas.invoice_classified.v1 import InvoiceClassified
from schemas.invoice_collected.v1 import InvoiceCollected
from schemas.invoice_described.v1 import InvoiceDescribed
from schemas.invoice_parked.v1 import InvoiceParked
from schemas.notification_sent.v1 import NotificationSent
from schemas.registry import topic, topics, types_on
from services.kernel.envelope import Event, Record, deliver

CLASSIFIED = (InvoiceClassified, ClassificationHeld, InvoiceParked)


class Watcher:
    """Reads every topic that carries events, from its beginning, in a thread; a repeat of an event counts once."""

    def __init__(self, bootstrap: str) -> None:
        """Starts reading at once."""
        self.seen: Counter[type[EventData]] = Counter()
        self.of_company: defaultdict[str, Counter[type[EventData]]] = defaultdict(Counter)
        self.invoices: dict[tuple[str, int], InvoiceDescribed] = {}
        self.finished: dict[str, ImportFinished] = {}
        self.first_entry_at: float | None = None
        self._ids: set[str] = set()
        self._names = [one.name for one in topics() if one.says and not one.name.startswith("achats.parked.")]
        self._types = types_on(self._names)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(bootstrap,), name="watcher", daemon=True)
        self._thread.start()

    @property
    def collected(self) -> int:
        """Documents the fetcher announced."""
        return self.seen[InvoiceCollected]

    @property
    def classified(self) -> int:
        """Documents the classifier decided on: classified, held or parked."""
        return sum(self.seen[kind] for kind in CLASSIFIED)

    @property
    def described(self) -> int:
        """Documents that stand in Achats; a second PDF under one number counts as what it is, another revision."""
        return len(self.invoices)

    @property
    def done(self) -> bool:
        """The connection turned active and the person was told."""
        return bool(self.seen[ConnectionChanged] and self.seen[NotificationSent])

    def wait(self, until: Callable[[], bool], limit_s: float, each: Callable[[], None] = lambda: None) -> bool:
        """Wait for a state for at most `limit_s` seconds, calling `each` now and then; whether it came."""
        deadline = time.monotonic() + limit_s
        while not until() and time.monotonic() < deadline:
            each()
            self._stop.wait(0.05)
        return until()

    def stop(self) -> None:
        """Stop reading."""
        self._stop.set()
        self._thread.join(10)

    def _read(self, bootstrap: str) -> None:
        consumer = Consumer(
            {"bootstrap.servers": bootstrap, "group.id": "watcher", "enable.auto.commit": False, "fetch.wait.max.ms": 50, "log_level": 0}
        )
        consumer.assign([TopicPartition(name, n, OFFSET_BEGINNING) for name in self._names for n in range(topic(name).partitions)])
        try:
            while not self._stop.is_set():
                for message in consumer.consume(500, 0.05):
                    if message.error() is None:
                        self._note(message)
        finally:
            consumer.close()

    def _note(self, message: Any) -> None:
        record = Record(
            message.topic(), message.partition(), message.offset(), 0, message.key(), message.value(), tuple(message.headers() or ())
        )
        event: Event[Any] | None = deliver(record, self._types).event
        if event is None or event.id in self._ids:
            return
        self._ids.add(event.id)
        self.seen[type(event.data)] += 1
        self.of_company[event.data.company_id][type(event.data)] += 1
        self._keep(event.data)

    def _keep(self, data: EventData) -> None:
        match data:
            case EntryRecorded():
                self.first_entry_at = self.first_entry_at or time.monotonic()
            case ImportFinished():
                self.finished[data.run_id] = data
            case InvoiceDescribed():
                kept = self.invoices.setdefault((data.subject, data.revision), data)
                if kept.version < data.version:
                    self.invoices[data.subject, data.revision] = data
            case _:
                pass
