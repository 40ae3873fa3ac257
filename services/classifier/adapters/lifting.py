"""What a person says to lift a hold: the options of the command, and whether such a decision lifts anything."""

import argparse
import re
from datetime import date

from schemas.classification_held.v1 import ClassificationHeld
from schemas.hold_lifted.v1 import Given, HoldLifted
from schemas.invoice_classified.v1 import InvoiceClassified
from schemas.invoice_collected.v1 import InvoiceCollected, Lift
from services.classifier.domain.classification import classify
from services.classifier.domain.liftable import ANSWERS, BOOKING, CLASSIFICATION, option, refusal
from services.classifier.domain.nature.rulebook import Rulebook
from services.kernel.errors import KernelError

AN_AMOUNT = re.compile(r"(-?)(\d{1,13})(?:[.,](\d{1,2}))?")


class NotLifted(KernelError):
    """La retenue n’est pas levée."""

    def __str__(self) -> str:
        """What the table says, as a sentence."""
        return " ".join(map(str, self.args))


def add_options(lifting: argparse.ArgumentParser) -> None:
    """One option for each thing that a decision may give."""
    kinds = {"issue_date": date.fromisoformat, "delivery_date": date.fromisoformat}
    for name in Given.model_fields:
        read = _cents if name.endswith("_cents") else kinds.get(name, str)
        lifting.add_argument(option(name), dest=name, type=read)
    lifting.add_argument("--because")


def given_in(said: argparse.Namespace) -> Given | None:
    """What the options give; None when they give nothing."""
    given = Given(**{name: getattr(said, name, None) for name in Given.model_fields})
    return None if given == Given() else given


def refuse_unliftable(reason: str) -> None:
    """Raises NotLifted when nobody can lift a hold of this reason, whoever holds the document."""
    answers = [answer for (_, name), answer in ANSWERS.items() if name == reason]
    if not answers:
        raise NotLifted(f"Le motif « {reason} » n’existe pas.")
    if not any(answer.is_liftable for answer in answers):
        raise NotLifted(f"Le motif « {reason} » ne se lève pas. {answers[0].means}")


def stage_of(reason: str, answer: InvoiceClassified | ClassificationHeld) -> str:
    """Who holds the document for this reason: the classifier, as it just said, or else the ledger. Raises NotLifted: nobody does."""
    if isinstance(answer, ClassificationHeld):
        if answer.reason != reason:
            raise NotLifted(f"{answer.invoice_id} est retenu pour « {answer.reason} », non pour « {reason} ». {answer.next_action}")
        return CLASSIFICATION
    if (BOOKING, reason) not in ANSWERS:
        raise NotLifted(f"{answer.invoice_id} n’est pas retenu pour « {reason} ».")
    return BOOKING


def try_out(decision: HoldLifted, collected: InvoiceCollected, rulebook: Rulebook) -> None:
    """Raises NotLifted when the decision misses something, or the document would be held for the same reason all the same."""
    lift = Lift.of(decision)
    if (why := refusal(lift)) is not None:
        raise NotLifted(why)
    if ANSWERS[lift.stage or CLASSIFICATION, lift.reason].is_look_again:
        return
    answer = classify(collected.model_copy(update={"lifted": (*collected.lifted, lift)}), rulebook)
    if isinstance(answer, ClassificationHeld) and answer.reason == lift.reason:
        raise NotLifted(f"Avec cette décision le document reste retenu. {answer.sentence} {answer.next_action}")


def _cents(text: str) -> int:
    """`1234,5` or `1234.50` → 123450."""
    found = AN_AMOUNT.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"« {text} » n’est pas un montant")
    sign, whole, part = found.groups("")
    return int(f"{sign}{whole}{part:0<2}")
