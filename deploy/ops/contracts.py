"""Each contract's JSON Schema, made from its class: `v1.schema.json` is what other teams read, so it never differs from what is sent."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast, get_origin

from schemas import values
from schemas.contract import Contract
from schemas.registry import FOLDER, event_class, event_folders

type Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
KEYWORDS = (
    *("$schema", "$id", "title", "description", "type", "const", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum"),
    *("minItems", "maxItems", "items", "anyOf", "$ref", "properties", "required", "additionalProperties", "maxProperties", "$defs"),
)
"""What a contract may use, in the order it is written. Compatibility checkers silently accept differences in other keywords."""

NAMES = {values.Fact[kind].__name__: f"{name}Fact" for name, kind in vars(values).items() if get_origin(kind) is not None}
"""What a `Fact` of each alias of values.py is called: pydantic spells the alias out."""


class KeywordNotAllowed(ValueError):
    """A contract's class makes a JSON Schema keyword that is not in KEYWORDS."""


def contract_id(folder: str) -> str:
    """The `$id` of a contract and the `ce_dataschema` of its events: `invoice_collected` → `invoice.collected.v1`."""
    return f"{folder.replace('_', '.')}.v1"


def schema_path(folder: str) -> Path:
    """Where a contract's schema is committed."""
    return FOLDER / folder / "v1.schema.json"


def schema_of(folder: str) -> Schema:
    """The closed schema of a contract: what a writer may say. Raises KeywordNotAllowed."""
    contract: type[Contract] = event_class(folder)
    made: Schema = contract.model_json_schema(mode="validation")
    return _ordered({"$schema": DIALECT, "$id": contract_id(folder), **_clean(made, _definition_names(made))})


def open_variant(schema: Schema) -> Schema:
    """The same contract as a reader takes it: a field it does not know is no error."""
    return {name: True if name == "additionalProperties" and value is False else _open(value) for name, value in schema.items()}


def schema_text(folder: str) -> str:
    """The bytes of `v1.schema.json`, as text."""
    return json.dumps(schema_of(folder), ensure_ascii=False, indent=2) + "\n"


def write() -> None:
    """Write every contract's schema."""
    for folder in event_folders():
        schema_path(folder).write_text(schema_text(folder), encoding="utf-8", newline="\n")


def stale() -> list[str]:
    """The schema files that are missing or differ from their class, as `schemas/…` paths."""
    return [
        schema_path(folder).relative_to(FOLDER.parent).as_posix()
        for folder in event_folders()
        if not schema_path(folder).exists() or schema_path(folder).read_bytes() != schema_text(folder).encode()
    ]


def _open(value: Any) -> Any:
    if isinstance(value, dict):
        return open_variant(cast("Schema", value))
    return [_open(part) for part in cast("list[Any]", value)] if isinstance(value, list) else value


def _definition_names(schema: Schema) -> dict[str, str]:
    """What each definition is called here, by the name pydantic gives it."""
    definitions: Mapping[str, Schema] = schema.get("$defs", {})
    return {name: NAMES.get(definition["title"], name) for name, definition in definitions.items()}


def _clean(schema: Schema, names: Mapping[str, str]) -> Schema:
    """Without what repeats a field's name (`title`) or is no promise (`default`), every definition under its plain name."""
    cleaned = {keyword: _cleaned(keyword, value, names) for keyword, value in schema.items() if keyword != "default"}
    if "properties" not in cleaned:
        cleaned.pop("title", None)
    elif cleaned["title"] in NAMES:
        cleaned |= {"title": NAMES[cleaned["title"]], "description": values.Fact.__doc__}
    return _ordered(cleaned)


def _cleaned(keyword: str, value: Any, names: Mapping[str, str]) -> Any:
    match keyword:
        case "$defs":
            return {names[name]: _clean(value[name], names) for name in sorted(value, key=names.__getitem__)}
        case "properties":
            return {name: _clean(field, names) for name, field in value.items()}
        case "anyOf":
            return [_clean(branch, names) for branch in value]
        case "items" | "additionalProperties":
            return value if isinstance(value, bool) else _clean(value, names)
        case "$ref":
            return f"#/$defs/{names[value.removeprefix('#/$defs/')]}"
        case _:
            return value


def _ordered(schema: Schema) -> Schema:
    if unknown := schema.keys() - set(KEYWORDS):
        raise KeywordNotAllowed(", ".join(sorted(unknown)))
    return {keyword: schema[keyword] for keyword in KEYWORDS if keyword in schema}
