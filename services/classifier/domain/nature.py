"""What each line is: the first rule of the rulebook that matches its words, its UNSPSC code or its kind. Unknown is said, never guessed."""

from dataclasses import dataclass

from services.classifier.domain.items import Item
from services.classifier.domain.rulebook import Rule, Rulebook, decisive

UNKNOWN = "unknown"
NATURE_UNKNOWN = "nature_unknown"


@dataclass(frozen=True, slots=True)
class Decision:
    """The nature of a line, the rule that decided, and what of the line it matched, in French."""

    nature: str
    rule: str
    because: str


def decide(item: Item, rulebook: Rulebook) -> Decision:
    """The nature of one line."""
    if found := _first_match(item, rulebook):
        rule, because = found
        doubt = f" ; le code UNSPSC {item.unspsc} indique un autre compte" if is_contradicted(item, rulebook) else ""
        return Decision(rule.nature, rule.id, because + doubt)
    because = "le document ne détaille pas ses articles" if item.kind == "remainder" else "aucune règle ne reconnaît cet article"
    return Decision(UNKNOWN, NATURE_UNKNOWN, because)


def is_contradicted(item: Item, rulebook: Rulebook) -> bool:
    """Whether the UNSPSC code of an item leads to another account than the rule that decided."""
    found = _first_match(item, rulebook)
    by_code = next((rule for rule in rulebook.rules if _has_code(rule, item)), None)
    return found is not None and by_code is not None and _account(found[0], rulebook) != _account(by_code, rulebook)


def _account(rule: Rule, rulebook: Rulebook) -> str:
    return rulebook.natures[rule.nature].account


def _first_match(item: Item, rulebook: Rulebook) -> tuple[Rule, str] | None:
    """The rule that decides, and what of the item it matches; a whole VAT rate matches nothing."""
    if item.kind == "remainder":
        return None
    label = decisive(item.label)
    return next(((rule, because) for rule in rulebook.rules if (because := _match(rule, item, label))), None)


def _has_code(rule: Rule, item: Item) -> bool:
    return any((item.unspsc or "").startswith(prefix) for prefix in rule.unspsc)


def _match(rule: Rule, item: Item, label: str) -> str | None:
    """What of the item the rule matches, in French; None when it does not."""
    if found := rule.pattern.search(label):
        return f"« {found.group().strip()} » dans le libellé"
    if _has_code(rule, item):
        return f"code UNSPSC {item.unspsc}"
    return "frais de port facturés par Amazon" if rule.charge is not None and rule.charge == item.kind else None
