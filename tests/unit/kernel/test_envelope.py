"""An event on the wire: what is refused and why, what is skipped, and that a refused record is kept byte for byte."""

from dataclasses import replace
from typing import ClassVar

import pytest

from schemas.contract import Contract, EventData
from schemas.record_parked.v1 import RecordParked
from services.kernel.envelope import (
    Event,
    Headers,
    Record,
    RunPosition,
    company_of,
    decode,
    deliver,
    encode,
    event_id,
    is_marker,
    parked,
    run_of,
)
from services.kernel.errors import ContractBroken, HeaderMissing, KeyMismatch, Poison, Unreadable

TIME = "2026-03-02T08:00:00.000000Z"


class Part(Contract):
    """A part of what was sent."""

    weight_grams: int


class ParcelSent(EventData):
    """A parcel left."""

    ce_type: ClassVar[str] = "achats.parcel.sent.v1"

    company_id: str
    parts: tuple[Part, ...] = ()


class ParcelValidated(EventData):
    """Its name holds a `.v` that is no version."""

    ce_type: ClassVar[str] = "achats.parcel.validated.v1"

    company_id: str


TYPES: dict[str, type[EventData]] = {ParcelSent.ce_type: ParcelSent, ParcelValidated.ce_type: ParcelValidated}
SENT = Event("id-1", "/achats/test", TIME, ParcelSent(company_id="c1", parts=(Part(weight_grams=250),)))


def record(event: Event[ParcelSent] = SENT) -> Record:
    """The event as a broker gives it."""
    sent = encode(event, "achats.parcels.v1")
    return Record(sent.topic, 3, 42, 1_772_438_400_000, sent.key, sent.value, sent.headers)


def without(headers: Headers, name: str) -> Headers:
    """All headers but one."""
    return tuple(header for header in headers if header[0] != name)


def with_header(name: str, value: bytes) -> Record:
    """The record with one header changed."""
    return replace(record(), headers=(*without(record().headers, name), (name, value)))


def refusal(refused: Record) -> Poison:
    """Why the record is refused."""
    delivery = deliver(refused, TYPES)
    assert (refused, None) == (delivery.record, delivery.event)
    assert delivery.refusal is not None
    return delivery.refusal


def test_an_event_is_the_same_after_the_wire():
    """With everything that is optional, and with nothing of it."""
    full = replace(SENT, run=RunPosition("run-1", 7), causation_id="cause", replay_id="replay", traceparent="00-aa-bb-01")
    assert full == decode(record(full), TYPES)
    assert SENT == decode(record(), TYPES)


def test_the_value_is_the_data_and_the_rest_is_headers():
    """CloudEvents binary mode; attributes that are not known have no header."""
    assert (b"c1", b'{"company_id":"c1","parts":[{"weight_grams":250}]}') == (record().key, record().value)
    assert (
        ("ce_specversion", b"1.0"),
        ("ce_id", b"id-1"),
        ("ce_source", b"/achats/test"),
        ("ce_type", b"achats.parcel.sent.v1"),
        ("ce_time", b"2026-03-02T08:00:00.000000Z"),
        ("ce_subject", b"c1"),
        ("ce_dataschema", b"parcel.sent.v1"),
        ("ce_companyid", b"c1"),
        ("content-type", b"application/json"),
    ) == record().headers


def test_event_ids_never_change():
    """SHA-256 of the four lines, 32 digits: what the books and the inboxes hold. Each of the four makes another id."""
    assert "af4a902295a24b488c5f07015b36632e" == event_id("/achats/test", "achats.parcel.sent.v1", "c1/p1", 1)
    ids = {
        event_id(*parts) for parts in [("s", "t", "x", 1), ("s", "t", "x", 2), ("s", "t", "y", 1), ("s", "u", "x", 1), ("r", "t", "x", 1)]
    }
    assert 5 == len(ids)


