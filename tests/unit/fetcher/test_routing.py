"""Whose purchase a document is: nothing is guessed."""

import pytest

from services.fetcher.domain.routing import Entities, must_choose, proposed, routed
from services.fetcher.domain.waiting import Waiting

UNKNOWN, OTHER = Waiting.ENTITY_UNKNOWN, Waiting.OTHER_ENTITY


@pytest.mark.parametrize(
    ("names", "entities", "reason"),
    [
        (["A"], {"A": None}, None),
        ([], {"A": None}, None),
        ([""], {"A": None, "": None}, None),
        ([], {}, None),
        (["A"], {"A": None, "B": None}, UNKNOWN),
        (["A"], {"A": True, "B": None}, None),
        (["B"], {"A": True, "B": None}, UNKNOWN),
        (["B"], {"A": True, "B": False}, OTHER),
        (["A", "B"], {"A": True, "B": True}, None),
        (["A", "B"], {"A": True, "B": False}, UNKNOWN),
        (["A", "C"], {"A": True, "B": False}, UNKNOWN),
        ([""], {"A": True, "B": False, "": None}, UNKNOWN),
        ([], {"A": True, "B": False}, UNKNOWN),
        ([""], {"A": True, "B": False, "": True}, None),
        (["a"], {"A": True, "B": False}, UNKNOWN),
    ],
)
def test_a_document_is_ours_another_s_or_held(names: list[str], entities: Entities, reason: Waiting | None):
    """One entity is the company's; from two on each must be decided, the nameless and the new name too; a document of both is held."""
    assert reason == routed(names, entities)


def test_only_two_named_entities_make_a_question():
    """A purchase without a name is no second entity."""
    assert [False, False, False, True] == [must_choose(one) for one in ({}, {"A": None}, {"A": None, "": None}, {"A": None, "B": None})]


def test_what_bears_the_company_s_name_is_proposed_and_what_was_refused_is_not():
    """Case and spaces apart; a resemblance is nothing."""
    entities = {"ATELIER  Lumière SAS": None, "Atelier Lumière": None, "Sœur SARL": True, "Autre": False}
    assert {"ATELIER  Lumière SAS", "Sœur SARL"} == proposed(entities, "Atelier Lumière SAS")
    assert set() == proposed({"Acme": False}, "Acme")
