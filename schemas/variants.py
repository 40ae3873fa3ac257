"""The two variants of a contract's schema: closed, as committed, for writers; open for readers."""

from typing import Any, cast

type Schema = dict[str, Any]


def open_variant(schema: Schema) -> Schema:
    """The same contract as a reader takes it: a field it does not know is no error."""
    return {name: True if name == "additionalProperties" and value is False else _open(value) for name, value in schema.items()}


def _open(value: Any) -> Any:
    if isinstance(value, dict):
        return open_variant(cast("Schema", value))
    return [_open(part) for part in cast("list[Any]", value)] if isinstance(value, list) else value
