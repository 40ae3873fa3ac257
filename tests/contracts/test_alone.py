"""The contracts alone: what a subscriber installs and imports has no driver in it."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from typing import Any

import pytest

from schemas.registry import FOLDER

PROJECT: dict[str, Any] = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
IMPORT_ALL = """
import pkgutil, sys, importlib, schemas
before = set(sys.stdlib_module_names)
for module in pkgutil.walk_packages(schemas.__path__, "schemas."):
    importlib.import_module(module.name)
from schemas.registry import topics, event_class, event_folders
assert topics() and all(event_class(folder) for folder in event_folders())
{more}
print(*sorted({{name.partition(".")[0] for name in sys.modules}} - before))
"""


def test_the_base_of_the_distribution_is_two_packages():
    """`pip install achats` brings pydantic and a reader of YAML; everything else is an extra."""
    assert ["pydantic", "pyyaml"] == [_name(one) for one in PROJECT["dependencies"]]


@pytest.mark.parametrize("extra", ["fetcher", "classifier", "ledger", "notifier", "ops"])
def test_every_service_s_extra_brings_the_kernel_s(extra: str):
    """So that one extra is all a service needs."""
    assert "achats[kernel]" in PROJECT["optional-dependencies"][extra]


def test_importing_the_contracts_loads_only_what_the_base_brings():
    """Every module of schemas/, in a process of its own: no driver, no HTTP, nothing of ours beside."""
    assert set() == _loaded("") - _brought()


@pytest.mark.parametrize("driver", ["confluent_kafka", "psycopg", "httpx"])
def test_a_driver_would_be_seen(driver: str):
    """One import more, and it is among what is loaded and not among what the base brings."""
    assert driver in _loaded(f"import {driver}") - _brought()


def _loaded(more: str) -> set[str]:
    """The installed packages that a process has loaded after importing every contract."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL.format(more=more)], cwd=FOLDER.parent, capture_output=True, text=True, check=True
    )
    loaded = {*done.stdout.split()}
    assert "schemas" in loaded
    assert set() == loaded & {"services", "deploy"}
    return loaded & {*packages_distributions()} - {"schemas"}


def _brought() -> set[str]:
    """The packages that installing the base brings, and those they bring."""
    found, asked = set[str](), [_name(one) for one in PROJECT["dependencies"]]
    while asked:
        if (name := asked.pop()) not in found:
            found.add(name)
            asked += [_name(one) for one in requires(name) or [] if "extra ==" not in one]
    return {package for package, owners in packages_distributions().items() if {_name(owner) for owner in owners} & found}


def _name(requirement: str) -> str:
    """The distribution of a requirement: `pydantic>=2.12` → `pydantic`."""
    return re.split(r"[^\w.-]", requirement)[0].lower().replace("_", "-")
