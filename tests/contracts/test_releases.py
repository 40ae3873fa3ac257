"""What was released is kept: every incompatible change that is planted is refused in a sentence, every compatible one passes."""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.ops import contracts, releases
from deploy.ops.containment import Misfit
from deploy.ops.contracts_commands import app
from deploy.ops.releases import Breach, Direction, breaches, released
from schemas.registry import FOLDER
from tests.contracts.files import FOLDERS, Json, parts, schema

type Change = Callable[[Json], list[str]]
"""Changes a schema in place wherever it can; the last name of each field that it touched."""

OLD, NEW = Direction.OLD_READERS, Direction.NEW_READERS


def a_field_is_lost(contract: Json) -> list[str]:
    """The first required field of every object."""
    return [_lose(part, part["required"][0]) for part in parts(contract) if part.get("required")]


def a_field_is_demanded(contract: Json) -> list[str]:
    """Of every object, one more."""
    for part in (touched := [part for part in parts(contract) if "required" in part]):
        part["properties"]["tomorrow"] = {"type": "boolean"}
        part["required"].append("tomorrow")
    return ["tomorrow"] * len(touched)


def a_field_may_be_null(contract: Json) -> list[str]:
    """Every field that could not."""
    fields = [(part, name) for part in parts(contract) for name, field in part.get("properties", {}).items() if "anyOf" not in field]
    for part, name in fields:
        part["properties"][name] = {"anyOf": [part["properties"][name], {"type": "null"}]}
    return [name for _, name in fields]


def a_field_may_no_more_be_null(contract: Json) -> list[str]:
    """Every field that could."""
    fields = [(part, name) for part in parts(contract) for name, field in part.get("properties", {}).items() if "anyOf" in field]
    for part, name in fields:
        part["properties"][name] = part["properties"][name]["anyOf"][0]
    return [name for _, name in fields]


def a_field_becomes_a_switch(contract: Json) -> list[str]:
    """Every text becomes true or false."""
    fields = [
        (part, name) for part in parts(contract) for name, field in part.get("properties", {}).items() if field.get("type") == "string"
    ]
    for part, name in fields:
        part["properties"][name] = {"type": "boolean"}
    return [name for _, name in fields]


def a_list_grows(contract: Json) -> list[str]:
    """Every list may have one element more."""
    return _moved(contract, "maxItems", 1)


def a_text_shrinks(contract: Json) -> list[str]:
    """Every text may have one character less."""
    return _moved(contract, "maxLength", -1)


PLANTED: dict[str, tuple[Change, set[Direction]]] = {
    change.__name__: (change, directions)
    for change, directions in (
        (a_field_is_lost, {OLD}),
        (a_field_is_demanded, {NEW}),
        (a_field_may_be_null, {OLD}),
        (a_field_may_no_more_be_null, {NEW}),
        (a_field_becomes_a_switch, {OLD, NEW}),
        (a_list_grows, {OLD}),
        (a_text_shrinks, {NEW}),
    )
}


@pytest.mark.parametrize(("change", "directions"), PLANTED.values(), ids=PLANTED)
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_planted_incompatible_change_is_refused(folder: str, change: Change, directions: set[Direction]):
    """Each touched field is named, with the right direction and with who reads the event; nothing else is."""
    changed = copy.deepcopy(schema(folder))
    touched = change(changed)
    found = breaches(folder, changed, {"v1.0": schema(folder)})
    assert {*touched} == {_last_name(breach.misfit.field) for breach in found}
    assert (directions if touched else set()) == {breach.direction for breach in found}
    for breach in found:
        assert f"field `{breach.misfit.field}` may be {breach.misfit.may_be} in " in str(breach)
        assert f"breaks {releases.parties(folder).readers}, " in str(breach)


