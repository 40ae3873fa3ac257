"""The files of the contracts, as a subscriber finds them, and a walk over a value beside its schema."""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, cast

from jsonschema import Draft202012Validator, ValidationError

from schemas.contract import EventData
from schemas.registry import FOLDER, event_class, event_folders

type Json = dict[str, Any]
type Path = tuple[str | int, ...]

FOLDERS = event_folders()
EVENTS = tuple(folder for folder in FOLDERS if issubclass(event_class(folder), EventData))
EXAMPLES = ("typical", "smallest", "largest", "awkward")
EVERY_EXAMPLE = [(folder, name) for folder in FOLDERS for name in EXAMPLES]
EVERY_EVENT = [(folder, name) for folder in EVENTS for name in EXAMPLES]


@cache
def schema(folder: str) -> Json:
    """The committed schema, for reading only."""
    return json.loads((FOLDER / folder / "v1.schema.json").read_text(encoding="utf-8"))


def example_bytes(folder: str, name: str) -> bytes:
    """A committed example, as it stands."""
    return (FOLDER / folder / "examples" / "v1" / f"{name}.json").read_bytes()


def example(folder: str, name: str) -> Json:
    """A committed example."""
    return json.loads(example_bytes(folder, name))


def event(folder: str, name: str) -> EventData:
    """A committed example of an event, read by its class."""
    data = event_class(folder).model_validate_json(example_bytes(folder, name))
    assert isinstance(data, EventData)
    return data


def refusals(contract: Json, value: Any) -> list[str]:
    """What the schema refuses of the value: `place: sentence`."""
    found = Draft202012Validator(contract).iter_errors(value)  # pyright: ignore[reportUnknownMemberType]
    return [f"{error.json_path}: {error.message}" for error in _innermost(found)]


def _innermost(errors: Iterable[ValidationError]) -> Iterator[ValidationError]:
    """Of a value that may also be null, what is wrong inside it."""
    for error in errors:
        if error.context:
            yield from _innermost(inner for inner in error.context if inner.validator_value != "null")
        else:
            yield error


def parts(contract: Json) -> Iterator[Json]:
    """The schema and every schema in it, once each."""
    yield contract
    inner: list[Any] = [*contract.get("properties", {}).values(), *contract.get("$defs", {}).values(), *contract.get("anyOf", [])]
    for part in [*inner, contract.get("items"), contract.get("additionalProperties")]:
        if isinstance(part, dict):
            yield from parts(cast("Json", part))


def properties(contract: Json) -> Iterator[tuple[str, Json]]:
    """Every field of the contract, at any depth: its name and what it may be."""
    for part in parts(contract):
        yield from part.get("properties", {}).items()


def objects(contract: Json, value: Any, place: Path = ()) -> Iterator[Path]:
    """Where in the value an object with named fields stands."""
    spot = at(contract, value, contract)
    if "properties" in spot:
        yield place
        for name, field in spot["properties"].items():
            yield from objects({**field, "$defs": contract.get("$defs", {})}, value[name], (*place, name))
    for index, element in enumerate(value) if "items" in spot else ():
        yield from objects({**spot["items"], "$defs": contract.get("$defs", {})}, element, (*place, index))


def at(spot: Json, value: Any, root: Json) -> Json:
    """The schema that decides about the value: references followed, null set apart."""
    if "$ref" in spot:
        return at(root["$defs"][spot["$ref"].removeprefix("#/$defs/")], value, root)
    if "anyOf" in spot:
        return {"type": "null"} if value is None else at(spot["anyOf"][0], value, root)
    return spot


def within(value: Any, place: Path) -> Any:
    """What stands at this place of the value."""
    for step in place:
        value = value[step]
    return value
