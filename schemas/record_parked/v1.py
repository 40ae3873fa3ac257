"""record.parked: why a record stands on a parked topic; it travels as the header `achats-parked` beside the untouched record."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.contract import Contract
from schemas.values import Code, Instant, Text, known


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
