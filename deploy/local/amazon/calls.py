"""One call as the handlers see it, and the answer they give: nothing of the web framework."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import repeat
from random import Random
from typing import Literal, cast

from deploy.local.amazon.refusals import Refused
from deploy.local.amazon.trouble import Rates

DOWNLOAD = "download"

type Json = dict[str, object]
type Blow = int | Literal["truncated", "silent", "malformed", "delayed"]


@dataclass(slots=True)
class Weather:
    """How much trouble there is in answering now, and the dice that draw it."""

    rates: Rates
    dice: Random


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to a call: a status instead of the answer, an answer that is spoiled or lost, after so many virtual seconds."""

    blow: Blow
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Call:
    """An authorised call: the customer, the marketplace of its consent, the query, the path's parts and the body."""

    account: str
    marketplace: str
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
    """What was asked: counts per operation and status, and the faults still to come, planned ones before drawn ones."""

    def __init__(self, weather: Weather) -> None:
        self.counts: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self._weather = weather
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
        return planned.pop(0) if planned else self._drawn(operation)

    def _drawn(self, operation: str) -> Fault | None:
        dice, rates = self._weather.dice, self._weather.rates
        if rates.calm:
            return None
        if dice.random() < rates.server_error:
            return Fault(dice.choice((500, 503, 504)))
        if dice.random() < (rates.truncated if operation == DOWNLOAD else rates.malformed):
            return Fault("truncated" if operation == DOWNLOAD else "malformed")
        return Fault("delayed", dice.uniform(3, 20)) if dice.random() < rates.slow else None
