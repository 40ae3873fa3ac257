"""Every kind of record that no service can handle, made from one that it can, with the reason it is parked for."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from services.kernel.envelope import Outgoing

FIVE_MEGABYTES = 5 * 1024**2


@dataclass(frozen=True, slots=True)
class Kind:
    """What is wrong, how a good record becomes so, and the reason it is parked for."""

    name: str
    spoil: Callable[[Outgoing], Outgoing]
    reason: str


def without(message: Outgoing, name: str) -> Outgoing:
    """The record without this header."""
    return replace(message, headers=tuple(pair for pair in message.headers if pair[0] != name))


def header(message: Outgoing, name: str, value: bytes | None) -> Outgoing:
    """The record with another value in this header."""
    return replace(message, headers=tuple((key, value if key == name else old) for key, old in message.headers))


def later_version(message: Outgoing) -> Outgoing:
    """The record as the ninth major version of its type."""
    ce_type = dict(message.headers)["ce_type"] or b""
    return header(message, "ce_type", ce_type.rpartition(b".v")[0] + b".v9")


def huge(message: Outgoing) -> Outgoing:
    """Five megabytes that do not compress, as a topic takes them whose limit was raised by mistake."""
    return replace(message, value=random.Random(1).randbytes(FIVE_MEGABYTES))


def oddly_dressed(message: Outgoing) -> Outgoing:
    """Not JSON, under headers that are doubled, empty or binary, or whose text no event could carry on."""
    odd = (
        ("null", None),
        ("odd", b"\xff\x00"),
        ("odd", b"twice"),
        ("empty", b""),
        ("ce_replayid", b"two words"),
        ("traceparent", b"\x00" * 300),
    )
    return replace(without(message, "traceparent"), value=b"\x00{ not JSON \xff", headers=(*without(message, "traceparent").headers, *odd))


KINDS: tuple[Kind, ...] = (
    Kind("unreadable JSON", lambda it: replace(it, value=b'{"company_id": '), "unreadable"),
    Kind("empty value", lambda it: replace(it, value=b""), "unreadable"),
    Kind("tombstone", lambda it: replace(it, value=None), "unreadable"),
    Kind("unknown version", later_version, "unknown_version"),
    Kind("missing header", lambda it: without(it, "ce_id"), "header_missing"),
    Kind("missing type", lambda it: without(it, "ce_type"), "header_missing"),
    Kind("header without a value", lambda it: header(it, "ce_id", None), "header_missing"),
    Kind("broken contract", lambda it: replace(it, value=b"{}"), "contract_broken"),
    Kind("wrong key", lambda it: replace(it, key=b"somebody-else"), "key_mismatch"),
    Kind("wrong company", lambda it: header(it, "ce_companyid", b"somebody-else"), "key_mismatch"),
    Kind("NUL for a company", lambda it: header(it, "ce_companyid", b"\x00"), "key_mismatch"),
    Kind("5 MB", huge, "unreadable"),
    Kind("odd headers", oddly_dressed, "unreadable"),
)
