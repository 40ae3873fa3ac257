"""Production answers leave some unknown objects out and send others as `null`; so do we."""

from collections.abc import Mapping
from random import Random


def with_absences(fields: Mapping[str, object], key: str) -> dict[str, object]:
    """Leave out about half of the fields that are None, keep the others as null; the same choice for the same key."""
    dice = Random(key)
    return {name: value for name, value in fields.items() if value is not None or dice.random() < 0.5}
