"""The examples of subscribers/ run as a team's own program: they take what is new by the rules for subscribers, and nothing else."""

import re
from pathlib import Path
from typing import Any

import kafka.admin
import pytest

from schemas.registry import topics
from services.kernel.envelope import Outgoing
from tests.support.followers import EXAMPLES, PROGRAMS, ended, environment_of, following, of_another_type, said, start_of
from tests.support.guarded import Guarded
from tests.support.reading import wait_until

ADMIN: Any = kafka.admin  # a checker knows the stubs of an older version
TEAM = "treasury"

FIRST = {
    "achats.booked.v1 {}": ["invoice", "other"],
    "achats.companies.v1 {}": ["essentiel", "other"],
    "achats.invoices.v1 {}/inv-1": ["to_process", "validated", "other"],
    "achats.invoices.v1 {}/inv-2": ["to_process", "ended"],
    "achats.notified.v1 {}": ["integration_active", "other"],
}
THEN = {
    "achats.booked.v1 {}": ["credit_note"],
    "achats.companies.v1 {}": ["premium"],
    "achats.invoices.v1 {}/inv-1": ["reversed"],
    "achats.invoices.v1 {}/inv-2": ["validated"],
    "achats.notified.v1 {}": ["connection_broken"],
}


def first(company: str) -> list[Outgoing]:
    """News, and between it what must change nothing: a repeat, an unknown type, a state read again, a state that comes late."""
    of = {"company_id": company}
    booked, state = said("entry_recorded", 1, **of, type="invoice"), said("invoice_described", 1, **of, invoice_id="inv-1", version=1)
    short = said("invoice_described", 1, **of, invoice_id="inv-2", version=1)
    return [
        *(booked, booked, of_another_type(booked, "achats.entry.praised.v1")),
        said("entry_recorded", 2, **of, type="debit_note", mood="a field of a later minor version"),
        *(state, said("invoice_described", 2, **of, invoice_id="inv-1", version=2, status="validated"), state),
        said("invoice_described", 9, **of, invoice_id="inv-1", version=1, status="archived"),
        said("invoice_described", 3, **of, invoice_id="inv-1", version=3, status="disputed"),
        *(short, ended(short)),
        said("company_described", 4, **of, version=4, plan="essentiel"),
        said("company_described", 5, **of, version=5, plan="pro"),
        said("notification_sent", 1, **of, notification_id="n-1"),
        said("notification_sent", 2, **of, notification_id="n-2", kind="digest"),
    ]


def then(company: str) -> list[Outgoing]:
    """One thing new under each key, behind what was there before."""
    of = {"company_id": company}
    return [
        *first(company)[:1],
        said("entry_recorded", 3, **of, type="credit_note"),
        said("invoice_described", 4, **of, invoice_id="inv-1", version=4, status="reversed"),
        said("invoice_described", 2, **of, invoice_id="inv-2", version=2, status="validated"),
        said("company_described", 6, **of, version=6, plan="premium"),
        said("notification_sent", 3, **of, notification_id="n-3", kind="connection_broken"),
    ]


def about(expected: dict[str, list[str]], company: str) -> dict[str, list[str]]:
    """What must have been told of this company."""
    return {name.format(company): codes for name, codes in expected.items()}


def expel(guarded: Guarded, group: str) -> None:
    """The group forgets the member that was killed, as it does by itself after 45 s."""
    admin = ADMIN.KafkaAdminClient(**guarded.login.settings)
    (described,) = admin.describe_groups([group]).values()
    admin.remove_group_members(group, [ADMIN.MemberToRemove(member_id=one["member_id"]) for one in described["members"]])
    admin.close()


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_example_follows_by_the_rules_and_goes_on_after_a_kill(program: str, guarded: Guarded, tmp_path: Path):
    """
    read, killed with -9, started again
      with a book   only what is new
      in memory     everything again, then what is new
    """
    company, group = f"of-{program}", f"{TEAM}.{program}"
    run = (start_of(PROGRAMS[program], tmp_path), environment_of(guarded.bootstrap, guarded.teams[TEAM], group), tmp_path)
    guarded.write(first(company))
    with following(*run) as follower:
        expected = about(FIRST, company)
        wait_until(lambda: follower.told(company) == expected or follower.process.poll() is not None)
        assert expected == follower.told(company), follower.errors
    guarded.write(then(company))
    if program != "java":
        expel(guarded, group)
    remembered = {} if program != "java" else about(FIRST, company)
    after = {name: remembered.get(name, []) + codes for name, codes in about(THEN, company).items()}
    with following(*run) as follower:
        wait_until(lambda: follower.told(company) == after or follower.process.poll() is not None)
        assert after == follower.told(company), follower.errors


def test_the_examples_read_every_public_topic():
    """And name no other."""
    public = {one.name for one in topics() if one.seen_by == "public"}
    for file in ("book.py", "FollowJava.java"):
        text = (EXAMPLES / file).read_text(encoding="utf-8")
        assert public == set(re.findall(r'"(achats\.[a-z]+\.v1)"', text)), file
