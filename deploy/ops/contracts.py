"""The files other teams read, made from classes, examples and topics.yaml so that they never differ from what is sent; their releases."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_origin

from deploy.ops import asyncapi, asyncapi_page, wire
from deploy.ops.releases import Breach, Incompatible, breaches, next_version, released
from schemas import values
from schemas.contract import Contract
from schemas.registry import FOLDER, event_class, event_folders

type Schema = dict[str, Any]

ROOT = FOLDER.parent
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


def schema_of(folder: str) -> Schema:
    """The closed schema of a contract: what a writer may say. Raises KeywordNotAllowed."""
    contract: type[Contract] = event_class(folder)
    made: Schema = contract.model_json_schema(mode="validation")
    return _ordered({"$schema": DIALECT, "$id": contract_id(folder), **_clean(made, _definition_names(made))})


def generated() -> dict[str, bytes]:
    """Every file that is made from classes, examples and topics.yaml, by its path from the root, with the bytes it should have."""
    contracts = {folder: schema_of(folder) for folder in event_folders()}
    document = asyncapi.document(contracts)
    texts = {f"schemas/{folder}/v1.schema.json": _json(schema) for folder, schema in contracts.items()} | {
        "schemas/asyncapi.yaml": asyncapi.document_text(document),
        "schemas/asyncapi.html": asyncapi_page.page(document),
        "catalog-info.yaml": asyncapi.catalogue_text(),
    }
    wires = {f"schemas/{folder}/examples/v1/{name}.wire": wire.golden(folder, name) for folder in contracts for name in wire.EXAMPLES}
    return {path: text.encode() for path, text in texts.items()} | {path: wire.to_bytes(record) for path, record in wires.items()}


def write(root: Path = ROOT) -> None:
    """Write what is made."""
    for path, made in generated().items():
        (root / path).write_bytes(made)


def stale(root: Path = ROOT) -> list[str]:
    """The made files that are missing or differ from what they are made of, by their paths from the root."""
    return [path for path, made in generated().items() if not (root / path).exists() or (root / path).read_bytes() != made]


def broken(root: Path = ROOT) -> list[Breach]:
    """What stands now against every released version: each field that may not be as it is."""
    return [breach for folder in event_folders() for breach in breaches(folder, schema_of(folder), released(folder, root))]


def release(root: Path = ROOT) -> list[str]:
    """Keep each contract that differs from its last release, with its records, as a new minor version; their paths. Raises Incompatible."""
    if found := broken(root):
        raise Incompatible("\n".join(map(str, found)))
    return [_keep(folder, root) for folder in event_folders() if schema_of(folder) not in [*released(folder, root).values()][-1:]]


def _keep(folder: str, root: Path) -> str:
    """Copy schema and wire files."""
    place = f"schemas/{folder}/released/{next_version(released(folder, root))}"
    (root / place).mkdir(parents=True)
    (root / place / "schema.json").write_bytes(_json(schema_of(folder)).encode())
    for name in wire.EXAMPLES:
        (root / place / f"{name}.wire").write_bytes(wire.to_bytes(wire.golden(folder, name)))
    return place


def _json(schema: Schema) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


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
