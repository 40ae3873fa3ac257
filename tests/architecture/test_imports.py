"""Who may import whom: import-linter's contracts hold, and each of them breaks on a planted breach."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.style import ROOT

BREACHES = {
    "services are independent": ("services/notifier/handler.py", "import services.ledger.config"),
    "the kernel imports no service": ("services/kernel/clock.py", "import services.ledger.config"),
    "contracts import nothing of ours": ("schemas/registry.py", "import services.kernel.clock"),
    "a domain is pure": ("services/ledger/domain/posting.py", "import time"),
    "the rooms of a service": ("services/ledger/domain/posting.py", "import services.ledger.config"),
    "the rooms of the classifier's domain": ("services/classifier/domain/vat/regime.py", "import services.classifier.domain.lines.steps"),
    "handlers do not know their adapters": ("services/notifier/handler.py", "import services.notifier.adapters"),
    "nothing that ships imports deploy": ("services/fetcher/handler.py", "import deploy.cli"),
}


def lint(tree: Path) -> str:
    """What import-linter says of a tree."""
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(
        [program, "--no-cache"], cwd=tree, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(tree), "PATH": ""}
    )
    return done.stdout + done.stderr


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the code that may be broken."""
    for room in ("services", "schemas", "deploy"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__", "*.pdf", "examples"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_contracts_hold(tree: Path):
    """The code as it is keeps every contract."""
    said = lint(tree)
    assert "0 broken" in said, said


@pytest.mark.parametrize("contract", BREACHES)
def test_planted_breach_is_caught(contract: str, tree: Path):
    """One forbidden import, and the contract that forbids it says so."""
    path, planted = BREACHES[contract]
    file = tree / path
    file.write_text(file.read_text(encoding="utf-8") + f"\n{planted}\n", encoding="utf-8")
    assert f"{contract} BROKEN" in lint(tree)


def test_a_new_room_needs_a_decision(tree: Path):
    """A module outside the rooms of a service breaks the exhaustive layers."""
    (tree / "services/ledger/extras.py").write_text('"""Things."""\n', encoding="utf-8")
    assert "the rooms of a service BROKEN" in lint(tree)
