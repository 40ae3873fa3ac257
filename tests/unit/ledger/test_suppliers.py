"""Suppliers that became others: by tables, and whatever people decide, no circle and one end for each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.standing import NOTHING, Outcome, Verdict, advance, against
from services.ledger.domain.suppliers import (
    NO_MERGERS,
    InACircle,
    IntoItself,
    MergerRefused,
    Mergers,
    SupplierUnknown,
    aliases_of,
    booked_as,
    identity_of,
    same_postings,
)
from tests.adapters.suppliers import CANAL, PORT, bought, merger
from tests.unit.ledger.documents import SETTINGS, entry_of, held

CHAIN = Mergers({"A": "B", "B": "C", "D": "C"})


@pytest.mark.parametrize(("auxiliary", "survivor"), [("A", "C"), ("B", "C"), ("C", "C"), ("D", "C"), ("E", "E")])
def test_each_ends_with_the_one_that_stays(auxiliary: str, survivor: str):
    assert survivor == CHAIN.survivor(auxiliary)
    assert (["E"] if auxiliary == "E" else ["A", "B", "C", "D"]) == CHAIN.one_with(auxiliary)


@pytest.mark.parametrize(
    ("goes", "stays", "refusal"), [("E", "E", IntoItself), ("C", "A", InACircle), ("C", "D", InACircle), ("B", "A", InACircle)]
)
def test_what_would_go_round_is_refused(goes: str, stays: str, refusal: type[MergerRefused]):
    with pytest.raises(refusal) as refused:
        CHAIN.after(merger(goes, stays))
    assert refusal is type(refused.value)
    assert str(refused.value).endswith(refusal.next_action)


def test_a_refusal_names_the_supplier():
    assert "Le livre ne connaît pas ce fournisseur : E. Vérifier les deux codes" in str(SupplierUnknown("E"))


def test_the_last_decision_about_a_supplier_holds():
    after = CHAIN.after(merger("B", "E", "D-2"))
    assert ("E", "E", "C") == (after.survivor("A"), after.survivor("B"), after.survivor("D"))
    assert {"D-2"} == after.decisions


@given(st.lists(st.tuples(st.sampled_from("ABCDEF"), st.sampled_from("ABCDEF"))))
def test_whatever_is_decided_everybody_ends_somewhere(said: list[tuple[str, str]]):
    """One who became another is never an end; all of one supplier have the same end."""
    mergers = NO_MERGERS
    for goes, stays in said:
        try:
            mergers = mergers.after(merger(goes, stays))
        except MergerRefused:
            continue
        assert mergers.survivor(goes) == mergers.survivor(stays)
    for code in "ABCDEF":
        end = mergers.survivor(code)
        assert end not in mergers.into
        assert {end} == {mergers.survivor(other) for other in mergers.one_with(code)}
        assert code in mergers.one_with(code)


def test_a_document_is_booked_on_the_one_that_stays_and_says_the_rest_as_it_did():
    document = bought(1, PORT)
    moved = booked_as(document, Mergers({"PORT": "CANAL"}))
    assert moved == document.model_copy(update={"supplier": PORT.model_copy(update={"auxiliary": "CANAL"})})
    assert document is booked_as(document, Mergers({"CANAL": "PORT"}))
    assert "CANAL" == booked_as(held(supplier=PORT), Mergers({"PORT": "CANAL"})).supplier.auxiliary


def test_the_same_posting_on_the_other_auxiliary_is_no_conflict():
    """The port's invoice stands on its own account; its next revision comes after the merger."""
    mergers, first = Mergers({"PORT": "CANAL"}), entry_of(bought(1, PORT))
    standing = advance(NOTHING, "E-1", 1, b"", Verdict(Outcome.RECORDED, first))
    again = Verdict(Outcome.RECORDED, entry_of(booked_as(bought(1, PORT, revision=2), mergers)))
    assert Outcome.HELD is against(standing, again).outcome
    assert Verdict(Outcome.RECORDED) == against(standing, again, same_postings(again, mergers))
    other = Verdict(Outcome.RECORDED, entry_of(booked_as(bought(1, PORT, rows=[("606300", 100_00, "20")]), mergers)))
    assert Outcome.HELD is against(standing, other, same_postings(other, mergers)).outcome
    assert frozenset() == same_postings(again, NO_MERGERS)


def test_the_books_call_a_seller_by_its_legal_name_and_all_sellers_by_the_one_shown():
    assert ("Papeterie du Port", "Papeterie du Port", None, "906550314") == identity_of(bought(1, PORT))
    assert ("Amazon Business", "Papeterie du Port", None, "906550314") == identity_of(bought(1, PORT, settings=SETTINGS))
    assert "Amazon Business" == identity_of(bought(1, PORT.model_copy(update={"legal_name": None}))).name


def test_what_a_person_says_the_one_that_stays_is_called():
    assert [("auxiliary", "PORT")] == aliases_of(merger("PORT", "CANAL"))
    said = aliases_of(merger("PORT", "CANAL", legal_name="Canal SAS", vat_id=CANAL.vat_id, siren="902100478"))
    assert [("auxiliary", "PORT"), ("legal_name", "Canal SAS"), ("vat_id", "FR88902100478"), ("siren", "902100478")] == said