@pytest.mark.parametrize("name", ["ce_type", "ce_id", "ce_source", "ce_time"])
def test_a_missing_or_empty_header_is_refused(name: str):
    """The reason names the header."""
    for refused in (replace(record(), headers=without(record().headers, name)), with_header(name, b"")):
        why = refusal(refused)
        assert HeaderMissing is type(why)
        assert ("header_missing", f"A CloudEvents header is missing or unreadable: {name}") == (why.reason, str(why))


def test_a_record_without_headers_is_refused():
    """A record of somebody else's, or a tombstone on a topic that has none."""
    assert "header_missing" == refusal(replace(record(), headers=())).reason
    assert "header_missing" == refusal(replace(record(), headers=tuple((name, None) for name, _ in record().headers))).reason


@pytest.mark.parametrize("value", [None, b""])
def test_no_value_is_refused(value: bytes | None):
    """Only a reader that expects an end of a key handles it, before decoding."""
    why = refusal(replace(record(), value=value))
    assert ("unreadable", "The value is missing or is not JSON text: no value") == (why.reason, str(why))


@pytest.mark.parametrize(
    "value", [b"{", b"not json", b'{"company_id":"c1"} and more', b'{"company_id":"\xff"}', b"\x00", b'"\\ud800"', b"[" * 10_000]
)
def test_what_is_not_json_is_refused(value: bytes):
    """Cut off, not UTF-8, half a surrogate pair, nested without end."""
    assert Unreadable is type(refusal(replace(record(), value=value)))


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        (b"[]", "value: "),
        (b"null", "value: "),
        (b"{}", "company_id: Field required"),
        (b'{"company_id":1}', "company_id: Input should be a valid string"),
        (b'{"company_id":"c1","parts":[{"weight_grams":1},{"weight_grams":"2"}]}', "parts.1.weight_grams: Input should be a valid integer"),
        (b'{"company_id":"c1","parts":[{"weight_grams":2.0}]}', "parts.0.weight_grams: Input should be a valid integer"),
        (b'{"company_id":"c1","parts":[{"weight_grams":true}]}', "parts.0.weight_grams: Input should be a valid integer"),
        (b'{"company_id":"c1","parts":[{"weight_grams":NaN}]}', "parts.0.weight_grams: Input should be a valid integer"),
    ],
)
def test_a_broken_contract_is_refused(value: bytes, detail: str):
    """The reason says where and which rule, never the value: that may be anybody's."""
    why = refusal(replace(record(), value=value))
    assert ContractBroken is type(why)
    assert "contract_broken" == why.reason
    assert str(why).startswith(f"The value breaks its event's contract: {detail}")
    assert "\n" not in str(why)


def test_the_value_itself_is_not_in_the_reason():
    """What a parked record's reason, the log and the metrics show."""
    assert "dupont" not in str(refusal(replace(record(), value=b'{"company_id":{"name":"dupont"}}')))


def test_unknown_fields_are_ignored_at_any_depth():
    """A newer writer's minor version."""
    newer = replace(record(), value=b'{"new":1,"company_id":"c1","parts":[{"weight_grams":250,"new":{"deep":[]}}]}')
    assert SENT == decode(newer, TYPES)


def test_unknown_headers_are_ignored():
    """A newer writer's, or an operator's; with two of a name the last one counts."""
    assert SENT == decode(replace(record(), headers=(("ce_id", b"earlier"), *record().headers, ("x-new", b"\xff"))), TYPES)


@pytest.mark.parametrize(
    "ce_type", ["achats.parcel.sent.v2", "achats.parcel.sent.v11", "achats.parcel.validated.v2", "achats.parcel.sent.v"]
)
def test_another_major_version_of_a_known_type_is_refused(ce_type: str):
    """Skipping it would lose a fact this service must handle."""
    why = refusal(with_header("ce_type", ce_type.encode()))
    assert ("unknown_version", f"The event is of a major version this service does not know: {ce_type}") == (why.reason, str(why))


