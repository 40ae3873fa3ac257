"""Golden wire files: what producers send today is theirs to the byte, and consumers take every record that was ever released."""

import json
from pathlib import Path

import pytest

from deploy.ops import wire
from schemas.record_parked.v1 import RecordParked
from schemas.registry import FOLDER, event_class, topics, topics_read_by, types_on
from schemas.variants import open_variant
from services.kernel.envelope import Record, decode
from tests.contracts.files import EVENTS, EVERY_EXAMPLE, example_bytes, refusals, schema
from tests.support.kernel import record

RELEASED = sorted(FOLDER.glob("*/released/v1.*/*.wire"))
EVERY_TYPE = types_on(one.name for one in topics())
SERVICES = ("fetcher", "classifier", "ledger", "notifier")


@pytest.mark.parametrize(("folder", "name"), EVERY_EXAMPLE)
def test_producers_send_the_golden_bytes(folder: str, name: str):
    """Topic, key, every header and the value, byte for byte."""
    assert golden(folder, name) == wire.to_bytes(wire.golden(folder, name))


def test_a_golden_file_to_the_letter():
    """Written by hand once: the fewest headers an event may have, and the value as producers write it, without spaces."""
    expected = [
        "topic: achats.connections.v1",
        "key: a",
        "ce_specversion: 1.0",
        "ce_id: face873b0168a5c72b7ae0f81e501b37",
        "ce_source: /achats/fetcher",
        "ce_type: achats.connection.closed.v1",
        "ce_time: 2026-03-10T05:12:44.318204Z",
        "ce_subject: a/a",
        "ce_dataschema: connection.closed.v1",
        "ce_companyid: a",
        "content-type: application/json",
    ]
    head, _, value = golden("connection_closed", "smallest").partition(b"\n\n")
    assert expected == head.decode().split("\n")
    assert b'{"company_id":"a","connection_id":"a",' == value[:38]


def test_a_byte_more_is_seen():
    """A space in the value, a header more, a header lost: none of them equals what producers send."""
    right = golden("invoice_collected", "typical")
    for wrong in (right.replace(b'":', b'": ', 1), right.replace(b"ce_time", b"ce_tim"), right.replace(b"ce_runseq: 7\n", b"")):
        assert wire.to_bytes(wire.golden("invoice_collected", "typical")) != wrong


@pytest.mark.parametrize(("folder", "name"), EVERY_EXAMPLE)
def test_a_file_is_the_record(folder: str, name: str):
    """Nothing is lost between a record and its file; what it carries is the example."""
    kept = wire.from_bytes(golden(folder, name))
    assert wire.golden(folder, name) == kept
    value = kept.value if folder in EVENTS else dict(kept.headers)[RecordParked.header_name]
    assert json.loads(example_bytes(folder, name)) == json.loads(value or b"")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_takes_every_record_ever_released_on_its_topics(service: str):
    """With the types it decodes by: each event of those topics, each version, each example."""
    types = types_on(topics_read_by(service))
    heard = {folder for folder in EVENTS if event_class(folder) in types.values()}
    taken = {_folder(file) for file in RELEASED if _folder(file) in EVENTS and decode(_record(file), types)}
    assert heard == taken != set()
    assert [] == [file for file in RELEASED if _folder(file) in heard and not decode(_record(file), types)]


@pytest.mark.parametrize("file", RELEASED, ids=lambda file: "-".join(file.relative_to(FOLDER).parts))
def test_any_subscriber_takes_every_record_ever_released(file: Path):
    """By today's classes and by today's open schema; a refused record's reason as whoever lists what was parked reads it."""
    record, folder = _record(file), _folder(file)
    value = record.value if folder in EVENTS else dict(record.headers)[RecordParked.header_name]
    assert [] == refusals(open_variant(schema(folder)), json.loads(value or b""))
    assert event_class(folder).model_validate_json(value or b"", extra="ignore")
    assert folder not in EVENTS or decode(record, EVERY_TYPE) is not None


def golden(folder: str, name: str) -> bytes:
    """The committed file of today's record."""
    return (FOLDER / folder / "examples" / "v1" / f"{name}.wire").read_bytes()


def _folder(file: Path) -> str:
    return file.relative_to(FOLDER).parts[0]


def _record(file: Path) -> Record:
    """The record in the file as a broker would give it."""
    return record(wire.from_bytes(file.read_bytes()))
