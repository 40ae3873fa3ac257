"""The loops of a service: read and handle, or relay what is committed. What they cannot foresee ends the process at the same record."""

import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import stamina

from schemas.contract import EventData
from services.kernel.breaker import Fuse, Tripped
from services.kernel.clock import Clock, instant
from services.kernel.envelope import Delivery, Event, Record, deliver, parked
from services.kernel.errors import BrokerSilent, KernelError, Poison, Unavailable
from services.kernel.log import log
from services.kernel.names import Log
from services.kernel.ports import Breaker, Pending, Sender, Source, Store, Unit
from services.kernel.postgres import Transaction
from services.kernel.probes import ANNOUNCED, BREAKER, RECORDS, RETRIES, Health, note_parked

POLL_SECONDS, RETRY_SECONDS, RELAY_IDLE_SECONDS = 0.2, 120.0, 0.05
POLL_LIMIT, RELAY_LIMIT = 500, 500
WATCH_SECONDS, STOP_SECONDS, TRIPPED_SECONDS = 0.1, 20.0, 0.5
UNFORESEEN, TRY_AGAIN = 70, 75

type Handle = Callable[[Sequence[Delivery]], None]
type OnEvent = Callable[[Event[Any], Transaction], None]


def consume(
    open_source: Callable[[], Source],
    handle: Handle,
    types: Mapping[str, type[EventData]],
    breaker: Breaker,
    health: Health,
    stop: threading.Event,
) -> None:
    """Poll, decode, handle, and only then commit, until `stop`; while the breaker is tripped there is no source, and we are not ready.

    Unavailable is retried in place for two minutes; the rest propagates. What is in hand when the breaker trips comes again.
    """
    while not stop.is_set():
        if _is_tripped(breaker, health, stop):
            health.turned("consume", able=False)
            stop.wait(TRIPPED_SECONDS)
            continue
        skips, source = _patiently(breaker.skips, health, stop), open_source()
        try:
            while not stop.is_set():
                records = _polled(source, health)
                if _is_tripped(breaker, health, stop):  # after the poll: it may have brought a partition that whoever tripped gave up
                    break
                if records:
                    _patiently(partial(_handle, handle, [deliver(record, types, skips) for record in records]), health, stop)
                    source.commit(records)
        except Tripped as tripped:
            log.error(Log.TRIPPED, reason=tripped.trip.reason)
            _patiently(partial(breaker.trip, tripped.trip), health, stop)
        finally:
            source.close()


def _polled(source: Source, health: Health) -> Sequence[Record]:
    """What came; nothing, and we are not ready, while the broker is silent: the source finds its way back by itself."""
    try:
        records = source.poll(POLL_LIMIT, POLL_SECONDS)
    except BrokerSilent as trouble:
        log.warning(Log.RETRYING, loop="consume", trouble=str(trouble))
        RETRIES.labels("consume").inc()
        health.turned("consume", able=False)
        return ()
    health.turned("consume")
    return records


def _handle(handle: Handle, batch: Sequence[Delivery]) -> None:
    """Handle the batch; when nobody foresaw what happens, then record by record, so that the log names the one to mend or to skip."""
    try:
        handle(batch)
    except KernelError:
        raise
    except Exception as error:
        if len(batch) == 1:
            record = batch[0].record
            log.error(Log.UNFORESEEN, error=repr(error), topic=record.topic, partition=record.partition, offset=record.offset)
        else:
            for delivery in batch:
                _handle(handle, [delivery])
        raise


def _is_tripped(breaker: Breaker, health: Health, stop: threading.Event) -> bool:
    tripped = _patiently(breaker.tripped, health, stop)
    BREAKER.set(tripped)
    return tripped


def relay(pending: Pending, sender: Sender, health: Health, stop: threading.Event, service: str) -> None:
    """Announce what is committed, stripe by stripe in order, until `stop`; outside parts that do not answer are waited for."""
    while not stop.is_set():
        announced = 0
        try:
            announced = pending.turn(RELAY_LIMIT, sender.send)
            health.turned("relay")
        except Unavailable as trouble:
            log.warning(Log.RETRYING, loop="relay", trouble=str(trouble))
            RETRIES.labels("relay").inc()
            health.turned("relay", able=False)
            stop.wait(1.0)
        ANNOUNCED.labels(service).inc(announced)
        if not announced:
            stop.wait(RELAY_IDLE_SECONDS)


