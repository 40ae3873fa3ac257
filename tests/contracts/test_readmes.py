"""The pages about the contracts say what topics.yaml and the classes say."""

import re

import pytest

from schemas.registry import FOLDER, Topic, topics
from tests.contracts.files import FOLDERS, properties, schema

PAGE = (FOLDER / "README.md").read_text(encoding="utf-8")
PER_SERVICE = re.compile(r"(?<=^achats\.)(parked|retry)\.[a-z]+")


def test_the_table_of_topics_is_topics_yaml():
    """One row for each topic, in order; the parked and retry topics of the four services are one row each."""
    rows = [line for line in PAGE.splitlines() if line.startswith("| `achats.") and line.count("|") == 7]
    assert list(dict.fromkeys(_row(one) for one in topics())) == rows


def test_the_page_is_short():
    """It is read."""
    assert len(PAGE.splitlines()) <= 75


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_contract_s_page_names_it_its_topics_and_what_may_change(folder: str):
    """At most 25 lines; its name first; every topic it is on; what it does not mean; who reads it; its key."""
    text = (FOLDER / folder / "README.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {folder.replace('_', '.')}\n")
    assert len(text.splitlines()) <= 25
    assert [] == [one.name for one in topics() if any(folder in said for said in one.says.values()) and f"`{one.name}`" not in text]
    assert [] == [words for words in ("It does not mean", "Read by", "Key and ids", "May change") if f"**{words}**" not in text]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_contract_s_page_names_only_fields_that_exist(folder: str):
    """`Lists that grow` names each field whose codes may grow by a name that the class, or one inside it, has."""
    text = (FOLDER / folder / "README.md").read_text(encoding="utf-8")
    growing = next((line for line in text.splitlines() if line.startswith("- **Lists that grow**")), "")
    assert set() == set(re.findall(r"`([a-z_]+)`", growing)) - {name for name, _ in properties(schema(folder))}


def _row(one: Topic) -> str:
    if one.key == "original":
        kind = PER_SERVICE.sub(r"\1.<service>", one.name)
        says = "each service: record.parked" if one.says else "operators: what was parked"
        return f"| `{kind}` | {says} | original | {one.keeps} d | {one.seen_by} | {'that service' if one.read_by else '—'} |"
    says = "; ".join(f"{who}: {', '.join(folder.replace('_', '.') for folder in said)}" for who, said in one.says.items())
    keeps = "compacted" if one.keeps is None else f"{one.keeps} d"
    return f"| `{one.name}` | {says or 'nothing yet'} | {one.key} | {keeps} | {one.seen_by} | {', '.join(one.read_by) or '—'} |"
