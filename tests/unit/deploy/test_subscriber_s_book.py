"""The book of the examples keeps the rules for subscribers; without any one of them its test would see it."""

from types import ModuleType

import pytest

from tests.support.followers import EXAMPLES
from tests.support.public_history import FIRST, THEN, about, first, then

SOURCE = (EXAMPLES / "book.py").read_text(encoding="utf-8")
COMPANY = "cmp"


def told(source: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
    """What a book with this source prints of the whole history, by topic and key."""
    monkeypatch.setenv("BOOK", ":memory:")
    book = ModuleType("book")
    exec(compile(source, "book.py", "exec"), book.__dict__)
    for one in [*first(COMPANY), *then(COMPANY)]:
        book.take(one.topic, one.key, dict(one.headers), one.value)
    found: dict[str, list[str]] = {}
    for topic, key, code in map(str.split, capsys.readouterr().out.splitlines()):
        found.setdefault(f"{topic} {key}", []).append(code)
    return found


def test_the_book_takes_what_is_new(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """As the programs around it do on a broker."""
    both = {name: codes + about(THEN, COMPANY)[name] for name, codes in about(FIRST, COMPANY).items()}
    assert both == told(SOURCE, monkeypatch, capsys)


@pytest.mark.parametrize(
    ("rule", "without"),
    [
        ("insert or ignore into seen", "insert or replace into seen"),
        ("where excluded.version > version", ""),
        ('if data[field] in codes else "other"', "if field else None"),
        ('.get(headers["ce_type"].decode(), (None, set[str]()))', '[headers["ce_type"].decode()]'),
        ("if value is None:", "if value == 0:"),
    ],
    ids=["a repeat", "an earlier state", "an unknown code", "an unknown type", "the end of a key"],
)
def test_a_rule_that_is_lost_shows(rule: str, without: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """The book tells something else, or ends with an error."""
    assert 1 == SOURCE.count(rule)
    both = {name: codes + about(THEN, COMPANY)[name] for name, codes in about(FIRST, COMPANY).items()}
    try:
        found = told(SOURCE.replace(rule, without), monkeypatch, capsys)
    except (KeyError, TypeError):
        return
    assert both != found
