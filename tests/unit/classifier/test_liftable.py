"""The one table of what may be decided: it knows every reason of every service, says in French what is missing, and the runbook has it."""

from collections.abc import Iterable

import pytest

from schemas.hold_lifted.v1 import Given
from services.classifier.domain.holds import HOLDS
from services.classifier.domain.liftable import ANSWERS, BOOKING, CLASSIFICATION, COLLECTION, Answer, answer_to, option, refusal
from services.fetcher.domain.waiting import Waiting
from services.ledger.domain import holds as of_ledger
from tests.support.decisions import decision
from tests.support.style import ROOT

EVERY_REASON = {
    *((COLLECTION, reason.value) for reason in Waiting),
    *((CLASSIFICATION, hold.code()) for hold in HOLDS),
    *((BOOKING, hold.code()) for hold in of_ledger.Hold.__subclasses__()),
}
LIFTABLE = [(stage, reason) for (stage, reason), answer in ANSWERS.items() if answer.is_liftable]
PAGE = (ROOT / "deploy" / "runbook" / "held.md").read_text(encoding="utf-8")


def unknown_to(table: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """The reasons that a service gives and the table misses, and those that it has and nobody gives."""
    return EVERY_REASON ^ set(table)


def test_the_table_knows_every_reason_of_every_service() -> None:
    """Goal: no hold without an answer, no answer without a hold."""
    assert set() == unknown_to(ANSWERS)


def test_a_reason_that_is_forgotten_is_found() -> None:
    """A planted mistake: a row less, a row too many."""
    some = set(ANSWERS) - {(BOOKING, "same_document")} | {(BOOKING, "nobody_holds_for_this")}
    assert {(BOOKING, "same_document"), (BOOKING, "nobody_holds_for_this")} == unknown_to(some)


@pytest.mark.parametrize(("place", "answer"), ANSWERS.items(), ids=[reason for _, reason in ANSWERS])
def test_each_answer_is_a_french_sentence_and_asks_what_a_decision_can_give(place: tuple[str, str], answer: Answer) -> None:
    """Goal: whoever is refused reads what to do; every thing that is asked has an option."""
    assert answer.means[0].isupper()
    assert answer.means.endswith(".")
    assert set(answer.gives) <= {*Given.model_fields, "account", "because"}
    assert bool(answer.choices) == bool({"type", "regime", "account"} & set(answer.gives)), place


def test_a_decision_misses_something() -> None:
    """Goal: the sentence says what lifting means and which options are missing."""
    assert "Donner les totaux relevés sur le PDF. Il manque : --net, --vat, --gross." == refusal(decision("totals_missing"))
    assert "Donner la date de livraison. Il manque : --delivery-date." == refusal(decision("delivery_date_missing"))


def test_a_decision_chooses_what_there_is_not() -> None:
    """Goal: the sentence lists the choices."""
    sentence = "Choisir le régime de TVA de ce qui est retenu. --regime : intra_eu, reverse_charge, import."
    assert sentence == refusal(decision("intra_eu", regime="domestic"))


@pytest.mark.parametrize(
    ("stage", "reason", "sentence"),
    [
        (CLASSIFICATION, "spaceship", "Le motif « spaceship » n’existe pas."),
        (BOOKING, "type_missing", "Le motif « type_missing » n’existe pas."),
        (
            CLASSIFICATION,
            "document_unreadable",
            "Le motif « document_unreadable » ne se lève pas. Ouvrir le PDF et saisir la facture, "
            "ou demander un document lisible au vendeur.",
        ),
        (
            COLLECTION,
            "not_shipped",
            "Le motif « not_shipped » ne se lève pas. Le document n’est pas encore collecté, il n’y a rien à lever : "
            "voir « documents manquants » de la connexion.",
        ),
    ],
)
def test_what_nobody_can_lift_is_refused(stage: str, reason: str, sentence: str) -> None:
    """Goal: one sentence with the next action; and such a decision answers nothing."""
    assert sentence == refusal(decision(reason, stage=stage))
    assert answer_to(decision(reason, stage=stage)) is None


def test_an_option_has_the_name_people_say() -> None:
    """Goal: amounts without their unit."""
    assert ["--gross", "--issue-date", "--because"] == [option(name) for name in ("gross_cents", "issue_date", "because")]


@pytest.mark.parametrize(("stage", "reason"), sorted(EVERY_REASON))
def test_the_runbook_says_what_to_do(stage: str, reason: str) -> None:
    """Goal: a row for each hold, with what the table says of it; documents that are not collected have a row together."""
    answer = ANSWERS[stage, reason]
    if stage == COLLECTION:
        assert f"`{reason}`" in PAGE
    else:
        gives = " ".join(f"`{option(name)}`" for name in answer.gives) or "—"
        assert f"| `{reason}` | {answer.means} | {gives} |" in PAGE.partition(f"## {stage}\n")[2]
