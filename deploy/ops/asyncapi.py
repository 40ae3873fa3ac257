"""The AsyncAPI 3.1 document and the Backstage entry of everything said, made from topics.yaml, the schemas and the examples.

Payloads are the open variants, as subscribers should read them. Definitions that contracts share stand once, under their names.
"""

import json
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any, cast

import yaml

from deploy.ops import wire
from schemas.contract import EventData
from schemas.record_parked.v1 import RecordParked
from schemas.registry import FOLDER, OPERATORS, Topic, event_class, topics
from schemas.variants import open_variant

type Json = dict[str, Any]

KAFKA_BINDING = "0.5.0"
WORD, RUN_NUMBER = r"^[\x21-\x7e]{1,200}$", r"^[0-9]{1,9}$"
HEADERS = {
    "ce_specversion": {"const": "1.0"},
    "ce_id": {
        "pattern": r"^[0-9a-f]{32}$",
        "description": "SHA-256 of source, type, subject and the subject's own counter; a repeat has the same",
    },
    "ce_source": {"pattern": r"^/achats/[a-z]+$", "description": "/achats/<service>"},
    "ce_type": {"pattern": r"^achats(\.[a-z]+)+\.v[0-9]+$", "description": "name and major version"},
    "ce_time": {"pattern": r"^[0-9T:.-]{19,26}Z$", "description": "when the fact became one, UTC"},
    "ce_subject": {"pattern": WORD, "description": "what it is about: company, or company/invoice and the like"},
    "ce_dataschema": {"pattern": r"^[a-z]+(\.[a-z]+)*\.v[0-9]+$", "description": "the contract's $id"},
    "ce_companyid": {"pattern": WORD, "description": "the company; missing where an event is about no company"},
    "ce_causationid": {"pattern": WORD, "description": "the ce_id of the event this one answers"},
    "ce_runid": {"pattern": WORD, "description": "the import run"},
    "ce_runseq": {"pattern": RUN_NUMBER, "description": "1…N within the run; the run's marker has none"},
    "ce_replayid": {"pattern": WORD, "description": "only on replays"},
    "traceparent": {"pattern": WORD, "description": "W3C trace context"},
    "content-type": {"const": "application/json"},
}
ALWAYS = ("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject", "ce_dataschema", "content-type")
KEYS = {
    "company": "the company's id",
    "invoice": "company/invoice",
    "original": "the key of the refused record",
    "subject": "ce_subject",
}
SEEN_BY = {"us": "Seen by the four services.", "public": "Public: any team may subscribe."}


class DefinitionsDiffer(ValueError):
    """Two contracts give one name to different definitions."""


def document(contracts: Mapping[str, Json]) -> Json:
    """The whole document, of the closed schemas by folder; self-contained: every reference points inside. Raises DefinitionsDiffer."""
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "achats",
            "version": version("achats"),
            "description": _rules(),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {one.name: _channel(one) for one in topics()},
        "operations": {name: operation for one in topics() for name, operation in _operations(one)},
        "components": {"messages": {_id(folder): _message(folder) for folder in contracts}, "schemas": _schemas(contracts)},
    }


def document_text(made: Json) -> str:
    """The bytes of `schemas/asyncapi.yaml`, as text."""
    return "# Made by `achats contracts write` from topics.yaml, the schemas and the examples.\n" + _yaml(made)


def catalogue_text() -> str:
    """The bytes of `catalog-info.yaml`, as text: a Backstage system, its four components, and the API they share."""
    return "# Made by `achats contracts write` from schemas/topics.yaml.\n" + "---\n".join(_yaml(entity) for entity in _entities())


def services() -> list[str]:
    """The services that say something or read something, in the order of topics.yaml; not the people who have commands."""
    return list(dict.fromkeys(name for one in topics() for name in (*one.says, *one.read_by) if name != OPERATORS))


def _rules() -> str:
    """The rules for subscribers, from the page about the contracts."""
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    return page.partition("## Rules for subscribers\n\n")[2].partition("\n## ")[0].strip()


def _id(folder: str) -> str:
    return folder.replace("_", ".")


def _events(one: Topic) -> list[str]:
    return list(dict.fromkeys(folder for said in one.says.values() for folder in said))


def _channel(one: Topic) -> Json:
    broker = {name: [value] if name == "cleanup.policy" else int(value) for name, value in one.configuration.items()}
    binding = {"topic": one.name, "partitions": one.partitions, "topicConfiguration": broker, "bindingVersion": KAFKA_BINDING}
    return {
        "address": one.name,
        "summary": one.purpose,
        "description": f"Owner: {one.owner}. Record key: {KEYS[one.key]}. {SEEN_BY.get(one.seen_by, f'Seen by the {one.seen_by} alone.')}",
        "messages": {_id(folder): {"$ref": f"#/components/messages/{_id(folder)}"} for folder in _events(one)},
        "bindings": {"kafka": binding},
    }


