"""The examples of subscribers/ run as a team's own program: they take what is new by the rules for subscribers, and nothing else."""

import re
from pathlib import Path
from typing import Any

import kafka.admin
import pytest

from schemas.registry import topics
from tests.support.followers import EXAMPLES, PROGRAMS, environment_of, following, start_of
from tests.support.guarded import Guarded
from tests.support.public_history import FIRST, THEN, about, first, then
from tests.support.reading import wait_until

ADMIN: Any = kafka.admin  # a checker knows the stubs of an older version
TEAM = "treasury"


def members(guarded: Guarded, group: str) -> list[str]:
    """Who is in the group now."""
    admin = ADMIN.KafkaAdminClient(**guarded.login.settings)
    (described,) = admin.describe_groups([group]).values()
    admin.close()
    return [one["member_id"] for one in described["members"]]


def expel(guarded: Guarded, group: str) -> None:
    """The group forgets the member that was killed, as it does by itself after 45 s."""
    admin = ADMIN.KafkaAdminClient(**guarded.login.settings)
    admin.remove_group_members(group, [ADMIN.MemberToRemove(member_id=one) for one in members(guarded, group)])
    admin.close()


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_example_follows_by_the_rules_and_goes_on_after_a_kill(program: str, guarded: Guarded, tmp_path: Path):
    """
    read, killed with -9, started again
      with a book   only what is new
      in memory     everything again, then what is new
    asked to end    it leaves its group at once
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
        follower.process.terminate()
        wait_until(lambda: follower.process.poll() is not None)
    assert program == "java" or [] == members(guarded, group)


def test_the_examples_read_every_public_topic():
    """And name no other."""
    public = {one.name for one in topics() if one.seen_by == "public"}
    for file in ("book.py", "FollowJava.java"):
        text = (EXAMPLES / file).read_text(encoding="utf-8")
        assert public == set(re.findall(r'"(achats\.[a-z]+\.v1)"', text)), file