class OncePerEvent[T: Unit]:
    """Handles each event in one transaction: claim, rows, outgoing events. A repeat is dropped, poison is parked through the outbox."""

    def __init__(
        self, store: Store[T], service: str, parked_topic: str, on: Mapping[type[EventData], Callable[[Event[Any], T], None]], clock: Clock
    ) -> None:
        """`on` says what happens on each event; types that are not in it are skipped."""
        self._store, self._service, self._parked_topic, self._on, self._clock = store, service, parked_topic, on, clock
        self._fuse = Fuse()

    def __call__(self, deliveries: Sequence[Delivery]) -> None:
        """Handle the batch, record by record. Raises Tripped: what is behind stays unhandled."""
        for delivery in deliveries:
            if delivery.refusal is not None:
                self._park(delivery.record, delivery.refusal)
            else:
                self._handle(delivery)
        RECORDS.labels(self._service).inc(len(deliveries))

    def _handle(self, delivery: Delivery) -> None:
        event = delivery.event
        try:
            if event is not None and type(event.data) in self._on:
                with self._store.transaction() as transaction:
                    if transaction.claim(event.id):
                        self._on[type(event.data)](event, transaction)
        except Poison as refusal:
            self._park(delivery.record, refusal)
        else:
            self._fuse.count([delivery])

    def _park(self, record: Record, refusal: Poison) -> None:
        """Park the record through the outbox. One that was parked before counts for nothing."""
        refused = [Delivery(record, None, refusal)]
        with self._store.transaction() as transaction:
            if not transaction.claim(f"parked/{record.topic}/{record.partition}/{record.offset}"):
                return
            self._fuse.allowed(refused)
            transaction.send(parked(record, refusal, self._service, self._parked_topic, instant(self._clock.now())))
        self._fuse.count(refused)
        note_parked(record, refusal, self._service)


def run(service: str, loops: Mapping[str, Callable[[], None]], stop: threading.Event) -> int:
    """Run each loop in a thread until SIGTERM or SIGINT, or until one of them ends in an error; the process's exit code."""
    failures, asked = list[Exception](), list[int]()
    threads = [threading.Thread(target=_guarded, args=(name, loop, failures, stop), name=name, daemon=True) for name, loop in loops.items()]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: asked.append(number))  # a handler that took a lock could wait for itself
    for thread in threads:
        thread.start()
    log.info(Log.STARTED, loops=list(loops))
    while not (asked or stop.is_set()):
        time.sleep(WATCH_SECONDS)
    stop.set()
    until = time.monotonic() + STOP_SECONDS
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    log.info(Log.STOPPED, failed=bool(failures))
    return (TRY_AGAIN if isinstance(failures[0], Unavailable) else UNFORESEEN) if failures else 0


def _guarded(name: str, loop: Callable[[], None], failures: list[Exception], stop: threading.Event) -> None:
    """A thread has nobody to raise to: what is kept here becomes the exit code."""
    try:
        loop()
    except Exception as error:
        failures.append(error)
        log.error(Log.UNFORESEEN, loop=name, error=repr(error), exc_info=error)
        raise
    finally:
        stop.set()


def _patiently[R](work: Callable[[], R], health: Health, stop: threading.Event) -> R:
    """Do the work; while an outside part does not answer, try again in place with jittered back-off."""

    def worth_another_try(error: Exception) -> bool:
        if not isinstance(error, Unavailable):
            return False
        log.warning(Log.RETRYING, loop="consume", trouble=str(error))
        RETRIES.labels("consume").inc()
        health.turned("consume", able=False)
        return not stop.is_set()

    return stamina.RetryingCaller(attempts=None, timeout=RETRY_SECONDS, wait_initial=0.1, wait_max=5.0)(worth_another_try, work)
