"""A parked record in words, and as facts for a program."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from deploy.ops.parked_records import Kept
from deploy.ops.resolving import DEEDS

LONGEST_VALUE = 20_000  # characters of a value that are shown


def facts(one: Kept) -> dict[str, Any]:
    """What a program wants of a parked record: its place on the parked topic is `parked_partition`, `parked_offset`."""
    name, partition, offset = one.came
    why, deed = one.why, one.resolved
    return {
        "service": one.service,
        "parked_partition": one.record.partition,
        "parked_offset": one.record.offset,
        "parked_at": why.parked_at,
        "reason": why.reason,
        "detail": why.detail,
        "attempt": len(one.said),
        "topic": name,
        "partition": partition,
        "offset": offset,
        "company": one.company,
        "run": one.run,
        "state": deed.deed if deed else "open",
        "resolved": deed.model_dump(include={"by", "reason", "resolved_at"}) if deed else None,
    }


def row(one: Kept) -> str:
    """Three lines; the first begins with the words that name the record to the other commands."""
    place = f"{one.service} {one.record.partition} {one.record.offset}"
    head = f"{place}  {one.why.parked_at}  {one.why.reason}  attempt {len(one.said)}  {_state(one)}"
    return f"{head}\n    {_origin(one)}\n    {one.why.detail}"


def page(one: Kept) -> str:
    """Everything about one record."""
    return "\n".join(_page(one))


def _page(one: Kept) -> Iterator[str]:
    yield f"{one.service} {one.record.partition} {one.record.offset}: {_state(one)}"
    yield f"came on   {_origin(one)}"
    for attempt, said in enumerate(one.said, 1):
        yield f"refused   {attempt}: {said.parked_at}, at {said.topic}/{said.partition}/{said.offset}, {said.reason}: {said.detail}"
    yield f"key       {_bytes(one.record.key)}"
    for name, value in one.record.headers:
        yield f"header    {name}: {_bytes(value)}"
    value = one.record.value
    if value is None:
        yield "value     none"
    else:
        yield f"value     {len(value)} bytes, SHA-256 {hashlib.sha256(value).hexdigest()}"
        yield _value(value)


def _origin(one: Kept) -> str:
    return f"{'/'.join(map(str, one.came))}  company {one.company or '?'}  run {one.run or '—'}"


def _state(one: Kept) -> str:
    if (deed := one.resolved) is None:
        return "open"
    return f"{DEEDS.get(deed.deed, deed.deed)} by {deed.by} on {deed.resolved_at}" + (f": {deed.reason}" if deed.reason else "")


def _value(value: bytes) -> str:
    """JSON with its lines, other text as it is, anything else as Python writes bytes; no control character reaches the terminal."""
    try:
        text = json.dumps(json.loads(value), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        text = _bytes(value)
    text = "".join(one if one.isprintable() or one == "\n" else ascii(one)[1:-1] for one in text)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}… (--value FILE writes all of it)"


def _bytes(value: bytes | None) -> str:
    if value is None:
        return "none"
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return repr(value)
    return text if text.isprintable() else repr(value)
