"""Follows the public topics with kafka-python (install its extras: kafka-python[crc32c,zstd])."""

import os
import signal
import sys
from contextlib import closing

from book import TOPICS, take
from kafka import KafkaConsumer

signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # `close` leaves the group, which else waits 45 s for us
follower = KafkaConsumer(
    *TOPICS,
    bootstrap_servers=os.environ["KAFKA"],
    security_protocol=os.environ.get("KAFKA_PROTOCOL", "SASL_SSL"),
    sasl_mechanism="SCRAM-SHA-512",
    sasl_plain_username=os.environ.get("KAFKA_USER"),
    sasl_plain_password=os.environ.get("KAFKA_PASSWORD"),
    group_id=os.environ["KAFKA_GROUP"],
    auto_offset_reset="earliest",  # a new group begins with the oldest record: today's state, on compacted topics
    enable_auto_commit=False,
)
with closing(follower) as consumer:
    while True:
        batches = consumer.poll(timeout_ms=1000, max_records=500)
        for records in batches.values():
            for record in records:
                take(record.topic, record.key, dict(record.headers), record.value)
        if batches:
            consumer.commit()  # last: a record may be read twice, and never not at all
