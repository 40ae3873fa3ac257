"""The AsyncAPI document: right by the standard's own schema, true to topics.yaml, its examples valid; the page and the catalogue entry."""

import copy
import json
import re
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from typing import Any, cast

import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator

from deploy.ops import asyncapi, asyncapi_page, contracts
from schemas.registry import FOLDER, topics
from tests.contracts.files import EVENTS, FOLDERS, Json, parts, schema

STANDARD = json.loads((FOLDER.parent / "tests" / "contracts" / "asyncapi-3.1.0.schema.json").read_text(encoding="utf-8"))
"""The AsyncAPI initiative's own (npm `@asyncapi/specs` 6.11.1, Apache-2.0), without spaces."""

PAGE = (FOLDER / "asyncapi.html").read_text(encoding="utf-8")
PUBLIC = {one.name for one in topics() if one.seen_by == "public"}


@cache
def document() -> Json:
    """The committed document, for reading only."""
    return cast("Json", yaml.safe_load((FOLDER / "asyncapi.yaml").read_text(encoding="utf-8")))


def breaches(made: Json) -> list[str]:
    """What breaks AsyncAPI 3.1."""
    found = Draft7Validator(STANDARD).iter_errors(made)  # pyright: ignore[reportUnknownMemberType]
    return [error.message for error in found]


def test_the_document_is_asyncapi():
    """By the standard's own schema."""
    assert "3.1.0" == document()["asyncapi"]
    assert [] == breaches(document())


