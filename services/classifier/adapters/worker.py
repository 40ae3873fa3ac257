"""The classifier as one faust agent from which nothing escapes: each record is answered, its answer acknowledged, only then it counts."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, NoReturn, cast

from aiokafka.errors import KafkaError
from faust.exceptions import ProducerSendError
from faust.transport.consumer import Consumer
from faust.types import EventT, StreamT, TopicT
from faust.types.tuples import Message

from schemas.registry import retry_topic, topics_read_by, types_on
from services.classifier.adapters.faust_app import TRY_AGAIN, UNFORESEEN, BoundedWorker, is_passing, leave, new_app, raw_topic
from services.classifier.domain.nature.rulebook import Rulebook
from services.classifier.handler import SERVICE, Rulebooks, answer, collected_in, is_decision
from services.kernel.breaker import Fuse, Trip, Tripped
from services.kernel.clock import SystemClock, instant
from services.kernel.envelope import Delivery, Outgoing, Place, Record, deliver
from services.kernel.errors import Skipped, Unavailable
from services.kernel.log import log
from services.kernel.names import Log
from services.kernel.ports import Breaker
from services.kernel.probes import BREAKER, RECORDS, RETRIES, Health, note_parked

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.1, 5.0
BEAT_SECONDS, HOLD_SECONDS = 1.0, 0.1


class Worker:
    """Reads the classifier's topics in order, one record at a time per process; parallelism is by partitions and processes."""

    def __init__(self, kafka: str, rulebooks: Rulebooks, breaker: Breaker, health: Health, leave: Callable[[int], None] = leave) -> None:
        """`leave` ends the process; only a test gives another."""
        self._rulebooks, self._breaker, self._health, self._leave = rulebooks, breaker, health, leave
        self._skips: Mapping[Place, Skipped] = {}
        self._tripped = True  # until the database says otherwise
        self._fuse, self._asking = Fuse(), asyncio.Lock()
        self._types = types_on(topics_read_by(SERVICE))
        self.app, self._kafka = new_app(kafka), kafka
        self._topics: dict[str, TopicT] = {}
        self._clock = SystemClock()
        self._retrying = False
        self.app.agent(raw_topic(self.app, *topics_read_by(SERVICE), retry_topic(SERVICE)), name=SERVICE, concurrency=1)(self._consume)
        self.app.task(self._beat)
        self.app.task(self._watch)

    def run(self) -> NoReturn:
        """Work until SIGTERM or SIGINT: exit code 0; 75 when the stop took too long or Kafka failed; 70 after an error nobody foresaw."""
        log.info(Log.STARTED, rulebook=self._rulebooks.shipped.version)
        BoundedWorker(self.app, self._kafka).execute_from_commandline()

    async def _consume(self, stream: StreamT[Any]) -> None:
        async for event in cast(AsyncIterator[EventT[Any]], stream.events()):
            await finished(self.handle(event.message))

    async def handle(self, message: Message) -> None:
        """Answer one record. Leaving this by an error would count the record as done, so an error ends the process instead."""
        try:
            delivery = await self._allowed(message)
            rulebook = await self._rulebook(delivery, message.generation_id)
            for outgoing in answer(delivery, rulebook, instant(self._clock.now())):
                await self._send(outgoing, message.generation_id)
            self._note(delivery)
        except BaseException as error:
            log.error(Log.UNFORESEEN, error=repr(error), topic=message.topic, partition=message.partition, offset=message.offset)
            self._leave(UNFORESEEN)
            raise

    async def _allowed(self, message: Message) -> Delivery:
        """The record, once nothing is tripped that keeps us from handling it; it may be the one that trips the breaker."""
        while True:
            while self._tripped:
                await asyncio.sleep(HOLD_SECONDS)
                self._leave_when_revoked(message.generation_id)
            delivery = await self._learned(deliver(_record(message), self._types, self._skips), message.generation_id)
            try:
                self._fuse.allowed([delivery])
            except Tripped as tripped:
                log.error(Log.TRIPPED, reason=tripped.trip.reason)
                await self._trip(tripped.trip, message.generation_id)
            else:
                return delivery

    async def _learned(self, delivery: Delivery, generation: int | None) -> Delivery:
        """The record, once what a person decided in it is kept."""
        if not is_decision(delivery):
            return delivery
        return await self._patiently(partial(self._rulebooks.learn, delivery), generation)

    async def _rulebook(self, delivery: Delivery, generation: int | None) -> Rulebook:
        """The rulebook of the document's company; that of all where no document is answered."""
        company = collected_in(delivery)
        if company is None:
            return self._rulebooks.shipped
        return self._rulebooks.known(company) or await self._patiently(partial(self._rulebooks.of, company), generation)

    async def _trip(self, trip: Trip, generation: int | None) -> None:
        """Write the trip down, however long the database takes, and hold the record in hand."""
        self._tripped = True
        await self._patiently(partial(self._write_trip, trip), generation)

    async def _patiently[R](self, question: Callable[[], R], generation: int | None) -> R:
        """What the database answers, asked again until it does or the partition is someone else's."""
        answers = list[R]()
        while not await self._answered(lambda: answers.append(question())):
            await asyncio.sleep(BEAT_SECONDS)
            self._leave_when_revoked(generation)
        return answers[0]

    async def _watch(self) -> None:
        """Ask the database again and again whether the breaker is tripped; while it does not answer, what it said last holds."""
        while not self.app.should_stop:
            await self._answered(self.look)
            await asyncio.sleep(BEAT_SECONDS)

    def _write_trip(self, trip: Trip) -> None:
        self._breaker.trip(trip)
        self.look()

    def look(self) -> None:
        """See what the database says: which records to skip, whether the breaker is tripped, whose rules changed. Raises Unavailable."""
        self._skips, self._tripped = self._breaker.skips(), self._breaker.tripped()
        self._rulebooks.refresh()
        BREAKER.set(self._tripped)

    async def _answered(self, question: Callable[[], None]) -> bool:
        """Whether the database answered: one question at a time, in a thread, so that the event loop goes on."""
        try:
            async with self._asking:
                await asyncio.to_thread(question)
        except Unavailable as trouble:
            log.warning(Log.RETRYING, loop="breaker", trouble=str(trouble))
            RETRIES.labels("breaker").inc()
            return False
        except Exception as error:
            log.error(Log.UNFORESEEN, loop="breaker", error=repr(error), exc_info=error)
            self._leave(UNFORESEEN)
            raise
        return True

    async def _send(self, outgoing: Outgoing, generation: int | None) -> None:
        """Send and wait for every in-sync replica; while Kafka does not take it, again and again, until the partition is someone else's."""
        wait = FIRST_WAIT_SECONDS
        while not await self._acknowledged(outgoing):
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)
            self._leave_when_revoked(generation)

    def _leave_when_revoked(self, generation: int | None) -> None:
        """End the process when the group has moved on: the record in hand is somebody else's."""
        if generation != self.app.consumer_generation_id:
            log.warning(Log.REVOKED, generation=generation)
            self._leave(TRY_AGAIN)

    async def _acknowledged(self, outgoing: Outgoing) -> bool:
        topic = self._topics.setdefault(outgoing.topic, raw_topic(self.app, outgoing.topic))
        try:
            headers: Any = list(outgoing.headers)  # faust's type knows no header without a value
            await (await topic.send(key=outgoing.key, value=outgoing.value, headers=headers))
        except (KafkaError, ProducerSendError) as trouble:
            if not is_passing(trouble):
                raise
            log.warning(Log.RETRYING, loop="send", trouble=repr(trouble))
            RETRIES.labels("send").inc()
            self._retrying = True
            return False
        self._retrying = False
        return True

    def _note(self, delivery: Delivery) -> None:
        RECORDS.labels(SERVICE).inc()
        self._fuse.count([delivery])
        if delivery.refusal is not None:
            note_parked(delivery.record, delivery.refusal, SERVICE)

    async def _beat(self) -> None:
        """Say that the loop turns and the poll in hand came back; able = partitions are assigned, Kafka takes what we send, no breaker."""
        while not self.app.should_stop:
            await cast(Consumer, self.app.consumer).wait_for_stopped_flow()
            self._health.turned("worker", able=bool(self.app.consumer.assignment()) and not (self._retrying or self._tripped))
            await asyncio.sleep(BEAT_SECONDS)


async def finished(work: Coroutine[Any, Any, None]) -> None:
    """Await the work to its end, even when a stop cancels us meanwhile: faust counts the record in hand as done when it stops."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


def _record(message: Message) -> Record:
    headers = cast(Sequence[tuple[str, bytes | None]], message.headers or ())
    return Record(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        timestamp_ms=round(message.timestamp * 1000),
        key=message.key,
        value=message.value,
        headers=tuple(headers),
    )
