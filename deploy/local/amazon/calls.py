"""One call as the handlers see it, and the answer they give: nothing of the web framework."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import repeat
from typing import Literal, cast

from deploy.local.amazon.refusals import Refused

type Json = dict[str, object]
type Fault = int | Literal["truncated", "silent"]
"""A status instead of the answer, an answer cut in the middle, or an answer once the caller has hung up."""


@dataclass(frozen=True, slots=True)
class Call:
    """An authorised call: the customer, the query, the path's parts and the body."""

    account: str
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    path: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""

    def json(self, refusal: Refused) -> Json:
        """The body as a JSON object; raises `refusal` when it is none."""
        try:
            content = cast(object, json.loads(self.body))
        except ValueError as malformed:
            raise refusal from malformed
        if not isinstance(content, dict):
            raise refusal
        return cast(Json, content)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and JSON body; no body at all when it is None."""

    body: Json | None
    status: int = 200


class Journal:
    """What was asked: counts per operation and status, and the faults still to be answered instead."""

    def __init__(self) -> None:
        self.counts: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self._faults: defaultdict[str, list[Fault]] = defaultdict(list)

    def count(self, operation: str, status: int) -> None:
        """Note one answered call."""
        self.counts[operation][status] += 1

    def plan_fault(self, operation: str, fault: Fault, times: int) -> None:
        """Spoil the next `times` calls of an operation, after the faults already planned."""
        self._faults[operation].extend(repeat(fault, times))

    def next_fault(self, operation: str) -> Fault | None:
        """What happens to this call instead of a plain answer, used up."""
        planned = self._faults[operation]
        return planned.pop(0) if planned else None
