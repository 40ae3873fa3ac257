"""The rulebook as data: the shipped file is sound, and an unsound one is refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.domain.rulebook import ROLES, Rulebook, decisive, fold, words_pattern

PAGE: dict[str, Any] = {
    "version": "test_1",
    "waiting_account": "471000",
    "gift_limit_cents": 7300,
    "discount_words": ["remise"],
    "natures": {"supplies": {"account": "606400", "french_rate": "20"}},
    "rules": [{"id": "words", "nature": "supplies", "words": {"fr": ["papier"]}}],
}


def test_the_shipped_rulebook_is_sound() -> None:
    """Goal: accounts of the natures as the accounting reference gives them; the version can travel in events."""
    shipped = read_rulebook()
    assert "2026_11_2" == shipped.version
    assert {"supplies": "606400", "shipping": "624100", "books": "618100", "software": "651100", "membership": "628100"} == {
        name: shipped.natures[name].account for name in ("supplies", "shipping", "books", "software", "membership")
    }
    assets = {name: nature.asset for name, nature in shipped.natures.items() if nature.asset}
    assert {"it_equipment": "218300", "furniture": "218400", "small_equipment": "215400"} == assets
    assert set() == {nature.role for nature in shipped.natures.values()} - set(ROLES)


def test_words_come_before_codes_and_codes_before_kinds_in_the_shipped_file() -> None:
    """Goal: the precedence the file's head promises."""
    kinds = ["words" if rule.words else "unspsc" if rule.unspsc else "charge" for rule in read_rulebook().rules]
    assert sorted(kinds, key=["words", "unspsc", "charge"].index) == kinds


def test_no_rule_of_the_shipped_file_is_empty() -> None:
    """Goal: a rule that can never match is a typing error."""
    assert [] == [rule.id for rule in read_rulebook().rules if not (rule.words or rule.unspsc or rule.charge)]


@pytest.mark.parametrize(
    "change",
    [
        {"version": "2026-11"},
        {"waiting_account": "471"},
        {"rules": [{"id": "a", "nature": "unlisted", "words": {"fr": ["x"]}}]},
        {"rules": [{"id": "a", "nature": "supplies"}, {"id": "a", "nature": "supplies"}]},
        {"rules": [{"id": "a", "nature": "supplies", "word": {"fr": ["x"]}}]},
        {"rules": [{"id": "a", "nature": "supplies", "words": {"es": ["papel"]}}]},
        {"rules": [{"id": "a", "nature": "supplies", "unspsc": ["4A"]}]},
    ],
    ids=["version", "account", "unlisted nature", "one id twice", "misspelled key", "language", "UNSPSC"],
)
def test_an_unsound_rulebook_is_refused(change: dict[str, Any]) -> None:
    """Goal: a typing error stops the start, not a decision."""
    assert "test_1" == Rulebook.parse(PAGE).version
    with pytest.raises(ValidationError):
        Rulebook.parse({**PAGE, **change})


@pytest.mark.parametrize(("text", "folded"), [("Œillets À Clé", "oeillets a cle"), ("WEIß", "weiss"), ("Café", "cafe")])
def test_folding(text: str, folded: str) -> None:
    """Goal: case, accents and ligatures make no difference."""
    assert folded == fold(text)


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("papier", "du papier blanc", "papier"),
        ("stylo", "des stylos", "stylos"),
        ("clé usb", "cle-usb 64 Go", "cle-usb"),
        ("nettoyant*", "nettoyante", "nettoyante"),
        ("thé", "theiere", None),
        ("boîte à outils", "boites a outils", "boites a outils"),
        ("c++", "c++ en action", "c++"),
    ],
)
def test_words_are_found_whole(word: str, text: str, found: str | None) -> None:
    """Goal: plural, phrase with a hyphen, beginning with *, and no word inside another."""
    match = words_pattern([word]).search(text)
    assert found == (match.group() if match else None)


@pytest.mark.parametrize(
    ("label", "left"),
    [
        ("Toner noir compatible HP LaserJet", "toner noir"),
        ("Compatible toner cartridge for Brother printer", "compatible toner cartridge"),
        ("Tasche für Laptop", "tasche"),
        ("Pour imprimante", ""),
        ("Livraison gratuite", ""),
        ("Ramette A4, LIVRAISON  OFFERTE", "ramette a4,"),
        ("Cartouche d\u2019encre", "cartouche d'encre"),
        ("Pourpre", "pourpre"),
    ],
)
def test_what_an_article_is_for_does_not_say_what_it_is(label: str, left: str) -> None:
    """Goal: purpose, compatibility and free delivery decide nothing; part of a word is no word."""
    assert left == decisive(label)


def test_words_at_the_start_count_only_there() -> None:
    """Case: « livraison » names shipping, unless it stands behind an article."""
    rules = [{"id": "short", "nature": "supplies", "at_start": True, "words": {"fr": ["livraison"]}}]
    pattern = Rulebook.parse({**PAGE, "rules": rules}).rules[0].pattern
    assert [True, False] == [bool(pattern.search(label)) for label in ("livraison express", "ramette, livraison express")]


def test_no_words_match_nothing() -> None:
    """Case: a rule that only has codes."""
    assert words_pattern([]).search("papier") is None
