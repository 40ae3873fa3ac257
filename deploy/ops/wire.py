"""Records as they stand on the wire, kept as files: topic, key and headers, a line each; an empty line; the bytes of the value.

They are what the examples become. Producers are held to the current ones byte for byte; consumers take every released one for ever.
"""

from schemas.collection_finished.v1 import CollectionFinished
from schemas.contract import EventData
from schemas.record_parked.v1 import RecordParked
from schemas.registry import FOLDER, event_class, topics
from services.kernel.envelope import Event, Outgoing, RunPosition, encode, event_id

EXAMPLES = ("typical", "smallest", "largest", "awkward")
TIME = "2026-03-10T05:12:44.318204Z"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
REFUSED = "connection_opened"
"""Whose record stands under the golden reasons of record.parked."""


def golden(folder: str, name: str) -> Outgoing:
    """An example as its producer sends it; of record.parked, a refused record with the reason in its header."""
    data = event_class(folder).model_validate_json((FOLDER / folder / "examples" / "v1" / f"{name}.json").read_bytes())
    topic, producer = next((one.name, who) for one in topics() for who, said in one.says.items() if folder in said)
    if isinstance(data, EventData):
        return encode(_event(data, f"/achats/{producer}", name), topic)
    refused = golden(REFUSED, name)
    reason = (RecordParked.header_name, data.model_dump_json().encode())
    return Outgoing(topic, refused.key, refused.value, (*refused.headers, reason))


def to_bytes(record: Outgoing) -> bytes:
    """The record as a file. Its key and header values are texts of one line, as all of ours are."""
    named = (("topic", record.topic.encode()), ("key", record.key or b""), *record.headers)
    lines = b"".join(name.encode() + b": " + (value or b"") + b"\n" for name, value in named)
    return lines + b"\n" + (record.value or b"")


def from_bytes(file: bytes) -> Outgoing:
    """The record in such a file."""
    head, _, value = file.partition(b"\n\n")
    (_, topic), (_, key), *headers = (line.split(b": ", 1) for line in head.split(b"\n"))
    return Outgoing(topic.decode(), key, value, tuple((name.decode(), value) for name, value in headers))


def _event(data: EventData, source: str, name: str) -> Event[EventData]:
    """With as few headers as an event may have in `smallest`, with all in `largest`, otherwise with those of live import runs."""
    number = event_id(source, data.ce_type, data.subject, name)
    if name == "smallest":
        return Event(number, source, TIME, data)
    run = RunPosition("run-1", None if isinstance(data, CollectionFinished) else 7)
    replay = "rep-1" if name == "largest" else None
    return Event(number, source, TIME, data, run, event_id("/achats/fetcher", "cause", "", 1), replay, TRACE)
