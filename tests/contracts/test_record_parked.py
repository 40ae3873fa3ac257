"""What the headers of a parked record say of its way: why it was refused each time, and where it first came on."""

import pytest

from schemas.record_parked.v1 import RecordParked

RETRY = "achats.retry.ledger.v1"


def said(topic: str, offset: int = 0) -> tuple[str, bytes]:
    """The header of a record that was refused there."""
    why = RecordParked(
        service="ledger",
        reason="unreadable",
        detail="no value",
        topic=topic,
        partition=3,
        offset=offset,
        timestamp_ms=0,
        parked_at="2026-03-11T05:00:00Z",
    )
    return RecordParked.header_name, why.model_dump_json().encode()


FIRST, SECOND, THIRD = said("achats.classified.v1"), said(RETRY, 1), said(RETRY, 2)
STRANGE: list[tuple[str, bytes | None]] = [("achats-parked", b"{"), ("achats-parked", None), ("other", b"x"), said("elsewhere", 9)]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], []),
        ([("ce_id", b"1"), FIRST], [FIRST]),
        ([FIRST, SECOND, THIRD], [FIRST, SECOND, THIRD]),
        ([*STRANGE, FIRST, ("late", None), SECOND], [FIRST, SECOND]),
        ([SECOND, THIRD], [SECOND, THIRD]),
        (STRANGE[:3], []),
    ],
    ids=["never parked", "once", "three times", "what others wrote before", "put there by hand", "nothing readable"],
)
def test_why_a_record_was_parked_each_time(headers: list[tuple[str, bytes | None]], expected: list[tuple[str, bytes]]):
    """From the refusal on which its way through the retry topic began; what came with the record before that is not ours."""
    found = RecordParked.said_of(headers, RETRY)
    assert [value for _, value in expected] == [one.model_dump_json().encode() for one in found]


@pytest.mark.parametrize(
    ("topic", "headers", "expected"),
    [
        (RETRY, [FIRST], "achats.classified.v1"),
        (RETRY, [FIRST, SECOND], "achats.classified.v1"),
        (RETRY, [], RETRY),
        ("achats.collected.v1", [FIRST], "achats.collected.v1"),
    ],
    ids=["given back", "given back twice", "put there by hand", "a live record that says it was parked"],
)
def test_where_a_record_first_came_on(topic: str, headers: list[tuple[str, bytes | None]], expected: str):
    """Only on the retry topic do headers speak for it."""
    assert expected == RecordParked.came_on(topic, headers, RETRY)