@pytest.mark.parametrize(
    "ce_type", ["achats.parcel.lost.v1", "achats.parcel.v1", "parcel.sent.v1", "achats.parcel", "com.example.thing", "x", ".v1"]
)
def test_an_unknown_type_is_skipped(ce_type: str):
    """Neither event nor refusal: its value is not even looked at."""
    unknown = replace(with_header("ce_type", ce_type.encode()), value=b"not json")
    assert (None, None) == (deliver(unknown, TYPES).event, deliver(unknown, TYPES).refusal)


@pytest.mark.parametrize("key", [None, b"", b"c2", b"c1x", b"/c1", b"C1", b"\xff", b"c1\x00"])
def test_a_key_of_another_company_is_refused(key: bytes | None):
    """Order holds per key: a fact under another key would overtake its company's others."""
    why = refusal(replace(record(), key=key))
    assert KeyMismatch is type(why)
    assert ("key_mismatch", f"The record key, the headers and the value name different companies: {key}: c1: c1") == (why.reason, str(why))


def test_a_header_or_value_of_another_company_is_refused():
    """All three must say the same."""
    assert "key_mismatch" == refusal(with_header("ce_companyid", b"c2")).reason
    assert "key_mismatch" == refusal(replace(record(), headers=without(record().headers, "ce_companyid"))).reason
    assert "key_mismatch" == refusal(replace(record(), value=b'{"company_id":"c2"}')).reason


@pytest.mark.parametrize("name", ["ce_id", "ce_source", "ce_runid", "ce_replayid", "ce_causationid", "traceparent"])
@pytest.mark.parametrize("value", [b"", b"a b", b"a\x00b", b"a\n", "\u00e9".encode(), b"\xff", b"x" * 201])
def test_an_attribute_that_is_no_short_word_is_refused(name: str, value: bytes):
    """Printable ASCII, at most 200 characters: what every database and every index takes."""
    assert f"A CloudEvents header is missing or unreadable: {name}" == str(refusal(with_header(name, value)))
    assert deliver(with_header(name, b"x" * 200), TYPES).event is not None


@pytest.mark.parametrize(
    "time",
    [
        "1899-12-31T23:59:59Z",
        "3000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-03-02T08:00:00",
        "2026-03-02",
        "2026-03-02T08:00:00+15:00",
        "2026-03-02T08:00:00Z\n",
        "2026-W10-1T08:00:00Z",
        "20260302T080000Z",
    ],
)
def test_a_time_that_is_no_instant_of_these_centuries_is_refused(time: str):
    """RFC 3339 with a zone, from 1900 to 2999."""
    assert "A CloudEvents header is missing or unreadable: ce_time" == str(refusal(with_header("ce_time", time.encode())))


@pytest.mark.parametrize("time", ["1900-01-01T00:00:00Z", "2999-12-31T23:59:59.999999Z", "2026-03-02T08:00:00.123456789+14:00"])
def test_other_instants_of_these_centuries_are_taken(time: str):
    """As they are written."""
    event = decode(with_header("ce_time", time.encode()), TYPES)
    assert event is not None
    assert time == event.time


def test_the_key_is_that_of_the_event_to_the_last_byte():
    """`company/other` would take the company's events to another partition."""
    assert "key_mismatch" == refusal(replace(record(), key=b"c1/inv-1")).reason


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((("ce_type", b"achats.parcel.sent.v1"),), True),
        ((("ce_type", b"achats.parcel.sent.v2"), ("ce_runid", b"r"), ("ce_runseq", b"1")), True),
        ((("ce_type", b"achats.parcel.validated.v1"), ("ce_runid", b"r")), False),
        ((("ce_type", b"\xff"), ("ce_runid", b"r")), True),
        ((("ce_runid", b"r"),), True),
        ((("ce_runid", b"r"), ("ce_runseq", b"1")), False),
        ((("ce_runid", b"\xff"),), False),
        ((), False),
    ],
)
def test_a_marker_is_known_by_its_headers_alone(headers: Headers, expected: bool):
    """Any version of its type; without a readable type, a run without a number."""
    assert expected == is_marker(Record("t", 0, 0, 0, None, None, headers), ParcelSent)


