"""Follows the public topics with confluent-kafka."""

import os
import signal
import sys
from contextlib import closing

from book import TOPICS, take
from confluent_kafka import Consumer, KafkaException

login = {"sasl.username": os.environ.get("KAFKA_USER", ""), "sasl.password": os.environ.get("KAFKA_PASSWORD", "")}
settings: dict[str, str | int | float | bool] = {
    "bootstrap.servers": os.environ["KAFKA"],
    "security.protocol": os.environ.get("KAFKA_PROTOCOL", "SASL_SSL"),
    "sasl.mechanisms": "SCRAM-SHA-512",
    **login,
    "group.id": os.environ["KAFKA_GROUP"],
    "auto.offset.reset": "earliest",  # a new group begins with the oldest record: today's state, on compacted topics
    "enable.auto.commit": False,
    "check.crcs": True,
    "fetch.queue.backoff.ms": 10,  # by default a slow reader waits a second between fetches
}
signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # `close` leaves the group, which else waits 45 s for us
with closing(Consumer(settings)) as consumer:
    consumer.subscribe(list(TOPICS))
    while True:
        messages = consumer.consume(500, 1.0)
        for message in messages:
            if (error := message.error()) is not None:
                raise KafkaException(error)
            take(message.topic() or "", message.key() or b"", dict(message.headers() or ()), message.value())
        if messages:
            consumer.commit(asynchronous=False)  # last: a record may be read twice, and never not at all
