"""What each line is: the first of the rulebook's tiers that matches it decides. Unknown is said, never guessed."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from services.classifier.domain.items import Item
from services.classifier.domain.rulebook import Rule, Rulebook, Tier, WordTier
from services.classifier.domain.wording import UNDECIDED, Found, decisive, fold, head_of, text_of, tokens_of

UNKNOWN = "unknown"
NATURE_UNKNOWN = "nature_unknown"
TOO_DEAR = "too_dear"
SHORTEST_CODE = 2
LOTS = re.compile(
    r"\b(?:\d+ ?x|x ?\d+|lots?|palettes?|cartons?|pack|paquets?|boites?|box|case|\d+ ?(?:stuck|blatt|pcs|pieces|feuilles|rouleaux))\b"
)


@dataclass(frozen=True, slots=True)
class Decision:
    """The nature of a line, the rule that decided, and what of the line it matched, in French.

    `account` is null where the nature's own holds; `tier` is null where nothing decided.
    """

    nature: str
    rule: str
    because: str
    account: str | None = None
    tier: Tier | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """An item with its title cut into tokens: what the tiers look at."""

    item: Item
    tokens: Sequence[str]
    named: Sequence[str]


def decide(item: Item, rulebook: Rulebook) -> Decision:
    """The nature of one line."""
    decision = next(candidates(item, rulebook), None)
    if decision is None:
        because = "le document ne détaille pas ses articles" if item.kind == "remainder" else "aucune règle ne reconnaît cet article"
        return Decision(UNKNOWN, NATURE_UNKNOWN, because)
    if _hides_equipment(decision, item, rulebook):
        limit = f"{rulebook.asset_above_cents // 100} €"
        return Decision(UNKNOWN, TOO_DEAR, f"{decision.because}, mais une seule unité dépasse {limit} : peut-être une immobilisation")
    if is_contradicted(item, rulebook):
        because = f"{decision.because} ; le code UNSPSC {item.unspsc} indique un autre compte"
        return Decision(decision.nature, decision.rule, because, decision.account, decision.tier)
    return decision


def candidates(item: Item, rulebook: Rulebook) -> Iterator[Decision]:
    """What each tier says of the item, in order of precedence; a whole VAT rate matches nothing."""
    if item.kind == "remainder":
        return
    tokens = tokens_of(item.label)
    reading = Reading(item, tokens, decisive(tokens))
    for rule in rulebook.company.in_order:
        if because := rule.match(item):
            yield Decision(rule.nature, rule.id, because, rule.account, rule.tier)
    for tier, ask in _SHIPPED:
        if found := ask(reading, rulebook):
            rule, because = found
            yield Decision(rule.nature, rule.id, because, None, tier)


def matched_words(item: Item, rulebook: Rulebook) -> str | None:
    """The words of the title that decided, or that would, if words did; None when no rule's words stand in it."""
    tokens = tokens_of(item.label)
    reading = Reading(item, tokens, decisive(tokens))
    for tier, of_title in (("purpose", tokens), ("article", reading.named)):
        if found := head_of(_standing(rulebook.vocabularies[tier].find(of_title), reading, rulebook)):
            return text_of(of_title, found)
    return None


def is_contradicted(item: Item, rulebook: Rulebook) -> bool:
    """Whether the UNSPSC code of an item leads to another account than the words that decided; a person's rule is not in doubt."""
    by_code = _coded(item, rulebook)
    if by_code is None:
        return False
    decision = next(candidates(item, rulebook))
    return decision.tier in ("purpose", "article") and _account(decision.nature, rulebook) != _account(by_code.nature, rulebook)


def _account(nature: str, rulebook: Rulebook) -> str:
    return rulebook.natures[nature].account


def _hides_equipment(decision: Decision, item: Item, rulebook: Rulebook) -> bool:
    """Whether a consumable costs as much as an asset, one unit alone, and no lot is named: words may have been misled."""
    if decision.tier not in ("purpose", "article", "hint") or item.unit_cents <= rulebook.asset_above_cents:
        return False
    if not rulebook.natures[decision.nature].consumable:
        return False
    return not LOTS.search(fold(item.label)) or _names_equipment(item, rulebook)


def _names_equipment(item: Item, rulebook: Rulebook) -> bool:
    """Whether the title names equipment anywhere before its purpose."""
    named = decisive(tokens_of(item.label))
    found = (rulebook.rules[found.rule] for found in rulebook.vocabularies["article"].find(named) if found.rule != UNDECIDED)
    return any(rulebook.natures[rule.nature].equipment for rule in found)


def _by_words(tier: WordTier) -> Callable[[Reading, Rulebook], tuple[Rule, str] | None]:
    def ask(reading: Reading, rulebook: Rulebook) -> tuple[Rule, str] | None:
        tokens = reading.tokens if tier == "purpose" else reading.named
        found = head_of(_standing(rulebook.vocabularies[tier].find(tokens), reading, rulebook))
        return (rulebook.rules[found.rule], f"« {text_of(tokens, found)} » dans le libellé") if found else None

    return ask


def _standing(founds: Iterator[Found], reading: Reading, rulebook: Rulebook) -> Iterator[Found]:
    """The phrases whose rule finds beside them what it asks for."""
    for found in founds:
        rule = None if found.rule == UNDECIDED else rulebook.rules[found.rule]
        if rule is None or not rule.beside or any(rule.companions.find(reading.tokens)):
            yield found


def _by_code(reading: Reading, rulebook: Rulebook) -> tuple[Rule, str] | None:
    rule = _coded(reading.item, rulebook)
    return (rule, f"code UNSPSC {reading.item.unspsc}") if rule else None


def _coded(item: Item, rulebook: Rulebook) -> Rule | None:
    """The rule of the longest listed prefix of the item's UNSPSC code."""
    code = item.unspsc or ""
    lengths = range(len(code), SHORTEST_CODE - 1, -1)
    return next((rule for length in lengths if (rule := rulebook.codes.get(code[:length]))), None)


def _by_seller(reading: Reading, rulebook: Rulebook) -> tuple[Rule, str] | None:
    names = [fold(name) for name in reading.item.sellers]
    for rule in rulebook.rules if names else ():
        for seller in rule.sellers:
            if any(name.startswith(fold(seller)) for name in names):
                return rule, f"vendeur {seller}"
    return None


def _by_charge(reading: Reading, rulebook: Rulebook) -> tuple[Rule, str] | None:
    charged = (rule for rule in rulebook.rules if rule.charge is not None and rule.charge == reading.item.kind)
    rule = next(charged, None)
    return (rule, "frais de port facturés par Amazon") if rule else None


_SHIPPED: tuple[tuple[Tier, Callable[[Reading, Rulebook], tuple[Rule, str] | None]], ...] = (
    ("purpose", _by_words("purpose")),
    ("article", _by_words("article")),
    ("unspsc", _by_code),
    ("seller", _by_seller),
    ("hint", _by_words("hint")),
    ("charge", _by_charge),
)
