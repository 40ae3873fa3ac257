"""Whose purchase a document is, when one account shows the purchases of several legal entities (§1.8, §12.2 step 3)."""

from collections.abc import Collection, Mapping

from services.fetcher.domain.waiting import Waiting

UNNAMED = ""
"""The name of a purchase for which Amazon names no legal entity."""

type Entities = Mapping[str, bool | None]
"""The legal entities of an account: the company's own, another's, or undecided."""


def entity_named(published: str | None) -> str:
    """The entity's name as Amazon gives it, without the spaces around it. Another spelling is another entity: nothing is guessed."""
    return (published or UNNAMED).strip()


def must_choose(entities: Entities) -> bool:
    """Whether the account shows two named entities or more: only then is a person asked."""
    return sum(name != UNNAMED for name in entities) > 1


def routed(names: Collection[str], entities: Entities) -> Waiting | None:
    """Why a document whose payments name these entities is not the company's for now; None when it is."""
    if not must_choose(entities):
        return None
    decided = {entities.get(name) for name in names or (UNNAMED,)}
    if decided == {True}:
        return None
    return Waiting.OTHER_ENTITY if decided == {False} else Waiting.ENTITY_UNKNOWN


def proposed(entities: Entities, company_name: str) -> frozenset[str]:
    """The entities to propose as the company's own: those decided so, and those that bear its very name."""
    own = {name for name, ours in entities.items() if ours}
    same = {name for name, ours in entities.items() if ours is None and _plain(name) == _plain(company_name)}
    return frozenset(own | same)


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
