"""The committed schemas: the same as the classes, closed for writers, open for readers, and within what compatibility checks understand."""

import copy
import json
import re
from datetime import date
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from deploy.ops import contracts
from schemas.contract import Contract, EventData
from schemas.registry import event_class, topics
from schemas.variants import open_variant
from tests.contracts.files import EVENTS, EXAMPLES, FOLDERS, Json, example, objects, parts, properties, refusals, schema, within

KEYWORDS = {
    *("$schema", "$id", "$ref", "$defs", "title", "description", "type", "const", "enum", "anyOf"),
    *("properties", "required", "additionalProperties", "maxProperties", "items", "minItems", "maxItems"),
    *("pattern", "minLength", "maxLength", "minimum", "maximum"),
}
PUBLIC = sorted({folder for topic in topics() if topic.seen_by == "public" for said in topic.says.values() for folder in said})
ABOUT_A_PERSON = re.compile(r"e_?mail|phone|buyer|contact|address|person|first_name|last_name|given_name|iban|birth|user|login")
CODE = r"^[a-z0-9_]{1,64}$"
OPTIONAL = {
    "CompanySettings": ["asset_limit_cents", "asset_limit_basis", "freight_policy", "vat_timing"],
    "Evidence": ["departure", "delivery_date", "exchange_rate"],
    "Answers": ["initial_equipment", "sets"],
    "InvoiceCollected": ["answers", "lifted"],
    "HoldLifted": ["stage", "given"],
    "Given": [
        *("type", "number", "issue_date", "currency", "exchange_rate", "net_cents", "vat_cents", "gross_cents"),
        *("vat_rate", "regime", "delivery_date"),
    ],
    "ClassifiedLine": ["cost_cents"],
    "ClassifiedVat": ["asset", "deductible_cents", "opinion", "article", "waits_for"],
    "InvoiceClassified": ["delivery_date", "exchange_rate", "lifted"],
    "ClassificationHeld": ["article"],
    "EntryLine": ["currency_cents"],
    "EntryRecorded": ["exchange_rate", "follows"],
    "EntryReversed": ["currency"],
}
"""Fields added after their contract's first version, by object."""

SWITCHES = {"buyer_check"}  # a setting of the company, true or false


def test_there_are_twenty_seven_contracts():
    """A contract that is added or lost is seen here."""
    assert (27, 26) == (len(FOLDERS), len(EVENTS))


def test_no_made_file_differs_from_what_it_is_made_of():
    """`achats contracts check` would find nothing."""
    assert [] == contracts.stale()


def test_a_stale_file_is_named(tmp_path: Path):
    """Written elsewhere, some changed by a byte and one lost: all are named, and written again they are right."""
    for folder in FOLDERS:
        (tmp_path / "schemas" / folder / "examples" / "v1").mkdir(parents=True)
    contracts.write(tmp_path)
    assert [] == contracts.stale(tmp_path)
    changed = ["schemas/invoice_collected/v1.schema.json", "schemas/asyncapi.yaml", "schemas/asyncapi.html", "catalog-info.yaml"]
    lost = "schemas/record_parked/examples/v1/largest.wire"
    for name in changed:
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes() + b"\n")
    (tmp_path / lost).unlink()
    assert [*changed, lost] == contracts.stale(tmp_path)
    contracts.write(tmp_path)
    assert [] == contracts.stale(tmp_path)


def test_a_keyword_outside_the_list_is_refused(monkeypatch: pytest.MonkeyPatch):
    """A plain `date` brings `format`, whose differences compatibility checkers pass over in silence."""

    class Dated(Contract):
        day: date

    monkeypatch.setattr(contracts, "event_class", {"dated": Dated}.__getitem__)
    with pytest.raises(contracts.KeywordNotAllowed, match="format"):
        contracts.schema_of("dated")


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_schema_is_a_schema_and_says_what_it_is(folder: str):
    """JSON Schema 2020-12; `$id` = `ce_dataschema`; title = the class; the class's docstring describes it."""
    contract = schema(folder)
    Draft202012Validator.check_schema(contract)
    assert "https://json-schema.org/draft/2020-12/schema" == contract["$schema"]
    assert f"{folder.replace('_', '.')}.v1" == contract["$id"]
    assert (event_class(folder).__name__, event_class(folder).__doc__) == (contract["title"], contract["description"])


