"""The files of subscribers/: what may be asked for, and in which words everything else is refused."""

import re
from pathlib import Path

import pytest

from deploy.ops.grants import Grant, Limit, Plan, grants_of, limits_of
from deploy.ops.subscribers import SubscribersWrong, subscribers
from deploy.ops.subscribers_commands import app
from schemas.registry import topics
from tests.support.style import ROOT

GOOD = """\
team: stock
contact: stock@example.com
purpose: Counts what arrives by the lines of invoices.
topics: [achats.invoices.v1]
group_prefix: stock.
needs_personal_data: false
slo: {lag_minutes: 60}
"""


def asked(folder: Path, text: str, name: str = "stock.yaml") -> str:
    """What is said of a folder with this file; empty when it is good."""
    (folder / name).write_text(text, encoding="utf-8")
    try:
        subscribers(folder)
    except SubscribersWrong as wrong:
        return str(wrong).replace(f"{folder}/", "")
    return ""


def test_the_committed_files_are_good():
    """And ask for public topics alone."""
    teams = subscribers(ROOT / "subscribers")
    assert ["analytics", "treasury"] == [one.team for one in teams]
    assert {one.name for one in topics() if one.seen_by == "public"} == {name for one in teams for name in one.topics}


def test_a_team_gets_its_topics_its_groups_and_a_quota(tmp_path: Path):
    """By hand; 2 MB a second where the file says nothing."""
    assert "" == asked(tmp_path, GOOD)
    (team,) = subscribers(tmp_path)
    user = "subscriber-stock"
    assert [Grant(user, "TOPIC", "achats.invoices.v1"), Grant(user, "GROUP", "stock.", "PREFIXED")] == grants_of(team)
    assert [Limit(user, "consumer_byte_rate", 2_000_000.0), Limit(user, "request_percentage", 25.0)] == limits_of(team)


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ("team: stock", "team: Stock!", "team: does not have the form ^[a-z][a-z0-9-]{1,40}$"),
        ("team: stock", "team: achats-ledger", "team: groups that begin with `achats` are those of the services"),
        ("team: stock", "team: stocks", "group_prefix must begin with `stocks.` and end with a full stop"),
        ("contact: stock@example.com", "contact: ask us", "contact: does not have the form ^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$"),
        ("contact: stock@example.com", "", "contact: is missing"),
        ("purpose: Counts what arrives by the lines of invoices.", "purpose: Because.", "purpose: must say more (at least 20 characters)"),
        ("topics: [achats.invoices.v1]", "topics: []", "topics: must not be empty"),
        ("topics: [achats.invoices.v1]", "topics: achats.invoices.v1", "topics: must be a list"),
        (
            "topics: [achats.invoices.v1]",
            "topics: [achats.contacts.v1]",
            "topics: achats.contacts.v1 is not public: it is seen by notifier alone",
        ),
        ("topics: [achats.invoices.v1]", "topics: [achats.invoice.v1]", "topics: achats.invoice.v1 is no topic of schemas/topics.yaml"),
        (
            "topics: [achats.invoices.v1]",
            "topics: [achats.invoices.v1, achats.invoices.v1]",
            "topics: achats.invoices.v1 stands there twice",
        ),
        ("group_prefix: stock.", "group_prefix: stock", "group_prefix must begin with `stock.` and end with a full stop"),
        ("group_prefix: stock.", "group_prefix: treasury.", "group_prefix must begin with `stock.` and end with a full stop"),
        ("needs_personal_data: false", "needs_personal_data: 'no'", "needs_personal_data: must be true or false"),
        ("slo: {lag_minutes: 60}", "slo: {lag_minutes: 43200}", "slo.lag_minutes: must be at most 10080"),
        ("slo: {lag_minutes: 60}", "slo: {lag_minutes: 1h}", "slo.lag_minutes: must be a whole number"),
        ("slo: {lag_minutes: 60}", "slo: soon", "slo: must be a block of `name: value` lines"),
        (
            "slo: {lag_minutes: 60}",
            "slo: {lag_minutes: 60}\nquota: {read_bytes_per_second: 1}",
            "quota.read_bytes_per_second: must be at least 100000",
        ),
        ("slo: {lag_minutes: 60}", "slo: {lag_minutes: 60}\nowner: me", "owner: is not known here"),
    ],
)
def test_what_cannot_be_granted_is_said_in_words(line: str, instead: str, said: str, tmp_path: Path):
    """The file, the field, and what is wrong with it."""
    assert f"stock.yaml: {said}" == asked(tmp_path, GOOD.replace(line, instead))


def test_personal_data_is_refused_with_a_way_out(tmp_path: Path):
    """Public topics name no person."""
    said = asked(tmp_path, GOOD.replace("needs_personal_data: false", "needs_personal_data: true"))
    assert said.startswith("stock.yaml: needs_personal_data: cannot be met")
    assert said.endswith("Ask the owner of the data")


def test_every_fault_of_every_file_is_said_at_once(tmp_path: Path):
    """A line each; another name for the file, no YAML, and an empty folder are faults too."""
    with pytest.raises(SubscribersWrong, match=r"holds no <team>\.yaml"):
        subscribers(tmp_path)
    asked(tmp_path, GOOD.replace("slo: {lag_minutes: 60}", ""), "a.yaml")
    asked(tmp_path, "team: [", "b.yaml")
    asked(tmp_path, "", "c.yaml")
    lines = asked(tmp_path, GOOD, "d.yaml").splitlines()
    assert ["a.yaml: slo: is missing", "d.yaml: team is stock: the file must be called stock.yaml"] == [lines[0], lines[-1]]
    assert lines[1].startswith("b.yaml: is not YAML: ")
    assert "c.yaml: must be a block of `name: value` lines" == lines[2]


def test_the_page_names_the_public_topics_and_what_exists():
    """Every public topic in its table, and no other; files and commands that are there."""
    page = (ROOT / "subscribers" / "README.md").read_text(encoding="utf-8")
    assert {one.name for one in topics() if one.seen_by == "public"} == set(re.findall(r"^\| `(achats\.\S+)` \|", page, re.MULTILINE))
    assert [] == [path for path in re.findall(r"(?:subscribers|schemas|deploy)/[\w/.-]+\w", page) if not (ROOT / path).exists()]
    commands = {one.callback.__name__ for one in app.registered_commands if one.callback}
    runbook = (ROOT / "deploy" / "runbook" / "subscribers.md").read_text(encoding="utf-8")
    assert commands == set(re.findall(r"^achats subscribers ([a-z]+)", page + runbook, re.MULTILINE))


def test_a_plan_reads_like_a_sentence():
    """As the command prints it."""
    plan = Plan((Grant("subscriber-stock", "GROUP", "stock.", "PREFIXED"),), (Limit("subscriber-stock", "consumer_byte_rate", 5.0),))
    assert ["subscriber-stock: READ GROUP stock.*"] == [str(one) for one in plan.add]
    assert ["subscriber-stock: consumer_byte_rate 5"] == [str(one) for one in plan.remove]
    assert "subscriber-stock: READ TOPIC t (DENY, from 10.0.0.1)" == str(
        Grant("subscriber-stock", "TOPIC", "t", permission="DENY", host="10.0.0.1")
    )
