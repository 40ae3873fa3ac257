"""Follows the public topics with faust-streaming."""

import asyncio
import os
import ssl
import tempfile
import traceback

import faust
from book import TOPICS, take

protocol = os.environ.get("KAFKA_PROTOCOL", "SASL_SSL")
login = faust.SASLCredentials(
    username=os.environ.get("KAFKA_USER"),
    password=os.environ.get("KAFKA_PASSWORD"),
    mechanism="SCRAM-SHA-512",
    ssl_context=ssl.create_default_context() if protocol == "SASL_SSL" else None,
)
app = faust.App(
    os.environ["KAFKA_GROUP"],
    broker=[f"kafka://{server}" for server in os.environ["KAFKA"].split(",")],
    broker_credentials=None if protocol == "PLAINTEXT" else login,
    consumer_auto_offset_reset="earliest",  # a new group begins with the oldest record: today's state, on compacted topics
    topic_disable_leader=True,  # faust would make topics of its own, which a subscriber may not
    topic_allow_declare=False,
    web_enabled=False,
    store="memory://",
    datadir=tempfile.mkdtemp(),
)
public = app.topic(*TOPICS, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")


@app.agent(public, concurrency=1)  # with more, faust commits past records that are still in work
async def follow(stream: faust.StreamT[bytes]) -> None:
    """Each record, in order; faust counts one that raises as done, so an error ends the process before anything is committed."""
    async for event in stream.events():
        try:
            take(event.message.topic, event.key, dict(event.headers), event.value)
        except BaseException:
            traceback.print_exc()
            os._exit(70)


asyncio.set_event_loop(loop := asyncio.new_event_loop())
faust.Worker(app, loop=loop, loglevel="warn", redirect_stdouts=False).execute_from_commandline()
