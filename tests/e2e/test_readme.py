"""What the README promises, executed as written."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from deploy.local.demo import Summary
from deploy.local.screen import adds_up
from schemas.registry import topics
from tests.support.style import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    """The lines of the README's first shell block."""
    found = re.search(r"```sh\n(.*?)```", README, re.DOTALL)
    assert found
    return found.group(1).strip().splitlines()


def test_the_readme_gives_two_commands():
    """The newcomer's two commands; the second is this very run."""
    assert ["make demo", "make test"] == commands()


def test_make_demo_runs_the_main_job(tmp_path: Path):
    """`make demo`, with --exit as it otherwise stays up: ends with status 0, prints what the README says it prints, and all adds up."""
    file = tmp_path / "summary.json"
    done = subprocess.run(
        [*commands()[0].split(), f"ARGS=--exit --invoices 12 --json {file}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stdout[-3000:] + done.stderr[-3000:]
    for words in ("Achats — 12 documents", "Écriture d'une facture", "Le compte est bon"):
        assert words in done.stdout
    said: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    summary = Summary(**said)
    assert (12, 12, 1) == (summary.collected, summary.documents, summary.mails)
    assert adds_up(summary)


def test_every_path_the_readme_names_exists():
    """`file.py:function` and folders in back quotes are really there."""
    for path, name in re.findall(r"`((?:services|schemas|deploy|tests)/[\w/.-]+)(?::(\w+))?`", README):
        file = ROOT / path
        assert file.exists(), path
        assert not name or re.search(rf"(def|class) {name}\b", file.read_text(encoding="utf-8")), f"{path}:{name}"


def test_the_readme_lists_every_topic():
    """The table's topics are those of topics.yaml; the two by service stand as patterns."""
    named = set(re.findall(r"^\| `(achats\.[\w.<>]+)` \|", README, re.MULTILINE))
    real = {re.sub(r"\.(parked|retry)\.\w+\.", r".\1.<service>.", topic.name) for topic in topics()}
    assert real == named


def test_every_variable_the_readme_names_is_read():
    """Each variable stands in some service's config.py; each of theirs stands here."""
    read = {
        name
        for config in ROOT.glob("services/*/config.py")
        for name in re.findall(r'"(ACHATS_[A-Z_]+)"', config.read_text(encoding="utf-8"))
    }
    general = {
        re.sub(r"_(FETCHER|CLASSIFIER|LEDGER|NOTIFIER)_(DATABASE_URL|MIGRATE_URL|HEALTH_PORT)$", r"_<SERVICE>_\2", name) for name in read
    }
    assert general == set(re.findall(r"`(ACHATS_[A-Z_<>]+)`", README))


def test_the_readme_has_no_blank_to_fill():
    """A figure that was not measured does not stand there as one that was."""
    assert [] == re.findall(r"MEASURED|TODO|TBD|\bXX+\b", README)
