"""`achats subscribers …` as an operator types it."""

import os
import subprocess
import sys

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.local.access import Account
from tests.support.guarded import TEAMS, Guarded
from tests.support.reading import wait_until
from tests.support.style import ROOT


def achats(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, with these variables and none of ours."""
    command = [sys.executable, "-c", "from deploy.cli import main; main()", "subscribers", *arguments]
    return subprocess.run(command, cwd=ROOT, env={"PATH": os.environ["PATH"], **environment}, capture_output=True, text=True, check=False)


def as_administrator(guarded: Guarded) -> dict[str, str]:
    """What the environment says of the broker and of who asks."""
    login = {"ACHATS_KAFKA_ADMIN": guarded.administrator.name, "ACHATS_KAFKA_ADMIN_PASSWORD": guarded.administrator.password}
    return {"ACHATS_KAFKA": guarded.bootstrap, "ACHATS_KAFKA_PROTOCOL": "SASL_PLAINTEXT", **login}


def test_check_says_who_reads_what():
    """From the root of the repository, without a broker."""
    said = achats("check")
    assert (0, "") == (said.returncode, said.stderr)
    assert (
        "analytics (analytics@example.com) reads achats.invoices.v1, achats.companies.v1 as analytics.*, at most 1440 min late"
        in said.stdout
    )


def test_apply_does_what_plan_says_and_then_there_is_nothing_to_do(guarded: Guarded):
    """Status 1 as long as the broker differs; an empty folder is refused, not read as « nobody »."""
    environment = as_administrator(guarded)
    clean = "The broker grants what the files ask for, and nothing else.\n"
    assert (0, clean) == _told(achats("plan", **environment))
    assert 1 == achats("plan", "--folder", str(TEAMS / "examples"), **environment).returncode
    assert (0, clean) == _told(achats("apply", **environment))


def test_a_fresh_password_lets_a_team_in_and_ends_the_older_one(guarded: Guarded):
    """Printed once; a team without a file gets none."""
    older = guarded.teams["treasury"]
    said = achats("password", "treasury", **as_administrator(guarded))
    fresh = Account(older.name, said.stdout.strip())
    assert 0 == said.returncode, said.stderr
    guarded.teams["treasury"] = fresh
    wait_until(lambda: topics_seen(guarded, fresh) > 0)
    assert 0 == topics_seen(guarded, older)
    assert 2 == achats("password", "nobody", **as_administrator(guarded)).returncode


def topics_seen(guarded: Guarded, account: Account) -> int:
    """How many topics an account sees; none when it is not let in."""
    try:
        return len(AdminClient(guarded.client(account)).list_topics(timeout=3).topics)
    except KafkaException:
        return 0


def test_a_broker_without_access_control_is_said(bootstrap: str):
    """The laptop's, unless it is asked for."""
    said = achats("plan", ACHATS_KAFKA=bootstrap)
    assert 1 == said.returncode
    assert "SecurityDisabled" in said.stderr
    assert "→ Check the address, and log in" in said.stderr


def _told(said: "subprocess.CompletedProcess[str]") -> tuple[int, str]:
    return said.returncode, said.stdout
