"""The decision records keep their form: four sections, consecutive numbers, a table that names each, paths that exist, no long reads."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.style import ROOT

DECISIONS = ROOT / "deploy" / "decisions"
SECTIONS = ["Context", "Decision", "Consequences", "Rejected"]
LINES_MAX = 60
TITLE = re.compile(r"# (\d{4}) (\S.*)")
FILE_NAME = re.compile(r"(\d{4})-[a-z0-9]+(-[a-z0-9]+)*\.md")
STATUS = re.compile(r"Status: (accepted|accepted, to be measured|superseded by \d{4})")
ROW = re.compile(r"\| \[(\d{4})\]\(([^)]+)\) \| (.+) \| ([^|]+) \|")
PATH = re.compile(r"`((?:services|schemas|deploy|tests|requirements)/[\w./-]+)`")

RECORDS = {file.name: file.read_text(encoding="utf-8") for file in sorted(DECISIONS.glob("[0-9]*.md"))}

type Row = tuple[str, str, str, str]
"""Number, file name, title, status."""

type Rule = Callable[[str, str], list[str]]


def heading(name: str, text: str) -> list[str]:
    """`# NNNN Title` with the number of the file's name, then a date and a known status."""
    first, blank, day, status, *_ = [*text.splitlines(), "", "", "", ""]
    title, named = TITLE.fullmatch(first), FILE_NAME.fullmatch(name)
    good = title and named and title[1] == named[1] and blank == "" and re.fullmatch(r"Date: \d{4}-\d{2}-\d{2}", day)
    return [] if good and STATUS.fullmatch(status) else [f"{name} does not begin with number, title, date and status"]


def sections(name: str, text: str) -> list[str]:
    """The four sections, in their order, none of them empty."""
    found = re.findall(r"^## (.+)\n\n\S", text, flags=re.MULTILINE)
    return [] if found == SECTIONS else [f"{name} has the sections {found}"]


def length(name: str, text: str) -> list[str]:
    """No more lines than one reads at once."""
    lines = text.count("\n")
    return [] if lines <= LINES_MAX else [f"{name} has {lines} lines"]


def paths(name: str, text: str) -> list[str]:
    """What a record names in this repository is there."""
    return [f"{name} names {path}, which does not exist" for path in PATH.findall(text) if not (ROOT / path).exists()]


RULES: tuple[Rule, ...] = (heading, sections, length, paths)

GOOD = "# 0001 We do this\n\nDate: 2026-11-23\nStatus: accepted\n\n" + "\n".join(f"## {section}\n\nWords.\n" for section in SECTIONS)
PLANTED = [
    (heading, GOOD.replace("0001", "0002")),
    (heading, GOOD.replace("Date: 2026-11-23\n", "")),
    (heading, GOOD.replace("accepted", "perhaps")),
    (sections, GOOD.replace("## Rejected", "## Alternatives")),
    (sections, GOOD.replace("## Rejected\n\nWords.\n", "## Rejected\n")),
    (length, GOOD + "More.\n" * LINES_MAX),
    (paths, GOOD + "See `services/nowhere.py`.\n"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_record_keeps_the_rule(rule: Rule):
    """Goal: one form for all records. Case: every file of the folder."""
    assert [] == [breach for name, text in RECORDS.items() for breach in rule(name, text)]


@pytest.mark.parametrize(("rule", "text"), PLANTED, ids=lambda value: getattr(value, "__name__", ""))
def test_a_planted_breach_is_caught(rule: Rule, text: str):
    """Goal: each rule can fail. Case: a good record passes, the same with one breach does not."""
    assert [] == rule("0001-we-do-this.md", GOOD)
    assert [] != rule("0001-we-do-this.md", text)


def test_numbers_are_consecutive():
    """Goal: a number names one record for ever. Case: 0001 upward, without a hole or a double."""
    assert [f"{number:04}" for number in range(1, len(RECORDS) + 1)] == [name[:4] for name in RECORDS]


def test_the_table_of_the_readme_equals_the_files():
    """Goal: the table can be trusted. Case: number, file, title and status of each record, in order."""
    rows: list[Row] = ROW.findall((DECISIONS / "README.md").read_text(encoding="utf-8"))
    assert [row_of(name, text) for name, text in RECORDS.items()] == rows


def test_nothing_else_lies_among_the_records():
    """Goal: no record escapes these tests by its name. Case: every file of the folder is a record or the README."""
    assert [*RECORDS, "README.md"] == sorted(file.name for file in Path(DECISIONS).iterdir())


def row_of(name: str, text: str) -> Row:
    """The record's row in the table."""
    number, title = text.splitlines()[0].removeprefix("# ").split(" ", 1)
    return number, name, title, text.splitlines()[3].removeprefix("Status: ")