WRONG: dict[str, Callable[[Json], object]] = {
    "no title": lambda made: made["info"].pop("title"),
    "an action that is none": lambda made: made["operations"]["ledger.says.achats.booked.v1"].update(action="shout"),
    "no topic has fewer than one partition": lambda made: made["channels"]["achats.booked.v1"]["bindings"]["kafka"].update(partitions=-1),
    "a misspelled part": lambda made: made["channels"]["achats.booked.v1"].update(adress="achats.booked.v1"),
    "a type that is none": lambda made: made["components"]["schemas"]["Totals"].update(type="money"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_planted_mistake_breaks_the_standard(wrong: Callable[[Json], object]):
    """The standard's schema sees what we could get wrong."""
    made = copy.deepcopy(document())
    wrong(made)
    assert [] != breaches(made)


def test_every_reference_points_inside_the_document():
    """It is self-contained: Backstage and a mail take it as it is."""
    found = set(re.findall(r"\$ref: '?([^'\s]+)", (FOLDER / "asyncapi.yaml").read_text(encoding="utf-8")))
    assert [] == [one for one in found if not one.startswith("#/") or not _at(document(), one)]


def test_channels_and_operations_are_topics_yaml():
    """Every topic with its partitions; every service with what it says and reads there."""
    channels = document()["channels"]
    assert [(one.name, one.partitions) for one in topics()] == [
        (name, one["bindings"]["kafka"]["partitions"]) for name, one in channels.items()
    ]
    operations = document()["operations"]
    said = {f"{who}.says.{one.name}" for one in topics() for who in one.says}
    assert said | {f"{who}.reads.{one.name}" for one in topics() for who in one.read_by} == {*operations}
    assert PUBLIC == {name for name, one in channels.items() if "Public" in one["description"]}
    messages = operations["classifier.says.achats.classified.v1"]["messages"]
    expected = ["invoice.classified", "classification.held", "invoice.parked", "collection.finished"]
    assert [f"#/channels/achats.classified.v1/messages/{event}" for event in expected] == [message["$ref"] for message in messages]


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_examples_are_valid_by_the_document_itself(folder: str):
    """Payload and headers, against what the document says of them: parsers of AsyncAPI do not look."""
    message = document()["components"]["messages"][folder.replace("_", ".")]
    for example in message["examples"]:
        assert [] == _refusals(message["headers"], example["headers"])
        assert folder not in EVENTS or [] == _refusals(message["payload"], example["payload"])


def test_an_example_that_contradicts_its_schema_is_seen():
    """A header of another event, a header lost, a text where cents stand."""
    message = document()["components"]["messages"]["entry.recorded"]
    example = copy.deepcopy(message["examples"][0])
    example["payload"]["totals"]["net_cents"] = "12"
    assert ["'12' is not of type 'integer'"] == _refusals(message["payload"], example["payload"])
    assert 1 == len(_refusals(message["headers"], example["headers"] | {"ce_type": "achats.entry.reversed.v1"}))
    assert ["'ce_id' is a required property"] == _refusals(
        message["headers"], {name: value for name, value in example["headers"].items() if name != "ce_id"}
    )


@pytest.mark.parametrize("folder", FOLDERS)
def test_payloads_are_the_open_contracts(folder: str):
    """Every field of the schema, and none closed: subscribers validate with it and ignore what they do not know."""
    made = document()["components"]["schemas"][schema(folder)["title"]]
    assert [*schema(folder)["properties"]] == [*made["properties"]]
    assert False not in [part.get("additionalProperties") for part in parts(made)]


def test_two_definitions_of_one_name_are_refused():
    """They stand once in the document, so they must be the same."""
    made = {folder: contracts.schema_of(folder) for folder in FOLDERS}
    made["booking_held"]["$defs"]["Totals"]["required"] = []
    with pytest.raises(asyncapi.DefinitionsDiffer, match="Totals"):
        asyncapi.document(made)


class _Links(HTMLParser):
    """What a page points to and loads, and which places it has."""

    def __init__(self) -> None:
        super().__init__()
        self.targets, self.places, self.tags = set[str](), set[str](), set[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = dict(attrs)
        self.targets |= {value for name in ("href", "src", "data") if (value := given.get(name)) is not None}
        self.places |= {value for value in [given.get("id")] if value}


def test_the_page_needs_nothing_else():
    """No script, no style or picture from elsewhere; every link is a place of the page; every event has one."""
    links = _Links()
    links.feed(PAGE)
    assert set() == links.tags & {"script", "link", "img", "iframe", "object"}
    assert "url(" not in PAGE
    assert links.targets <= {f"#{place}" for place in links.places}
    assert {folder.replace("_", ".") for folder in FOLDERS} <= links.places


def test_the_page_shows_a_field_as_people_read_it():
    """A field of a line of an entry, which may be missing or null, with its bounds; what is text stays text."""
    rows = PAGE[PAGE.index('<h2 id="entry.recorded">') :]
    assert "<td><code>lines[].vat_rate</code></td><td>string or null</td>" in rows
    assert "<td><code>lines</code></td><td>list of object</td><td><code>at least 2; at most 2000</code></td>" in rows
    assert "<td><code>totals.net_cents</code></td><td>integer</td>" in rows
    assert "<p>the <strong>bold</strong> &lt;b&gt; and <code>a *star*</code></p>" == asyncapi_page.prose("the **bold** <b>\nand `a *star*`")
    assert "<p>A</p>\n<ul><li>b</li>\n<li>c d</li></ul>" == asyncapi_page.prose("A\n\n- b\n- c\n  d")
    assert "<ol><li>b</li>\n<li>c</li></ol>" == asyncapi_page.prose("1. b\n2. c")


def test_the_catalogue_entry_names_the_document_and_the_services():
    """One system, one API of type asyncapi whose file is there, four components."""
    entities: list[Any] = [*yaml.safe_load_all((FOLDER.parent / "catalog-info.yaml").read_text(encoding="utf-8"))]
    kinds = [(one["kind"], one["metadata"]["name"]) for one in entities]
    services = ["achats-fetcher", "achats-notifier", "achats-classifier", "achats-ledger"]
    assert [("System", "achats"), ("API", "achats-events"), *(("Component", service) for service in services)] == kinds
    assert "asyncapi" == entities[1]["spec"]["type"]
    assert (FOLDER.parent / entities[1]["spec"]["definition"]["$text"]).samefile(FOLDER / "asyncapi.yaml")
    assert {"backstage.io/v1alpha1"} == {one["apiVersion"] for one in entities}


def _refusals(part: Json, value: Any) -> list[str]:
    """What a part of the document refuses, references followed through the whole."""
    found = Draft202012Validator({**part, "components": document()["components"]}).iter_errors(value)  # pyright: ignore[reportUnknownMemberType]
    return [error.message for error in found]


def _at(made: Json, reference: str) -> Json:
    """What stands where the reference points; nothing when there is nothing."""
    spot = made
    for step in reference.removeprefix("#/").split("/"):
        spot = cast("Json", spot.get(step, {}))
    return spot
