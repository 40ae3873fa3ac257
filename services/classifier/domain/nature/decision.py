"""What each line is: the first of the rulebook's tiers that matches it decides. Unknown is said, never guessed."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from services.classifier.domain.items import Item
from services.classifier.domain.nature.rulebook import WORD_TIERS, Rule, Rulebook, Tier
from services.classifier.domain.nature.titles import WordTier
from services.classifier.domain.nature.wording import fold

UNKNOWN = "unknown"
NATURE_UNKNOWN = "nature_unknown"
TOO_DEAR = "too_dear"
LOTS = re.compile(
    r"\b(?:\d+ ?x|x ?\d+|lots?|palettes?|cartons?|pack|paquets?|boites?|box|case|\d+ ?(?:stuck|blatt|pcs|pieces|feuilles|rouleaux))\b"
)

type Ask = Callable[[Item, Rulebook], tuple[Rule, str] | None]


class Decision(NamedTuple):
    """The nature of a line, the rule that decided, and what of the line it matched, in French.

    `account` is null where the nature's own holds; `tier` is null where nothing decided; `is_doubtful`: the item's UNSPSC code leads to
    another account than the words that decided. A person's rule is not in doubt.
    """

    nature: str
    rule: str
    because: str
    account: str | None = None
    tier: Tier | None = None
    is_doubtful: bool = False


def decide(item: Item, rulebook: Rulebook) -> Decision:
    """The nature of one line."""
    decision = next(candidates(item, rulebook), None)
    if decision is None:
        because = "le document ne détaille pas ses articles" if item.kind == "remainder" else "aucune règle ne reconnaît cet article"
        return Decision(UNKNOWN, NATURE_UNKNOWN, because)
    is_doubtful = _is_doubtful(decision, item, rulebook)
    if _hides_equipment(decision, item, rulebook):
        because = f"{decision.because}, mais une seule unité dépasse {rulebook.asset_above_cents // 100} € : peut-être une immobilisation"
        return Decision(UNKNOWN, TOO_DEAR, because, is_doubtful=is_doubtful)
    if is_doubtful:
        because = f"{decision.because} ; le code UNSPSC {item.unspsc} indique un autre compte"
        return decision._replace(because=because, is_doubtful=True)
    return decision


def candidates(item: Item, rulebook: Rulebook) -> Iterator[Decision]:
    """What each tier says of the item, in order of precedence; a whole VAT rate matches nothing."""
    if item.kind == "remainder":
        return
    for rule in rulebook.company.in_order:
        if because := rule.match(item):
            yield Decision(rule.nature, rule.id, because, rule.account, rule.tier)
    for tier, ask in _SHIPPED:
        if found := ask(item, rulebook):
            rule, because = found
            yield Decision(rule.nature, rule.id, because, None, tier)


def matched_words(item: Item, rulebook: Rulebook) -> str | None:
    """The words of the title that decided, or that would, if words did; None when no rule's words stand in it."""
    reading = rulebook.titles.read(item.label)
    found = reading.purpose or reading.article
    return found[1] if found else None


def _is_doubtful(decision: Decision, item: Item, rulebook: Rulebook) -> bool:
    by_code = _coded(item, rulebook) if decision.tier in ("purpose", "article") else None
    return by_code is not None and _account(decision.nature, rulebook) != _account(by_code.nature, rulebook)


def _account(nature: str, rulebook: Rulebook) -> str:
    return rulebook.natures[nature].account


def _hides_equipment(decision: Decision, item: Item, rulebook: Rulebook) -> bool:
    """Whether a consumable costs as much as an asset, one unit alone, and no lot is named: words may have been misled."""
    if decision.tier not in WORD_TIERS or not rulebook.natures[decision.nature].consumable or item.unit_cents <= rulebook.asset_above_cents:
        return False
    return not LOTS.search(fold(item.label)) or rulebook.titles.read(item.label).names_equipment


def _by_words(tier: WordTier) -> Ask:
    def ask(item: Item, rulebook: Rulebook) -> tuple[Rule, str] | None:
        found: tuple[int, str] | None = getattr(rulebook.titles.read(item.label), tier)
        return (rulebook.rules[found[0]], f"« {found[1]} » dans le libellé") if found else None

    return ask


def _by_code(item: Item, rulebook: Rulebook) -> tuple[Rule, str] | None:
    rule = _coded(item, rulebook)
    return (rule, f"code UNSPSC {item.unspsc}") if rule else None


def _coded(item: Item, rulebook: Rulebook) -> Rule | None:
    """The rule of the longest listed prefix of the item's UNSPSC code."""
    if item.unspsc is None:
        return None
    return next((rule for length in rulebook.code_lengths if (rule := rulebook.codes.get(item.unspsc[:length]))), None)


def _by_seller(item: Item, rulebook: Rulebook) -> tuple[Rule, str] | None:
    names = [fold(name) for name in item.sellers]
    found = ((rule, f"vendeur {seller}") for seller, rule in rulebook.sellers if any(name.startswith(seller) for name in names))
    return next(found, None)


def _by_charge(item: Item, rulebook: Rulebook) -> tuple[Rule, str] | None:
    rule = rulebook.charges.get(item.kind)
    return (rule, "frais de port facturés par Amazon") if rule else None


_SHIPPED: tuple[tuple[Tier, Ask], ...] = (
    ("purpose", _by_words("purpose")),
    ("article", _by_words("article")),
    ("unspsc", _by_code),
    ("seller", _by_seller),
    ("hint", _by_words("hint")),
    ("charge", _by_charge),
)
