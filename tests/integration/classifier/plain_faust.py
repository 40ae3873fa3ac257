"""faust without our wrapper: one small application per way of writing an agent. Each copies numbers from one topic to another.

`BAD` cannot be worked on: its work raises. `SLOW` never ends.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, cast

import faust
from aiokafka.errors import KafkaError
from faust.exceptions import ProducerSendError
from faust.types import EventT, StreamT, TopicT
from mode import CrashingSupervisor

NUMBERS = [str(number).encode() for number in range(20)]
BAD, SLOW = b"3", b"5"
REFUSED = "refused, once more"
type Numbers = AsyncIterator[bytes]


def work(number: bytes) -> bytes:
    """What the application is for."""
    if number == BAD:
        raise ValueError(number)
    return number


async def until_acknowledged(target: TopicT, number: bytes) -> None:
    """Send in place again and again: the one correct way."""
    while True:
        try:
            await (await target.send(value=number))
        except (KafkaError, ProducerSendError):
            sys.stdout.write(f"{REFUSED}\n")
            await asyncio.sleep(0.1)
        else:
            return


def raises(app: faust.App, source: TopicT, target: TopicT) -> None:
    """The work raises; faust's default supervisor starts the agent again."""

    async def agent(stream: StreamT[Any]) -> None:
        async for number in cast(Numbers, stream):
            await (await target.send(value=work(number)))

    app.agent(source)(agent)


def crashes(app: faust.App, source: TopicT, target: TopicT) -> None:
    """The same under the supervisor that ends the worker."""

    async def agent(stream: StreamT[Any]) -> None:
        async for number in cast(Numbers, stream):
            await (await target.send(value=work(number)))

    app.agent(source, supervisor_strategy=CrashingSupervisor)(agent)


def raises_in_a_batch(app: faust.App, source: TopicT, target: TopicT) -> None:
    """The work on a batch of five raises."""

    async def agent(stream: StreamT[Any]) -> None:
        async for batch in cast(AsyncIterator[Sequence[bytes]], stream.take(5, within=1)):
            for number in [work(one) for one in batch]:
                await (await target.send(value=number))

    app.agent(source)(agent)


def acknowledges_by_hand(app: faust.App, source: TopicT, target: TopicT) -> None:
    """`noack`, and an acknowledgement only after the work."""

    async def agent(stream: StreamT[Any]) -> None:
        by_hand = cast("StreamT[Any]", cast(Any, stream).noack())
        async for event in cast(AsyncIterator[EventT[Any]], by_hand.events()):
            await (await target.send(value=work(cast(bytes, event.value))))
            event.ack()

    app.agent(source)(agent)


def two_at_once(app: faust.App, source: TopicT, target: TopicT) -> None:
    """`concurrency=2`, and one record whose work is still running."""

    async def agent(stream: StreamT[Any]) -> None:
        async for number in cast(Numbers, stream):
            if number == SLOW:
                await asyncio.Event().wait()
            await (await target.send(value=number))

    app.agent(source, concurrency=2)(agent)


def sends(app: faust.App, source: TopicT, target: TopicT) -> None:
    """`await send()`, which does not wait for the delivery."""

    async def agent(stream: StreamT[Any]) -> None:
        async for number in cast(Numbers, stream):
            await target.send(value=number)

    app.agent(source)(agent)


def sinks(app: faust.App, source: TopicT, target: TopicT) -> None:
    """The documented pipeline: yield into a sink."""

    async def agent(stream: StreamT[Any]) -> AsyncIterator[bytes]:
        async for number in cast(Numbers, stream):
            yield number

    app.agent(source, sink=[target])(agent)


def lets_escape(app: faust.App, source: TopicT, target: TopicT) -> None:
    """The delivery is awaited, its error is left to faust."""

    async def agent(stream: StreamT[Any]) -> None:
        async for number in cast(Numbers, stream):
            await (await target.send(value=number))

    app.agent(source)(agent)


def retries(app: faust.App, source: TopicT, target: TopicT) -> None:
    """The delivery is awaited and repeated in place."""

    async def agent(stream: StreamT[Any]) -> None:
        async for number in cast(Numbers, stream):
            await until_acknowledged(target, number)

    app.agent(source)(agent)


def retries_in_a_batch(app: faust.App, source: TopicT, target: TopicT) -> None:
    """The same over batches of ten."""

    async def agent(stream: StreamT[Any]) -> None:
        async for batch in cast(AsyncIterator[Sequence[bytes]], stream.take(10, within=1)):
            for number in batch:
                await until_acknowledged(target, number)

    app.agent(source)(agent)


def leaves(app: faust.App, source: TopicT, target: TopicT) -> None:
    """Whatever escapes ends the process before faust sees it."""

    async def agent(stream: StreamT[Any]) -> None:
        async for number in cast(Numbers, stream):
            try:
                await (await target.send(value=work(number)))
            except BaseException:
                os._exit(70)
                raise

    app.agent(source)(agent)


WITH_A_BAD_RECORD = (raises, crashes, raises_in_a_batch, acknowledges_by_hand, two_at_once, leaves)
WHILE_REFUSED = (sends, sinks, lets_escape, retries, retries_in_a_batch)
WAYS: dict[str, Callable[[faust.App, TopicT, TopicT], None]] = {way.__name__: way for way in (*WITH_A_BAD_RECORD, *WHILE_REFUSED)}


def names(way: str) -> tuple[str, str, str]:
    """Group, source and target of one application."""
    return f"plain-{way}", f"plain-{way}-in", f"plain-{way}-out"


def run(way: str, bootstrap: str, log: str) -> None:
    """Be that application until killed; for a process of its own."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT)
    os.dup2(file, 1)
    os.dup2(file, 2)
    group, source, target = names(way)
    app = faust.App(
        group,
        broker=f"kafka://{bootstrap}",
        autodiscover=False,
        store="memory://",
        datadir=Path(tempfile.gettempdir()) / f"{group}-data",
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        broker_commit_interval=0.3,
        consumer_auto_offset_reset="earliest",
        producer_acks=-1,
        producer_request_timeout=1.0,
        stream_recovery_delay=0.0,
    )
    WAYS[way](app, _raw(app, source), _raw(app, target))
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    worker = faust.Worker(app, loop=loop, quiet=True, redirect_stdouts=False, loglevel="WARN")
    worker.spinner = None
    worker.execute_from_commandline()


def _raw(app: faust.App, name: str) -> TopicT:
    return app.topic(name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