@pytest.mark.parametrize("folder", FOLDERS)
def test_only_the_allowed_keywords(folder: str):
    """`format`, `default`, `if` and the like say nothing here."""
    assert set() == {keyword for part in parts(schema(folder)) for keyword in part} - KEYWORDS


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_object_is_closed_and_every_field_is_always_there(folder: str):
    """Nothing unknown and nothing missing, at any depth. A field added later is optional: it then goes into a list here."""
    for name, part in named_objects(schema(folder)):
        later = OPTIONAL.get(name, [])
        always = [field for field in part["properties"] if field not in later]
        assert (False, always) == (part["additionalProperties"], part.get("required", []))
        assert set(later) <= set(part["properties"])


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_float_and_cents_are_integers(folder: str):
    """No JSON number that is not an integer; a field of cents is an integer, or a fact of one, or null."""
    contract = schema(folder)
    assert "number" not in {part.get("type") for part in parts(contract)}
    for name, field in properties(contract):
        if name.endswith("_cents"):
            assert {"integer"} == _types(field, contract) - {"null"}, name


@pytest.mark.parametrize("folder", FOLDERS)
def test_patterns_mean_the_same_everywhere(folder: str):
    r"""Anchored, and without classes that some engines read as Unicode (`\d`, `\w`): `٣` is a digit to one reader and none to another."""
    for pattern in {part["pattern"] for part in parts(schema(folder)) if "pattern" in part}:
        assert (pattern[0], pattern[-1]) == ("^", "$")
        assert r"\d" not in pattern
        assert r"\w" not in pattern


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_text_and_every_list_has_an_end(folder: str):
    """A text has a greatest length or a pattern of bounded parts; a list a greatest number; a map of names both."""
    for part in parts(schema(folder)):
        if part.get("type") == "string":
            assert "maxLength" in part or _is_bounded(part["pattern"]), part
        if part.get("type") == "array":
            assert part["maxItems"] <= 2_000, part
        if isinstance(part.get("additionalProperties"), dict):
            assert part["maxProperties"] == 50, part


def test_the_guard_of_patterns_can_fail():
    """Characters of a set count as one; what may repeat without end does not pass."""
    assert [True, True, False, False, False] == [_is_bounded(one) for one in ("^[+*]{1,9}$", "^a(b{2})?$", "^[a-z]+$", "^a*$", "^a{2,}$")]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_list_of_codes_that_may_grow_says_so(folder: str):
    """Wherever a code stands, with or without its known values."""
    for name, field in properties(schema(folder)):
        inner = [field, *field.get("anyOf", []), field.get("items", {})]
        if any(part.get("pattern") == CODE for part in inner) or "known:" in field.get("description", ""):
            said = [part["description"] for part in inner if "description" in part]
            assert said, name
            assert all(one.endswith("treat an unknown one as other") for one in said), name


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("folder", FOLDERS)
def test_an_unknown_field_is_refused_by_writers_and_ignored_by_readers(folder: str, name: str):
    """At every depth: the closed schema and the class refuse it; the open variant and the class as readers use it do not see it."""
    closed, known, contract = schema(folder), example(folder, name), event_class(folder)
    opened, read = open_variant(closed), contract.model_validate_json(json.dumps(known))
    for place in _one_of_each(closed, known):
        value = copy.deepcopy(known)
        within(value, place)["field_of_tomorrow"] = {"deep": [1]}
        assert ["Additional properties are not allowed ('field_of_tomorrow' was unexpected)"] == _messages(closed, value), place
        with pytest.raises(ValidationError, match="field_of_tomorrow"):
            contract.model_validate_json(json.dumps(value))
        assert [] == refusals(opened, value), place
        assert read == contract.model_validate_json(json.dumps(value), extra="ignore"), place


def test_a_map_stays_a_map_in_the_open_variant():
    """`business_order_info` takes any name, and text only, in both variants."""
    value = example("invoice_collected", "typical")
    value["stated"]["charges"][0]["business_order_info"]["Nouveau champ"] = 1
    messages = ["1 is not of type 'string'"]
    closed = schema("invoice_collected")
    assert (messages, messages) == (_messages(closed, value), _messages(open_variant(closed), value))