SENTENCES = {
    Breach("invoice_collected", "v1.0", OLD, Misfit("evidence.gross_cents", "null")): (
        "invoice.collected: field `evidence.gross_cents` may be null in new records, which old readers (contract v1.0) refuse: "
        "breaks classifier, reading achats.collected.v1 (30 days)."
    ),
    Breach("entry_recorded", "v1.2", NEW, Misfit("lines[].kind", "missing")): (
        "entry.recorded: field `lines[].kind` may be missing in old records (contract v1.2), which new readers refuse: "
        "breaks fetcher, other teams, replaying achats.booked.v1 (30 days)."
    ),
    Breach("collection_finished", "v1.0", OLD, Misfit("emitted", "above 9")): (
        "collection.finished: field `emitted` may be above 9 in new records, which old readers (contract v1.0) refuse: "
        "breaks classifier, ledger, reading achats.collected.v1 (30 days), achats.classified.v1 (30 days)."
    ),
    Breach("company_described", "v1.0", OLD, Misfit("version", "null")): (
        "company.described: field `version` may be null in new records, which old readers (contract v1.0) refuse: "
        "breaks other teams, reading achats.companies.v1 (compacted)."
    ),
    Breach("chain_sealed", "v1.0", NEW, Misfit("book", "missing")): (
        "chain.sealed: field `book` may be missing in old records (contract v1.0), which new readers refuse: "
        "breaks whoever replays it, replaying achats.audit.v1 (400 days)."
    ),
}


@pytest.mark.parametrize(("breach", "sentence"), SENTENCES.items(), ids=lambda value: getattr(value, "folder", ""))
def test_the_sentences(breach: Breach, sentence: str):
    """To the letter: field, direction, who breaks, where."""
    assert sentence == str(breach)


@pytest.mark.parametrize(
    ("directions", "sentence"),
    [
        ([], "Deploy in any order."),
        ([OLD], "Consumers must deploy first: fetcher, other teams; then the producer: ledger."),
        (
            [NEW],
            "The producer must deploy first: ledger; then consumers: fetcher, other teams; records said before stay unreadable to them.",
        ),
        ([NEW, OLD], "No order works for ledger and fetcher, other teams: make a v2."),
    ],
)
def test_who_must_deploy_first(directions: list[Direction], sentence: str):
    """Old readers break: readers first. New readers break: the writer first. Both: neither."""
    found = [Breach("entry_recorded", "v1.0", direction, Misfit("lines", "missing")) for direction in directions]
    assert sentence == releases.order_of_deployment("entry_recorded", found)


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_stands_keeps_every_release(folder: str):
    """Versions from v1.0 without a hole; each a schema of the same contract with the four records; today's compatible with all of them."""
    versions = released(folder)
    assert [f"v1.{minor}" for minor in range(len(versions))] == [*versions] != []
    assert {schema(folder)["$id"]} == {old["$id"] for old in versions.values()}
    assert [] == breaches(folder, schema(folder), versions)
    assert set() == {keyword for old in versions.values() for part in parts(old) for keyword in part} - {*contracts.KEYWORDS}
    for version in versions:
        files = {file.name for file in (FOLDER / folder / "released" / version).iterdir()}
        assert {"schema.json", "typical.wire", "smallest.wire", "largest.wire", "awkward.wire"} == files


def test_every_release_counts_not_only_the_last():
    """A field leaves, which is fine, and comes back as another, which only the first release refuses: its records are in the log."""
    first, second, third = ({"title": "T", "type": "object", "additionalProperties": False, "properties": fields} for fields in _COMES_BACK)
    assert [] == breaches("entry_recorded", second, {"v1.0": first})
    assert [] == breaches("entry_recorded", third, {"v1.1": second})
    assert {"v1.0"} == {breach.version for breach in breaches("entry_recorded", third, {"v1.0": first, "v1.1": second})}