def test_a_parked_record_keeps_every_byte():
    """Key, value and headers as they came, also where they are no text; the reason in one more header."""
    headers: Headers = (("ce_id", b"\xff\x00"), ("ce_id", b"twice"), ("", b""))
    odd = Record("achats.parcels.v1", 3, 42, 1_772_438_400_000, b"\xffkey", b"\x00\xff", headers)
    kept = parked(odd, HeaderMissing("ce_type"), "ledger", "achats.parked.ledger.v1", TIME)
    assert ("achats.parked.ledger.v1", b"\xffkey", b"\x00\xff", headers) == (kept.topic, kept.key, kept.value, kept.headers[:-1])
    name, reason = kept.headers[-1]
    assert "achats-parked" == name
    assert RecordParked(
        service="ledger",
        reason="header_missing",
        detail="A CloudEvents header is missing or unreadable: ce_type",
        topic="achats.parcels.v1",
        partition=3,
        offset=42,
        timestamp_ms=1_772_438_400_000,
        parked_at=TIME,
    ) == RecordParked.model_validate_json(reason or b"")


def test_a_parked_record_without_a_value_stays_without():
    """None, not empty: on a compacted topic that is another thing."""
    assert parked(replace(record(), value=None), Unreadable("no value"), "ledger", "p", TIME).value is None


def test_a_long_reason_is_cut():
    """At what the contract takes."""
    _, reason = parked(record(), Poison("é" * 600), "ledger", "p", TIME).headers[-1]
    said = RecordParked.model_validate_json(reason or b"")
    assert ("refused", 500) == (said.reason, len(said.detail))
    assert said.detail.startswith("The record cannot be handled, now or later: park it: éé")


def test_parked_again_it_has_two_reasons_and_the_last_one_counts():
    """Given back by an operator and refused once more."""
    once = parked(record(), Unreadable("no value"), "ledger", "p", TIME)
    again = parked(replace(record(), topic="achats.retry.ledger.v1", headers=once.headers), ContractBroken("x: y"), "ledger", "p", TIME)
    assert once.headers == again.headers[:-1]
    reasons = [RecordParked.model_validate_json(value or b"").reason for name, value in again.headers if name == "achats-parked"]
    assert ["unreadable", "contract_broken"] == reasons


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((), None),
        ((("ce_runseq", b"1"),), None),
        ((("ce_runid", b""), ("ce_runseq", b"1")), None),
        ((("ce_runid", b"run 1"),), None),
        ((("ce_runid", b"run-1"),), RunPosition("run-1", None)),
        ((("ce_runid", b"run-1"), ("ce_runseq", b"7")), RunPosition("run-1", 7)),
        ((("ce_runid", b"run-1"), ("ce_runseq", b"x")), RunPosition("run-1", None)),
        ((("ce_runid", b"run-1"), ("ce_runseq", b"-1")), RunPosition("run-1", None)),
        ((("ce_runid", b"run-1"), ("ce_runseq", "٣".encode())), RunPosition("run-1", None)),
        ((("ce_runid", b"run-1"), ("ce_runseq", b"\xff")), RunPosition("run-1", None)),
    ],
)
def test_the_run_is_in_the_headers_alone(headers: Headers, expected: RunPosition | None):
    """So that also a record whose value cannot be read counts in its run."""
    assert expected == run_of(Record("t", 0, 0, 0, None, None, headers))


@pytest.mark.parametrize(
    ("key", "headers", "expected"),
    [
        (b"c1", (("ce_companyid", b"c2"),), "c2"),
        (b"c1/inv-1", (), "c1"),
        (b"c1", (("ce_companyid", b""),), "c1"),
        (b"c1", (("ce_companyid", b"\x00"),), "c1"),
        (b"\xff", (), None),
        (b"/x", (), None),
        (b"", (), None),
        (None, (), None),
    ],
)
def test_the_company_is_in_a_header_or_leads_the_key(key: bytes | None, headers: Headers, expected: str | None):
    """So that also a record whose value cannot be read is announced to its company."""
    assert expected == company_of(Record("t", 0, 0, 0, key, None, headers))
