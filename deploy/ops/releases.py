"""What was promised: the released versions of each contract, and whether what stands now keeps the promise, in words.

A change is compatible when old readers take new records (closed(new) ⊆ open(old)) and new readers take old ones (closed(old) ⊆ open(new)),
against every released version, because logs and replays hold them all.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Any

from deploy.ops.containment import Misfit, misfits
from schemas.registry import FOLDER, Topic, topics
from schemas.variants import open_variant

type Schema = dict[str, Any]


class Direction(StrEnum):
    """Who reads whose records."""

    OLD_READERS = "old readers of new records"
    NEW_READERS = "new readers of old records"


class Incompatible(Exception):
    """A contract broke what was released."""

    next_action = "Make the change optional, or make a new major version: v2 of the contract on a v2 topic, both said for a stated time."


@dataclass(frozen=True, slots=True)
class Parties:
    """Who says an event, who reads it, on which topics, and for how long their records stay (None: the latest of each key for ever)."""

    topics: tuple[Topic, ...]

    @property
    def producers(self) -> str:
        """Those who say it, as `fetcher, classifier`."""
        return _list(chain.from_iterable(one.says for one in self.topics))

    @property
    def readers(self) -> str:
        """Those who read it: services by name, and other teams where the topic is public."""
        public = ["other teams"] if any(one.seen_by == "public" for one in self.topics) else []
        return _list(chain(chain.from_iterable(one.read_by for one in self.topics), public)) or "whoever replays it"

    @property
    def places(self) -> str:
        """Where it is said and how long records stay, as `achats.booked.v1 (30 days)`."""
        return _list(f"{one.name} ({'compacted' if one.keeps is None else f'{one.keeps} days'})" for one in self.topics)


def parties(folder: str) -> Parties:
    """What topics.yaml says of an event."""
    return Parties(tuple(one for one in topics() if any(folder in said for said in one.says.values())))


@dataclass(frozen=True, slots=True)
class Breach:
    """One reason why a contract may not change as it did: since which version, in which direction, at which field."""

    folder: str
    version: str
    direction: Direction
    misfit: Misfit

    def __str__(self) -> str:
        """The field, the direction and who breaks, in a sentence."""
        who, new = parties(self.folder), self.direction is Direction.OLD_READERS
        old = f"(contract {self.version})"
        records, readers = ("new records", f"old readers {old}") if new else (f"old records {old}", "new readers")
        return (
            f"{self.folder.replace('_', '.')}: field `{self.misfit.field}` may be {self.misfit.may_be} in {records}, "
            f"which {readers} refuse: breaks {who.readers}, {'reading' if new else 'replaying'} {who.places}."
        )


def breaches(folder: str, new: Schema, released: Mapping[str, Schema]) -> list[Breach]:
    """Why the schema may not follow these released ones, by version; none when it may. Raises NotComparable."""
    return [breach for version, old in released.items() for breach in _between(folder, version, old, new)]


def order_of_deployment(folder: str, found: Sequence[Breach]) -> str:
    """Who must deploy first, in a sentence."""
    who, directions = parties(folder), {breach.direction for breach in found}
    if not directions:
        return "Deploy in any order."
    if directions == {Direction.OLD_READERS}:
        return f"Consumers must deploy first: {who.readers}; then the producer: {who.producers}."
    if directions == {Direction.NEW_READERS}:
        return (
            f"The producer must deploy first: {who.producers}; then consumers: {who.readers}; records said before stay unreadable to them."
        )
    return f"No order works for {who.producers} and {who.readers}: make a v2."


def released(folder: str, root: Path = FOLDER.parent) -> dict[str, Schema]:
    """The released schemas of a contract by version, the oldest first."""
    files = sorted((root / "schemas" / folder / "released").glob("v*/schema.json"), key=_version)
    return {file.parent.name: json.loads(file.read_text(encoding="utf-8")) for file in files}


def next_version(versions: Iterable[str]) -> str:
    """`v1.0` for the first release, then one minor more each time; another major is another contract."""
    return f"v1.{max((int(version.rpartition('.')[2]) for version in versions), default=-1) + 1}"


def fields(schema: Schema) -> set[str]:
    """The names of all fields at any depth, as `lines[].kind`."""
    return set(_fields(schema, schema, ""))


def _fields(spot: Schema, root: Schema, place: str) -> Iterator[str]:
    if "$ref" in spot:
        spot = root["$defs"][spot["$ref"].removeprefix("#/$defs/")]
    for branch in spot.get("anyOf", ()):
        yield from _fields(branch, root, place)
    if "items" in spot:
        yield from _fields(spot["items"], root, f"{place}[]")
    for name, field in spot.get("properties", {}).items():
        inside = f"{place}.{name}" if place else name
        yield inside
        yield from _fields(field, root, inside)


def _between(folder: str, version: str, old: Schema, new: Schema) -> Iterator[Breach]:
    for direction, said, read in ((Direction.OLD_READERS, new, old), (Direction.NEW_READERS, old, new)):
        for misfit in misfits(said, open_variant(read)):
            yield Breach(folder, version, direction, misfit)


def _version(file: Path) -> int:
    return int(file.parent.name.removeprefix("v1."))


def _list(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