_COMES_BACK: list[Json] = [{"mark": {"type": "string"}}, {}, {"mark": {"type": "integer"}}]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of what was released, to be added to."""
    for folder in FOLDERS:
        shutil.copytree(FOLDER / folder / "released", tmp_path / "schemas" / folder / "released")
    return tmp_path


def test_a_release_keeps_what_changed_and_nothing_else(root: Path, monkeypatch: pytest.MonkeyPatch):
    """One more optional field of one contract: its next minor version; then nothing is left to release."""
    unreleased = contracts.release(root)
    assert [] == contracts.release(root)
    _plant(monkeypatch, "chain_sealed", lambda contract: contract["properties"].update(mark={"type": "boolean"}))
    versions = released("chain_sealed", root)
    assert [f"schemas/chain_sealed/released/v1.{len(versions)}"] == contracts.release(root)
    assert [*versions, f"v1.{len(versions)}"] == [*released("chain_sealed", root)]
    assert contracts.schema_of("chain_sealed") == [*released("chain_sealed", root).values()][-1]
    assert {path.partition("/released/")[0] for path in unreleased} <= {f"schemas/{folder}" for folder in FOLDERS}


def test_versions_are_in_the_order_of_their_numbers(tmp_path: Path):
    """Ten comes after nine."""
    for minor in range(11):
        file = tmp_path / "schemas" / "x" / "released" / f"v1.{minor}" / "schema.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps({"minor": minor}), encoding="utf-8")
    assert [*range(11)] == [old["minor"] for old in released("x", tmp_path).values()]
    assert "v1.11" == releases.next_version(released("x", tmp_path))
    assert "v1.0" == releases.next_version(released("y", tmp_path))


def test_an_incompatible_contract_is_neither_checked_nor_released(root: Path, monkeypatch: pytest.MonkeyPatch):
    """`achats contracts check` fails and says the sentence and what to do; `release` refuses; `diff` also says who must deploy first."""
    _plant(monkeypatch, "entry_recorded", lambda contract: contract["properties"].pop("label") and contract["required"].remove("label"))
    sentence = (
        "entry.recorded: field `label` may be missing in new records, which old readers (contract v1.0) refuse: breaks fetcher, other"
    )
    checked, told = CliRunner().invoke(app, ["check"]), CliRunner().invoke(app, ["diff", "entry.recorded"])
    assert (1, 1) == (checked.exit_code, told.exit_code)
    assert sentence in checked.output
    assert "→ Make the change optional, or make a new major version" in checked.output
    assert "entry.recorded - label" in told.output
    assert "entry.recorded: Consumers must deploy first: fetcher, other teams; then the producer: ledger." in told.output
    with pytest.raises(releases.Incompatible, match="`label` may be missing in new records"):
        contracts.release(root)


def test_a_compatible_change_is_told_and_passes(monkeypatch: pytest.MonkeyPatch):
    """One more optional field deep inside: who must deploy first is nobody."""
    added = {"anyOf": [{"type": "boolean"}, {"type": "null"}]}
    _plant(monkeypatch, "entry_recorded", lambda contract: contract["$defs"]["EntryLine"]["properties"].update(reversed=added))
    assert [] == contracts.broken()
    told = CliRunner().invoke(app, ["diff", "entry.recorded"])
    assert 0 == told.exit_code
    assert {"entry.recorded + lines[].reversed", "entry.recorded: Deploy in any order."} <= {*told.output.splitlines()}


def test_an_unknown_event_is_told():
    """Rather than that nothing changed."""
    told = CliRunner().invoke(app, ["diff", "entry.recrded"])
    assert (2, True) == (told.exit_code, "entry_recrded" in told.output)


def _plant(monkeypatch: pytest.MonkeyPatch, folder: str, change: Callable[[Json], object]) -> None:
    """Have this contract's class make another schema."""
    made = contracts.schema_of
    changed = made(folder)
    change(changed)

    def planted(one: str) -> Json:
        return copy.deepcopy(changed) if one == folder else made(one)

    monkeypatch.setattr(contracts, "schema_of", planted)


def _last_name(field: str) -> str:
    """Of `lines[].names.*`, a map of lists, `names`."""
    return field.removesuffix(".*").removesuffix("[]").rpartition(".")[2]


def _lose(part: Json, name: str) -> str:
    part["required"].remove(name)
    del part["properties"][name]
    return name


def _moved(contract: Json, bound: str, by: int) -> list[str]:
    """Every such bound of the contract moved; the fields they are bounds of."""
    fields = [(name, part) for name, field in _spots(contract) for part in parts(field) if bound in part]
    for part in {id(part): part for _, part in fields}.values():
        part[bound] += by
    return [name for name, _ in fields]


def _spots(contract: Json) -> list[tuple[str, Json]]:
    """Every field by its last name, with its own alternatives and elements; objects inside it have their own."""
    return [(name, field) for part in parts(contract) for name, field in part.get("properties", {}).items()]
