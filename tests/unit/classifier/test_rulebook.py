"""The rulebook as data: the shipped file is sound, and an unsound one is refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.domain.nature.rulebook import PRECEDENCE, ROLES, Rulebook, words_pattern
from services.classifier.domain.nature.wording import SILENT, Vocabulary, Words, decisive, fold, text_of, tokens_of

PAGE: dict[str, Any] = {
    "version": "test_1",
    "precedence": PRECEDENCE,
    "asset_above_cents": 50000,
    "waiting_account": "471000",
    "gift_limits": [{"since": "2021-01-01", "cents": 7300}],
    "discount_words": ["remise"],
    "natures": {"supplies": {"account": "606400", "french_rate": "20"}},
    "rules": [{"id": "words", "nature": "supplies", "words": {"fr": ["papier"]}}],
}


def test_the_shipped_rulebook_is_sound() -> None:
    """Goal: accounts of the natures as the accounting reference gives them; the version can travel in events."""
    shipped = read_rulebook()
    assert "2026_11_4" == shipped.version
    assert {
        "supplies": "606400", "cleaning": "606300", "small_equipment": "606300", "it_equipment": "606300", "furniture": "606300",
        "books": "618100", "resale": "607000", "food": "606800", "reception": "625700", "client_gift": "623400", "software": "651100",
        "membership": "628100", "postage": "626000", "rental": "613500", "shipping": "624100", "customs_duty": "471000",
        "customs_agent": "622400", "deposit": "409600", "levy": "471000", "discount": "471000", "cash_discount": "765000",
        "rebate": "609600", "rebate_resale": "609700", "unknown": "471000",
    } == {name: nature.account for name, nature in shipped.natures.items()}  # fmt: skip
    assets = {name: nature.asset for name, nature in shipped.natures.items() if nature.asset}
    assert {"it_equipment": "218300", "furniture": "218400", "small_equipment": "215400"} == assets
    assert set() == {nature.role for nature in shipped.natures.values()} - set(ROLES)


def test_the_precedence_stands_in_the_file_and_in_the_code() -> None:
    """Goal: one ordered list, which a reader of either finds; a file that says another is refused."""
    said = (
        "company_product", "company_seller", "company_field", "company_amount", "taught", "purpose", "article", "unspsc", "seller",
        "hint", "charge",
    )  # fmt: skip
    assert said == read_rulebook().precedence == PRECEDENCE
    with pytest.raises(ValidationError, match="the precedence is company_product"):
        Rulebook.parse({**PAGE, "precedence": tuple(reversed(said))})


def test_no_rule_of_the_shipped_file_is_empty() -> None:
    """Goal: a rule that can never match is a typing error."""
    assert [] == [rule.id for rule in read_rulebook().rules if not (rule.words or rule.unspsc or rule.sellers or rule.charge)]


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
        {"gift_limits": []},
        {"gift_limits": [{"since": "2021-01-01", "cents": 7300}, {"since": "2016-01-01", "cents": 6900}]},
    ],
    ids=["version", "account", "unlisted nature", "one id twice", "misspelled key", "language", "UNSPSC", "no limit", "limits in disorder"],
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
    ("word", "language", "title", "found"),
    [
        ("papier", "fr", "Du papier blanc", "papier"),
        ("stylo", "fr", "Des STYLOS", "stylos"),
        ("clé usb", "fr", "Clés-USB 64 Go", "cles usb"),
        ("nettoyant*", "fr", "Nettoyante", "nettoyante"),
        ("*drucker", "de", "Fotodrucker", "fotodrucker"),
        ("stuhl", "de", "Stühle, 4 Stück", "stuhle"),
        ("thé", "fr", "Théière", None),
        ("boîte à outils", "fr", "Boites à outils", "boites a outils"),
        ("papier", "fr", "Gobelets en papier", None),
        ("javel", "fr", "Spray sans javel", None),
        ("clé usb", "fr", "Clé, USB", None),
        ("cartouche d'encre", "fr", "Cartouche d\u2019encre", "cartouche d encre"),
    ],
)
def test_words_are_found_whole(word: str, language: str, title: str, found: str | None) -> None:
    """Goal: plural, hyphen, parts marked with *, no word inside another, none behind « en, sans », no phrase across a comma."""
    tokens = tokens_of(title)
    head = Vocabulary([Words(0, language, (word,))]).head(tokens)
    assert found == (head and text_of(tokens, head))


@pytest.mark.parametrize(
    ("title", "rule"),
    [
        ("Label printer", "printer"),
        ("Printer labels", "label"),
        ("Imprimante étiquettes", "imprimante"),
        ("Printer, labels included", "printer"),
        ("Paper towel", "towel"),
    ],
)
def test_the_first_article_decides_and_of_english_words_in_a_row_the_last(title: str, rule: str) -> None:
    """Goal: French names the head first, English and German last; the longest phrase at a place wins."""
    rules = [("label", "en", "label"), ("printer", "en", "printer"), ("imprimante", "fr", "imprimante"), ("étiquette", "fr", "étiquette"),
             ("paper", "en", "paper"), ("towel", "en", "paper towel")]  # fmt: skip
    head = Vocabulary(Words(place, language, (word,)) for place, (_, language, word) in enumerate(rules)).head(tokens_of(title))
    assert rule == (head and rules[head.rule][0])


def test_silent_words_hide_what_they_contain() -> None:
    """Case: « livraison gratuite » is no shipping."""
    words = [Words(SILENT, "fr", ("livraison gratuite",)), Words(0, "fr", ("livraison",))]
    assert [False, True] == [bool(Vocabulary(words).head(tokens_of(title))) for title in ("Livraison gratuite", "Livraison")]


@pytest.mark.parametrize(
    ("label", "left"),
    [
        ("Toner cartridge for Brother printer", "toner cartridge"),
        ("Tasche für Laptop", "tasche"),
        ("Mineralwasser inkl. Pfand", "mineralwasser"),
        ("Pour imprimante", ""),
        ("Pourpre", "pourpre"),
    ],
)
def test_what_an_article_is_for_does_not_say_what_it_is(label: str, left: str) -> None:
    """Goal: what stands behind a word of purpose decides nothing; part of a word is no word."""
    assert left == " ".join(decisive(tokens_of(label)))


def test_words_at_the_start_count_only_there() -> None:
    """Case: « livraison » names shipping, unless it stands behind an article."""
    vocabulary = Vocabulary([Words(0, "fr", ("livraison",), at_start=True)])
    assert [True, False] == [bool(vocabulary.head(tokens_of(title))) for title in ("Livraison express", "Ramette, livraison express")]


def test_no_words_match_nothing() -> None:
    """Case: a rulebook without discount words."""
    assert words_pattern(()).search("papier") is None
