"""How a correction becomes a rule: the same one three times, or at once when the person says « always »."""

from collections.abc import Sequence

from schemas.line_recoded.v1 import LineRecoded
from services.classifier.domain.nature.company_rules import CompanyRule
from services.classifier.domain.nature.wording import decisive, fold, tokens_of

ENOUGH = 3
SHORTEST_WORD = 4
CLASS_DIGITS = 6  # of a UNSPSC code: segment, family, class
LONGEST_ID = 100
CONDITIONS = {"product": "products", "words": "words", "unspsc": "unspsc", "seller": "sellers"}


def family_of(recoded: LineRecoded) -> str:
    """Which lines are like this one: `words:classeur`; the scope is the product where what another scope asks for is not known."""
    scope, value = _family(recoded)
    return f"{scope}:{fold(value)}"[:LONGEST_ID]


def is_enough(alike: Sequence[LineRecoded]) -> bool:
    """Whether the last three corrections of a family, each of another line, say the same; of one line the last counts."""
    last = {(one.invoice_id, one.line): one for one in alike}
    said = [(one.nature, one.account) for one in alike if last[one.invoice_id, one.line] is one][-ENOUGH:]
    return len(said) == ENOUGH and len(set(said)) == 1


def learned(recoded: LineRecoded, edition: int) -> CompanyRule:
    """The rule that makes of every line like this one what the person made of it."""
    scope, value = _family(recoded)
    page = {
        "id": family_of(recoded),
        "nature": recoded.nature,
        "account": recoded.account,
        CONDITIONS[scope]: (value,),
        "owner": recoded.by,
        "origin": "always" if recoded.always else "taught",
        "edition": edition,
    }
    return CompanyRule.model_validate(page)


def _family(recoded: LineRecoded) -> tuple[str, str]:
    code = (recoded.unspsc or "")[:CLASS_DIGITS]
    word = recoded.matched or next((token for token in decisive(tokens_of(recoded.label)) if _is_a_word(token)), None)
    values = {"words": word, "unspsc": code if len(code) == CLASS_DIGITS and code.isdecimal() else None, "seller": recoded.seller}
    if value := values.get(recoded.scope):
        return recoded.scope, value
    return "product", recoded.asin or recoded.label


def _is_a_word(token: str) -> bool:
    return len(token) >= SHORTEST_WORD and token.isalpha()
