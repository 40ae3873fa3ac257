"""How the code reads is a test: every rule holds everywhere, and every rule catches a planted breach."""

import json

import pytest

from tests.support import style
from tests.support.style import ROOT, RULES, Rule, Source, long_file, long_functions, sources

RATCHET = ROOT / "tests" / "architecture" / "ratchet.json"
CODE = sources()

PLANTED = {
    "broad_handlers": ("services/x/handler.py", "try:\n    work()\nexcept (ValueError, Exception):\n    pass\n"),
    "many_parameters": ("services/x/handler.py", "def f(a, b, c, d, e, *, f, g): ...\n"),
    "untyped": ("services/x/handler.py", "def f(a: int): ...\n"),
    "undocumented": ("services/x/handler.py", "x = 1\n"),
    "environment_reads": ("services/x/handler.py", "from os import environ\n"),
    "floats_near_money": ("services/x/handler.py", "def f(gross: float | None) -> None: ...\n"),
    "clock_and_outside_in_domain": ("services/x/domain/dates.py", "from datetime import datetime\ndatetime.now()\n"),
    "constant_probes": ("services/x/main.py", 'def ready() -> bool:\n    """Yes."""\n    return True\n'),
    "topic_names": ("services/x/main.py", 'TOPIC = "achats.collected.v1"\n'),
    "empty_names": ("services/x/utils.py", '"""Things."""\n'),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_holds_everywhere(rule: Rule):
    """No file of services, schemas and deploy breaks the rule."""
    assert [] == [breach for source in CODE for breach in rule(source)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_catches_a_planted_breach(rule: Rule):
    """A guard that catches nothing is worse than none."""
    path, text = PLANTED[rule.__name__]
    assert rule(Source(path, text)) != []


@pytest.mark.parametrize(
    "planted",
    [
        "import os\nx = os.getenv('A')\n",
        "import os\nx = os.environ['A']\n",
    ],
)
def test_every_way_to_read_the_environment_is_caught(planted: str):
    """os.environ, os.getenv and from-imports alike."""
    assert style.environment_reads(Source("services/x/adapters/y.py", planted)) != []


def test_event_types_are_not_topic_names():
    """`achats.invoice.collected.v1` has the form of a topic name only for parked and retry topics; contracts say types, in schemas/."""
    assert [] == style.topic_names(Source("schemas/x/v1.py", 'ce_type = "achats.invoice.collected.v1"\n'))


def test_no_function_and_no_file_grows_past_its_limit():
    """What is over the limit stands in ratchet.json and may only shrink: a longer one, a new one, or a forgotten one fails."""
    over = {name: lines for source in CODE for name, lines in {**long_functions(source), **long_file(source)}.items()}
    assert json.loads(RATCHET.read_text(encoding="utf-8")) == over


def test_the_ratchet_sees_a_long_function_and_a_long_file():
    """61 lines in a function and 401 in a file are over the limit."""
    body = "def f() -> None:\n" + "    x = 1\n" * 60
    assert {"a.py:f": 61} == long_functions(Source("a.py", body))
    assert {"a.py": 401} == long_file(Source("a.py", "x = 1\n" * 401))


def test_the_kernel_stays_small():
    """At most 1,250 lines, so that a newcomer reads it in little more than an hour (decision 0040)."""
    assert sum(source.text.count("\n") for source in CODE if source.path.startswith("services/kernel/")) <= 1250
