"""`achats parked …` refuses in a sentence, with what to do next, whatever cannot be meant."""

import os
import subprocess
import sys

import pytest

from schemas.registry import parked_topic, retry_topic, topics_read_by
from tests.support.style import ROOT

READ = topics_read_by("classifier")[0]


def achats(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, with these variables and none of ours."""
    command = [sys.executable, "-c", "from deploy.cli import main; main()", "parked", *arguments]
    plain = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(command, cwd=ROOT, env=plain, capture_output=True, text=True, check=False)


WHO = ("--by", "ada", "--why", "bug 42")


@pytest.mark.parametrize(
    ("arguments", "sentence", "next_action"),
    [
        (("skip", "no-such-topic", "0", "0", *WHO), "no-such-topic is not read by any service.", "Take the topic"),
        (("skip", parked_topic("ledger"), "0", "0", *WHO), "is not read by any service.", "Take the topic"),
        (("skip", READ, "0", "0", *WHO, "--service", "ledger"), f"{READ} is not read by ledger.", "Take the topic"),
        (("skip", READ, "99", "0", *WHO), f"{READ} has no partition 99.", "Take the offset from the log"),
        (
            ("skip", READ, "0", "123456789", *WHO),
            f"{READ}/0 holds the offsets from 0 up to, not including,",
            "Take the offset from the log",
        ),
        (
            ("skip", retry_topic("ledger"), "0", "123456789", *WHO),
            f"{retry_topic('ledger')}/0 holds the offsets",
            "Take the offset from the log",
        ),
        (("resume", "ledger", "--by", "ada"), "ACHATS_LEDGER_DATABASE_URL is not set.", "Set ACHATS_<SERVICE>_MIGRATE_URL"),
        (("status",), "No ACHATS_<SERVICE>_DATABASE_URL is set.", "Set ACHATS_<SERVICE>_MIGRATE_URL"),
    ],
)
def test_what_cannot_be_meant_is_refused(bootstrap: str, arguments: tuple[str, ...], sentence: str, next_action: str):
    """A topic nobody reads, a reader it has not, a place outside the log, a database that is not told."""
    said = achats(*arguments, ACHATS_KAFKA=bootstrap)
    assert 1 == said.returncode
    assert sentence in said.stderr
    assert f"→ {next_action}" in said.stderr


def test_an_unmigrated_or_closed_database_is_said(bootstrap: str, database_url: str):
    """The role is let in, and finds no table of the breaker."""
    said = achats("status", ACHATS_KAFKA=bootstrap, ACHATS_LEDGER_DATABASE_URL=database_url)
    assert 1 == said.returncode
    assert "ledger: relation" in said.stderr
    assert "→ Set ACHATS_<SERVICE>_MIGRATE_URL" in said.stderr
