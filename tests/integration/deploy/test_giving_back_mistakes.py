"""Mistakes planted in the commands about parked records: a test of tests/integration/deploy/test_giving_back.py notices each."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from confluent_kafka import Producer

from deploy.ops import parked_records, resolving
from schemas.record_parked.v1 import RecordParked
from tests.integration.deploy import test_giving_back as checks

case = checks.case
type Check = Callable[[checks.Case], None]


class ByKey:
    """A producer that lets the key choose the partition."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._producer = Producer(settings)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._producer, name)

    def produce(self, topic: str, value: bytes | None, key: bytes | None, partition: int, **more: Any) -> None:
        """Anywhere but where it was told."""
        self._producer.produce(topic, value, key, partition=(partition + 1) % 24, **more)


def say_nothing(*_: object) -> None:
    """And leave it at that."""


def forget(*_: object) -> dict[object, object]:
    """Nobody has done anything."""
    return {}


def send_nothing(is_taken: bool, _bootstrap: str, found: Sequence[object]) -> list[bool]:
    """Whatever is claimed of it."""
    return [is_taken] * len(found)


def only_the_last(_: object, headers: Any, retry_topic: str) -> tuple[RecordParked, ...]:
    """Attempts are not counted."""
    return tuple(SAID_OF(headers, retry_topic)[-1:])


SAID_OF = RecordParked.said_of
MISTAKES: dict[str, tuple[object, str, object, Check]] = {
    "another partition": (resolving, "Producer", ByKey, checks.test_it_comes_back_byte_for_byte_on_its_own_partition_and_the_list_knows),
    "nothing said": (resolving, "_say", say_nothing, checks.test_discarded_it_is_resolved_and_nothing_is_sent),
    "nothing sent": (
        resolving,
        "_give_back",
        partial(send_nothing, True),
        checks.test_it_comes_back_byte_for_byte_on_its_own_partition_and_the_list_knows,
    ),
    "said although nothing was taken": (
        resolving,
        "_give_back",
        partial(send_nothing, False),
        checks.test_it_comes_back_byte_for_byte_on_its_own_partition_and_the_list_knows,
    ),
    "resolved twice": (resolving, "_refuse_resolved", say_nothing, checks.test_a_second_time_needs_to_be_meant),
    "deeds forgotten": (parked_records, "_deeds", forget, checks.test_all_of_one_reason),
    "attempts not counted": (
        RecordParked,
        "said_of",
        classmethod(only_the_last),
        checks.test_refused_again_it_is_open_again_one_attempt_on,
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_noticed(case: checks.Case, name: str, monkeypatch: pytest.MonkeyPatch):
    """One part does something else; the check that passes without it fails."""
    place, part, wrong, check = MISTAKES[name]
    monkeypatch.setattr(place, part, wrong)
    with pytest.raises((AssertionError, ValueError)):
        check(case)
