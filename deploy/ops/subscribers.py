"""The files of subscribers/: which team reads which public topic, checked in words; what each may do follows in grants.py."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas.registry import topics

FOLDER = Path("subscribers")
USER_PREFIX = "subscriber-"
"""Begins the name of every subscriber's user, so that what belongs to no file any more is found and taken away."""

WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "string_pattern_mismatch": "does not have the form {pattern}",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "model_type": "must be a block of `name: value` lines",
    "tuple_type": "must be a list",
    "too_short": "must not be empty",
    "string_too_short": "must say more (at least {min_length} characters)",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
}
"""What is wrong with a field, by pydantic's name of the error."""


class SubscribersWrong(ValueError):
    """Some of the files of subscribers/ cannot be granted; each line says which field of which file and why."""

    next_action = "Change what the lines name (`deploy/runbook/subscribers.md`), then run `achats subscribers check` again."


def _public(names: tuple[str, ...]) -> tuple[str, ...]:
    """Each of them a public topic, and once."""
    seen_by = {one.name: one.seen_by for one in topics()}
    for name in names:
        if name not in seen_by:
            raise ValueError(f"{name} is no topic of schemas/topics.yaml")
        if seen_by[name] != "public":
            raise ValueError(f"{name} is not public: it is seen by {seen_by[name]} alone")
        if names.count(name) > 1:
            raise ValueError(f"{name} stands there twice")
    return names


def _not_ours(team: str) -> str:
    if team.startswith("achats"):
        raise ValueError("groups that begin with `achats` are those of the services")
    return team


def _unneeded(needed: bool) -> bool:
    if needed:
        raise ValueError(
            "cannot be met: public topics name no person, no e-mail address and no delivery address. Ask the owner of the data"
        )
    return needed


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Slo(_Part):
    """How far behind the team may fall before its contact is called. A topic keeps 30 days: what is read later than 7 is nearly lost."""

    lag_minutes: Annotated[int, Field(strict=True, ge=1, le=10_080)]


class Quota(_Part):
    """What the team may take from a broker, in bytes a second: from 100 kB to 50 MB."""

    read_bytes_per_second: Annotated[int, Field(strict=True, ge=100_000, le=50_000_000)] = 2_000_000


class Subscriber(_Part):
    """A team and what it reads. Its groups begin with `<team>.`, so that no team can be in another's group."""

    team: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,40}$"), AfterValidator(_not_ours)]
    contact: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
    purpose: Annotated[str, Field(min_length=20)]
    topics: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_public)]
    group_prefix: str
    needs_personal_data: Annotated[bool, Field(strict=True), AfterValidator(_unneeded)]
    slo: Slo
    quota: Quota = Quota()

    @model_validator(mode="after")
    def _has_groups_of_its_own(self) -> Self:
        if not (self.group_prefix.startswith(f"{self.team}.") and self.group_prefix.endswith(".")):
            raise ValueError(f"group_prefix must begin with `{self.team}.` and end with a full stop")
        return self

    @property
    def user(self) -> str:
        """The name under which the team logs in."""
        return USER_PREFIX + self.team


def subscribers(folder: Path = FOLDER) -> list[Subscriber]:
    """Every team of the folder, by name. Raises SubscribersWrong with a line for each thing that is wrong."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise SubscribersWrong(f"{folder} holds no <team>.yaml.")
    read = [_read(file) for file in files]
    if faults := [fault for one in read if not isinstance(one, Subscriber) for fault in one]:
        raise SubscribersWrong("\n".join(faults))
    return [one for one in read if isinstance(one, Subscriber)]


def _read(file: Path) -> Subscriber | list[str]:
    """The team, or what is wrong with its file."""
    try:
        page: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
        one = Subscriber.model_validate(page)
    except yaml.YAMLError as trouble:
        return [f"{file}: is not YAML: {' '.join(str(trouble).split())}"]
    except ValidationError as trouble:
        return [f"{file}: {fault}" for fault in _faults(trouble)]
    return one if one.team == file.stem else [f"{file}: team is {one.team}: the file must be called {one.team}.yaml"]


def _faults(trouble: ValidationError) -> Iterator[str]:
    for error in trouble.errors():
        where = ".".join(map(str, error["loc"]))
        said = error["msg"].removeprefix("Value error, ")
        words = WORDS[error["type"]].format(**error.get("ctx", {})) if error["type"] in WORDS else said
        yield f"{where}: {words}" if where else words
