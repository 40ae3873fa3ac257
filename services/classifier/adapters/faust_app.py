"""faust, narrowed to what loses nothing (kept by tests): settings, raw topics, and a worker that ends within a bound."""

import asyncio
import logging
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import NoReturn

import faust
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError
from faust.exceptions import ProducerSendError
from faust.types import TopicT

from services.kernel.log import log
from services.kernel.names import Log
from services.kernel.probes import RETRIES

GROUP = "achats-classifier"
STOP_SECONDS = 8.0
UNFORESEEN, TRY_AGAIN = 70, 75
LONGEST_MESSAGE_BYTES = 8_388_608
START_AGAIN_SECONDS = 1.0


def new_app(kafka: str) -> faust.App:
    """A faust application without tables, leader topic, topic declaration, web server or transactions; offsets every half second."""
    return faust.App(
        GROUP,
        broker=[f"kafka://{server}" for server in kafka.split(",")],
        autodiscover=False,
        store="memory://",
        datadir=Path(tempfile.gettempdir()) / f"{GROUP}-data",  # faust makes it even without tables; the working folder may be read-only
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        broker_client_id=GROUP,
        broker_commit_interval=0.5,
        broker_session_timeout=10.0,
        broker_heartbeat_interval=1.0,
        broker_rebalance_timeout=15.0,
        consumer_auto_offset_reset="earliest",
        producer_acks=-1,
        producer_compression_type="zstd",
        producer_max_request_size=LONGEST_MESSAGE_BYTES,
        producer_request_timeout=10.0,
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
        worker_redirect_stdouts=False,
    )


def raw_topic(app: faust.App, *names: str) -> TopicT:
    """Topics whose keys and values stay the bytes they are."""
    return app.topic(*names, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")


def is_passing(trouble: BaseException | None) -> bool:
    """Whether trying again can help: aiokafka's own word for it, also where faust wraps the error; a timeout passes, whatever it says."""
    cause = trouble.__cause__ if isinstance(trouble, ProducerSendError) else trouble
    return isinstance(cause, KafkaTimeoutError) or (isinstance(cause, KafkaError) and bool(cause.retriable))


def leave(code: int) -> None:
    """End the process at once, logs written, nothing committed: the records in hand come again."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)


async def until_answers(kafka: str) -> None:
    """Wait until one of the servers answers, however long that takes."""
    while True:
        client = AIOKafkaClient(bootstrap_servers=kafka)
        try:
            return await client.bootstrap()
        except KafkaConnectionError as trouble:
            log.warning(Log.RETRYING, loop="start", trouble=str(trouble))
            RETRIES.labels("start").inc()
            await asyncio.sleep(START_AGAIN_SECONDS)
        finally:
            await client.close()


class BoundedWorker(faust.Worker):
    """faust's worker with our logs and exit codes: starts when Kafka answers, gone `STOP_SECONDS` after the first signal in any case."""

    def __init__(self, app: faust.App, kafka: str) -> None:
        """The worker of one application, on an event loop of its own."""
        self._kafka = kafka
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        super().__init__(app, loop=loop, quiet=True, redirect_stdouts=False, override_logging=False)
        self.spinner = None

    async def on_first_start(self) -> None:
        """Wait for Kafka before faust needs it, which would give up at once; signals are heard by then."""
        await super().on_first_start()
        await until_answers(self._kafka)

    def execute_from_commandline(self) -> NoReturn:
        """Work until the end; where faust ends with status 1: 75 when it was Kafka's trouble, else 70."""
        try:
            super().execute_from_commandline()
        except SystemExit as end:
            if not end.code:
                raise
            sys.exit(TRY_AGAIN if is_passing(end.__context__) else UNFORESEEN)

    def _schedule_shutdown(self, signal: signal.Signals) -> None:
        bound = threading.Timer(STOP_SECONDS, leave, [TRY_AGAIN])
        bound.daemon = True
        bound.start()
        super()._schedule_shutdown(signal)
