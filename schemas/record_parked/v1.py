"""record.parked: why a record stands on a parked topic; it travels as the header `achats-parked` beside the untouched record."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Annotated, ClassVar, Self

from pydantic import Field, ValidationError

from schemas.contract import Contract
from schemas.values import Code, Instant, Text, known

type Headers = Iterable[tuple[str, bytes | None]]


class RecordParked(Contract):
    """Where the record came from and why it was refused. Key, value and headers of the parked record are the original bytes."""

    header_name: ClassVar[str] = "achats-parked"

    service: Code
    reason: Code = known(
        "header_missing, unreadable, unknown_version, contract_broken, key_mismatch, too_large, seal_broken, refused, skipped"
    )
    detail: Text
    topic: Text
    partition: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)]
    timestamp_ms: int
    parked_at: Instant

    @classmethod
    def came_on(cls, topic: str, headers: Headers, retry_topic: str) -> str:
        """The topic on which a record first came: `topic`, unless it was given back on it."""
        said = cls.said_of(headers, retry_topic) if topic == retry_topic else ()
        return said[0].topic if said else topic

    @classmethod
    def said_of(cls, headers: Headers, retry_topic: str) -> tuple[Self, ...]:
        """Why the record with these headers was parked, each time, the latest last; between two it was given back on `retry_topic`.

        The first says where the record first came on. Headers that no service of ours wrote are left out.
        """
        found = list[Self]()
        for name, value in headers:
            with suppress(ValidationError):
                if name == cls.header_name:
                    found.append(cls.model_validate_json(value or b"", extra="ignore"))
        first = max((place for place, one in enumerate(found) if one.topic != retry_topic), default=0)
        return tuple(found[first:])
