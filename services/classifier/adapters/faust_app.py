"""faust, narrowed to what loses nothing (kept by tests): settings, raw topics, and a worker that ends within a bound."""

import asyncio
import logging
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

import faust
from aiokafka.errors import KafkaError, KafkaTimeoutError
from faust.exceptions import ProducerSendError
from faust.types import TopicT

GROUP = "achats-classifier"
STOP_SECONDS = 8.0
UNFORESEEN, TRY_AGAIN = 70, 75
LONGEST_MESSAGE_BYTES = 8_388_608


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


def is_passing(trouble: Exception) -> bool:
    """Whether sending again can help: aiokafka's own word for it, also where faust wraps the error; a timeout passes, whatever it says."""
    cause = trouble.__cause__ if isinstance(trouble, ProducerSendError) else trouble
    return isinstance(cause, KafkaTimeoutError) or (isinstance(cause, KafkaError) and bool(cause.retriable))


def leave(code: int) -> None:
    """End the process at once, logs written, nothing committed: the records in hand come again."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)


class BoundedWorker(faust.Worker):
    """faust's worker, gone `STOP_SECONDS` after the first signal even when Kafka does not answer; our logs stay as they are."""

    def __init__(self, app: faust.App) -> None:
        """The worker of one application, on an event loop of its own."""
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        super().__init__(app, loop=loop, quiet=True, redirect_stdouts=False, override_logging=False)
        self.spinner = None

    def _schedule_shutdown(self, signal: signal.Signals) -> None:
        bound = threading.Timer(STOP_SECONDS, leave, [TRY_AGAIN])
        bound.daemon = True
        bound.start()
        super()._schedule_shutdown(signal)
