"""The topics and events of `topics.yaml`, loaded and checked: the only place that turns a name into a contract."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import yaml

from schemas.contract import Contract, EventData

OPERATORS = "operators"  # people, by their commands: they say things, and are no service
FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `keeps` is days, or None when compacted; `says` maps a producing service to the event folders it says."""

    name: str
    purpose: str
    owner: str
    key: str
    partitions: int
    keeps: int | None
    seen_by: str
    says: dict[str, tuple[str, ...]]
    read_by: tuple[str, ...]
    max_message_bytes: int

    @property
    def configuration(self) -> dict[str, str]:
        """The broker's topic configuration."""
        cleanup = (
            {"cleanup.policy": "compact"}
            if self.keeps is None
            else {"cleanup.policy": "delete", "retention.ms": str(self.keeps * 86_400_000)}
        )
        return {**cleanup, "max.message.bytes": str(self.max_message_bytes)}


class UnknownContract(LookupError):
    """topics.yaml does not know this topic, event or producer."""


@cache
def topics() -> tuple[Topic, ...]:
    """Every topic, in the order of the file."""
    page = cast("dict[str, Any]", yaml.safe_load((FOLDER / "topics.yaml").read_text(encoding="utf-8")))
    named = (_topic(name, {**page["defaults"], **row}) for name, row in page["topics"].items())
    return (*named, *_parked_and_retry(page["defaults"], page["parked_and_retry"]))


def topic(name: str) -> Topic:
    """The topic of this name."""
    for candidate in topics():
        if candidate.name == name:
            return candidate
    raise UnknownContract(name)


def topic_for(producer: str, event: type[EventData]) -> str:
    """The topic on which `producer` says `event`."""
    folder = event.__module__.split(".")[1]
    for candidate in topics():
        if folder in candidate.says.get(producer, ()):
            return candidate.name
    raise UnknownContract(f"{producer} does not say {folder}")


def topics_read_by(service: str) -> tuple[str, ...]:
    """The live topics a service consumes; what is given back to it comes on its retry topic beside them."""
    return tuple(candidate.name for candidate in topics() if service in candidate.read_by and candidate.key != "original")


def parked_topic(service: str) -> str:
    """Where a service puts the records it refuses."""
    return topic(f"achats.parked.{service}.v1").name


def retry_topic(service: str) -> str:
    """Where parked records are given back to a service."""
    return topic(f"achats.retry.{service}.v1").name


def types_on(names: Iterable[str]) -> dict[str, type[EventData]]:
    """The event classes that can appear on these topics, by `ce_type`."""
    folders = {folder for name in names for said in topic(name).says.values() for folder in said}
    return {contract.ce_type: contract for contract in map(event_class, sorted(folders)) if issubclass(contract, EventData)}


def event_folders() -> tuple[str, ...]:
    """Every folder that holds a contract."""
    return tuple(sorted(path.parent.name for path in FOLDER.glob("*/v1.py")))


@cache
def event_class(folder: str) -> type[Contract]:
    """The frozen class of a contract's folder: `invoice_collected` → `InvoiceCollected`."""
    name = "".join(word.capitalize() for word in folder.split("_"))
    return cast("type[Contract]", getattr(import_module(f"schemas.{folder}.v1"), name))


def _topic(name: str, row: dict[str, Any]) -> Topic:
    keeps = row.pop("keeps")
    says = {producer: tuple(events) for producer, events in row.pop("says").items()}
    return Topic(name=name, keeps=None if keeps == "compacted" else int(keeps), says=says, read_by=tuple(row.pop("read_by")), **row)


def _parked_and_retry(defaults: dict[str, Any], row: dict[str, Any]) -> Iterable[Topic]:
    shared = {**defaults, **{name: value for name, value in row.items() if name != "services"}}
    for service in row["services"]:
        yield _topic(
            f"achats.parked.{service}.v1",
            {**shared, "owner": service, "purpose": f"Records the {service} refused.", "says": {service: ["record_parked"]}, "read_by": []},
        )
        yield _topic(
            f"achats.retry.{service}.v1",
            {
                **shared,
                "partitions": defaults["partitions"],
                "owner": service,
                "purpose": f"Parked records given back to the {service}.",
                "says": {},
                "read_by": [service],
            },
        )