def test_the_open_variant_leaves_the_schema_as_it_was():
    """A reader's variant is another value."""
    closed = schema("entry_recorded")
    open_variant(closed)
    assert schema("entry_recorded") == closed


@pytest.mark.parametrize("folder", PUBLIC)
def test_public_contracts_have_no_field_about_a_person(folder: str):
    """Buyers' names, addresses and the like stay in the fetcher's tables (GDPR art. 5-1 c)."""
    assert set() == {name for name, _ in properties(schema(folder)) if ABOUT_A_PERSON.search(name)} - SWITCHES


def test_the_list_of_personal_fields_would_find_one():
    """The guard is proven on contracts that only some may read: the buyer as printed, the sealed address."""
    found = {name for folder in ("invoice_collected", "contact_described") for name, _ in properties(schema(folder))}
    assert {"buyer", "buyer_check", "sealed_address"} == {name for name in found if ABOUT_A_PERSON.search(name)}


def test_the_public_contracts():
    """What any team may read."""
    expected = [
        *("booking_held", "company_described", "entry_recorded", "entry_reversed", "entry_superseded", "entry_validated"),
        *("import_finished", "invoice_described", "notification_sent"),
    ]
    assert expected == PUBLIC


@pytest.mark.parametrize("folder", EVENTS)
def test_the_type_is_the_folder(folder: str):
    """`invoice_collected` says `achats.invoice.collected.v1`."""
    contract = event_class(folder)
    assert issubclass(contract, EventData)
    assert f"achats.{folder.replace('_', '.')}.v1" == contract.ce_type


def named_objects(contract: Json) -> list[tuple[str, Json]]:
    """The contract and its definitions that have properties, each with its name."""
    every = [(contract["title"], contract), *contract.get("$defs", {}).items()]
    return [(name, part) for name, part in every if "properties" in part]


def _is_bounded(pattern: str) -> bool:
    """Whether nothing in the pattern repeats without end."""
    return not re.search(r"[*+]|,\}", re.sub(r"\[[^\]]*\]", "x", pattern))


def _types(field: Json, root: Json) -> set[str]:
    """The JSON types a field may have; a fact counts as its value."""
    if "$ref" in field:
        return _types(root["$defs"][field["$ref"].removeprefix("#/$defs/")]["properties"]["value"], root)
    return {kind for branch in field["anyOf"] for kind in _types(branch, root)} if "anyOf" in field else {field["type"]}


def _one_of_each(closed: Json, value: Json) -> list[tuple[str | int, ...]]:
    """One place for each kind of object: the first element of a list stands for the others."""
    first = {tuple("*" if isinstance(step, int) else step for step in place): place for place in reversed([*objects(closed, value)])}
    return list(first.values())


def _messages(contract: Json, value: Json) -> list[str]:
    return [refusal.partition(": ")[2] for refusal in refusals(contract, value)]


@pytest.mark.parametrize(
    ("field", "value", "good"),
    [
        ("window_from", "1900-01-01", True),
        ("window_from", "1899-12-31", False),
        ("window_to", "2999-12-31", True),
        ("window_to", "3000-01-01", False),
        ("emitted", 1_000_000, True),
        ("emitted", 1_000_001, False),
    ],
)
def test_schema_and_class_bound_days_and_counts_alike(field: str, value: object, good: bool):
    """What no book could hold is refused by both engines."""
    said = {**example("collection_finished", "typical"), field: value}
    assert good is (not refusals(schema("collection_finished"), said))
    assert good is _reads("collection_finished", said)


@pytest.mark.parametrize(
    ("field", "value", "good"),
    [
        ("number", "A\nb\u00e9", True),
        ("number", "A\x00", False),
        ("number", "\x00\n", False),
        ("revision", 2**31 - 1, True),
        ("revision", 2**31, False),
    ],
)
def test_schema_and_class_refuse_nul_and_huge_revisions_alike(field: str, value: object, good: bool):
    """A text of several lines is fine; PostgreSQL takes no NUL and no integer of more than 31 bits."""
    said = {**example("invoice_classified", "typical"), field: value}
    assert good is (not refusals(schema("invoice_classified"), said))
    assert good is _reads("invoice_classified", said)


def _reads(folder: str, said: Json) -> bool:
    try:
        event_class(folder).model_validate_json(json.dumps(said))
    except ValidationError:
        return False
    return True
