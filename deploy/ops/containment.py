"""Whether all that one schema allows another allows too, by the keywords a contract may use; where not, at which field and why."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

type Schema = dict[str, Any]

LEAST = {"minimum": "below {}", "minLength": "shorter than {}", "minItems": "fewer than {}"}
MOST = {"maximum": "above {}", "maxLength": "longer than {}", "maxItems": "more than {}", "maxProperties": "more than {} names"}
ANYTHING: Schema = {}
BESIDE_BRANCHES = {"anyOf", "$ref", "title", "description"}


class NotComparable(ValueError):
    """A schema has keywords beside `anyOf` or `$ref` that narrow it: no contract is written so."""


@dataclass(frozen=True, slots=True, order=True)
class Misfit:
    """A field, as `lines[].kind`, and what it may be in the narrower schema that the wider one refuses: `null`, `missing`, `above 9`."""

    field: str
    may_be: str


def misfits(given: Schema, taken: Schema) -> list[Misfit]:
    """Where a value that `given` allows may be one that `taken` refuses. None: every value of `given` is one of `taken`.

    It never overlooks one; of two patterns that differ in writing it does not ask whether they mean the same. Raises NotComparable.
    """
    return sorted(set(_Pair(given, taken).between(given, taken, "")))


@dataclass(frozen=True, slots=True)
class _Pair:
    """The two whole schemas, where references point to."""

    given_root: Schema
    taken_root: Schema

    def between(self, given: Schema, taken: Schema, field: str) -> Iterator[Misfit]:
        wide = [*_branches(taken, self.taken_root)]
        for branch in _branches(given, self.given_root):
            alike = [one for one in wide if one.get("type", branch.get("type")) == branch.get("type")]
            tried = ([*self._of_one_type(branch, one, field)] for one in alike)
            yield from min(tried, key=len, default=[Misfit(field, str(branch.get("type", "anything")))])

    def _of_one_type(self, given: Schema, taken: Schema, field: str) -> Iterator[Misfit]:
        yield from (Misfit(field, may_be) for may_be in (*_other_values(given, taken), *_beyond(given, taken)))
        if "pattern" in taken and taken["pattern"] != given.get("pattern"):
            yield Misfit(field, f"of another form than {taken['pattern']}")
        if given.get("type") == "array":
            yield from self.between(given.get("items", ANYTHING), taken.get("items", ANYTHING), f"{field}[]")
        if given.get("type") == "object":
            yield from self._fields(given, taken, field)

    def _fields(self, given: Schema, taken: Schema, place: str) -> Iterator[Misfit]:
        mine, theirs = given.get("properties", {}), taken.get("properties", {})
        for name in taken.get("required", ()):
            if name not in given.get("required", ()):
                yield Misfit(_inside(place, name), "missing")
        for name, field in mine.items():
            yield from self._field(field, theirs.get(name, taken.get("additionalProperties", True)), _inside(place, name))
        if (others := given.get("additionalProperties", True)) is not False:
            for name in theirs.keys() - mine.keys():
                yield from self._field(others, theirs[name], _inside(place, name))
            yield from self._field(others, taken.get("additionalProperties", True), _inside(place, "*"))

    def _field(self, given: Schema | bool, taken: Schema | bool, field: str) -> Iterator[Misfit]:
        if taken is False:
            yield Misfit(field, "there")
        elif taken is not True:
            yield from self.between(ANYTHING if isinstance(given, bool) else given, taken, field)


def _inside(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _branches(schema: Schema, root: Schema) -> Iterator[Schema]:
    """The schemas of which a value fits one: references followed, alternatives apart."""
    inner = [_definition(schema["$ref"], root)] if "$ref" in schema else schema.get("anyOf")
    if inner is None:
        yield schema
        return
    if beside := schema.keys() - BESIDE_BRANCHES:
        raise NotComparable(", ".join(sorted(beside)))
    for branch in inner:
        yield from _branches(branch, root)


def _definition(reference: str, root: Schema) -> Schema:
    return root["$defs"][reference.removeprefix("#/$defs/")]


def _values(schema: Schema) -> list[Any] | None:
    """The only values it allows, or None."""
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _other_values(given: Schema, taken: Schema) -> Iterator[str]:
    mine, theirs = _values(given), _values(taken)
    if theirs is not None:
        others = ["something else"] if mine is None else [repr(value) for value in mine if value not in theirs]
        yield from (f"{value} (readers know {', '.join(map(repr, theirs))})" for value in others)


def _beyond(given: Schema, taken: Schema) -> Iterator[str]:
    """The bounds of the wider that the narrower may go beyond."""
    for keyword, words in LEAST.items():
        if given.get(keyword, -math.inf) < taken.get(keyword, -math.inf):
            yield words.format(taken[keyword])
    for keyword, words in MOST.items():
        if given.get(keyword, math.inf) > taken.get(keyword, math.inf):
            yield words.format(taken[keyword])