def _operations(one: Topic) -> Iterator[tuple[str, Json]]:
    for action, verb, names in (("send", "says", one.says), ("receive", "reads", one.read_by)):
        for service in names:
            said = one.says[service] if action == "send" else _events(one)
            messages = [{"$ref": f"#/channels/{one.name}/messages/{_id(folder)}"} for folder in said]
            operation = {"action": action, "channel": {"$ref": f"#/channels/{one.name}"}, "tags": [{"name": service}], "messages": messages}
            yield f"{service}.{verb}.{one.name}", operation


def _message(folder: str) -> Json:
    contract = event_class(folder)
    about = (FOLDER / folder / "README.md").read_text(encoding="utf-8").partition("\n\n")[2].strip()
    example = wire.golden(folder, "typical")
    headers = {name: (value or b"").decode() for name, value in example.headers}
    payload: Json = {"payload": json.loads(example.value or b"null")} if issubclass(contract, EventData) else {}
    return {
        "name": contract.ce_type if issubclass(contract, EventData) else _id(folder),
        "title": _id(folder),
        "summary": (contract.__doc__ or "").strip(),
        "description": about,
        "contentType": "application/json",
        "headers": _headers(folder),
        **({"payload": {"$ref": f"#/components/schemas/{contract.__name__}"}} if payload else {}),
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": KAFKA_BINDING}},
        "examples": [{"name": "typical", "headers": headers, **payload}],
    }


def _headers(folder: str) -> Json:
    """Those of every event, with its own type; on a parked record, one more that says why it is there."""
    contract = event_class(folder)
    if issubclass(contract, EventData):
        own = {"ce_type": {"const": contract.ce_type}}
    else:
        said = "JSON of the form of #/components/schemas/RecordParked"
        own = {RecordParked.header_name: {"type": "string", "contentMediaType": "application/json", "description": said}}
    return {"allOf": [{"$ref": "#/components/schemas/Headers"}, {"type": "object", "properties": own, "required": [*own]}]}


def _schemas(contracts: Mapping[str, Json]) -> Json:
    """Headers, every payload and every definition."""
    headers = {name: {"type": "string", **rule} for name, rule in HEADERS.items()}
    found: Json = {"Headers": {"type": "object", "properties": headers, "required": list(ALWAYS)}}
    for name, made in (pair for closed in contracts.values() for pair in _named_schemas(closed)):
        if found.setdefault(name, made) != made:
            raise DefinitionsDiffer(name)
    return dict(sorted(found.items()))


def _named_schemas(closed: Json) -> Iterator[tuple[str, Json]]:
    schema = _pointing_to_components(open_variant(closed))
    yield schema["title"], {keyword: value for keyword, value in schema.items() if keyword not in ("$schema", "$id", "$defs")}
    yield from schema.get("$defs", {}).items()


def _pointing_to_components(value: Any) -> Any:
    if isinstance(value, list):
        return [_pointing_to_components(inner) for inner in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    part = {name: _pointing_to_components(inner) for name, inner in cast("Json", value).items()}
    return {"$ref": part["$ref"].replace("#/$defs/", "#/components/schemas/")} if "$ref" in part else part


def _entities() -> Iterator[Json]:
    head = {"apiVersion": "backstage.io/v1alpha1"}
    shared = {"owner": "achats", "system": "achats", "lifecycle": "production"}
    about = "Amazon Business purchase invoices, from the order to the books."
    yield {**head, "kind": "System", "metadata": {"name": "achats", "description": about}, "spec": {"owner": "achats"}}
    definition = {"$text": "./schemas/asyncapi.yaml"}
    metadata = {"name": "achats-events", "description": "What the services of achats say, on Kafka topics."}
    yield {**head, "kind": "API", "metadata": metadata, "spec": {"type": "asyncapi", **shared, "definition": definition}}
    for service in services():
        gives = {"providesApis": ["achats-events"]} if any(service in one.says for one in topics()) else {}
        takes = {"consumesApis": ["achats-events"]} if any(service in one.read_by for one in topics()) else {}
        yield {
            **head,
            "kind": "Component",
            "metadata": {"name": f"achats-{service}"},
            "spec": {"type": "service", **shared, **gives, **takes},
        }


class _Plain(yaml.SafeDumper):
    """Without anchors: what stands twice is written twice. A text of several lines is written as such."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Plain, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Plain.add_representer(str, _text)


def _yaml(value: Json) -> str:
    return yaml.dump(value, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=140)
