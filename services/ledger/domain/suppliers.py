"""Suppliers: which auxiliaries are one legal entity, on which of them a document is booked, and how its documents name it.

What is booked stays on the auxiliary it was booked on: accounts of third parties are kept as they were written (PCG 1031-3, LPF A47 A-1).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, NamedTuple

from schemas.supplier_merged.v1 import SupplierMerged
from services.ledger.domain.posting import Entry
from services.ledger.domain.standing import Document, Verdict

LEGAL_SELLER = "legal_seller"  # the mode of a company with an auxiliary per seller; in the other all sellers share one


class MergerRefused(Exception):
    """Ces deux fournisseurs ne peuvent pas en devenir un."""

    next_action: ClassVar[str] = "Vérifier les deux codes avec « achats-ledger suppliers », puis décider de nouveau."

    def __str__(self) -> str:
        """The sentence with what it is about, then what to do."""
        sentence, about = (self.__doc__ or "").strip().rstrip("."), " → ".join(map(str, self.args))
        return f"{sentence} : {about}. {self.next_action}"


class IntoItself(MergerRefused):
    """Un fournisseur ne peut pas être fusionné avec lui-même."""


class SupplierUnknown(MergerRefused):
    """Le livre ne connaît pas ce fournisseur."""


class InACircle(MergerRefused):
    """Le second fournisseur est déjà fusionné avec le premier."""

    next_action = "Garder le fournisseur qui reste, ou fusionner dans l'autre sens un fournisseur qui ne l'est pas encore."


class Identity(NamedTuple):
    """How documents name a supplier; `name` = as the books call it."""

    name: str
    legal_name: str | None
    vat_id: str | None
    siren: str | None


@dataclass(frozen=True, slots=True)
class Mergers:
    """A company's suppliers that became another one, each with where it went at last; `decisions` = those the book has."""

    into: Mapping[str, str] = field(default_factory=dict[str, str])
    decisions: frozenset[str] = frozenset()

    def survivor(self, auxiliary: str) -> str:
        """Where documents of this supplier are booked."""
        return self._way(auxiliary)[-1]

    def one_with(self, auxiliary: str) -> Collection[str]:
        """All auxiliaries of the same supplier, this one included."""
        survivor = self.survivor(auxiliary)
        return sorted({survivor, *(merged for merged in self.into if self.survivor(merged) == survivor)})

    def after(self, decision: SupplierMerged) -> "Mergers":
        """With this decision, whose suppliers the book knows. Raises IntoItself, InACircle."""
        goes, stays = decision.auxiliary, decision.into
        if goes == stays:
            raise IntoItself(goes)
        if goes in self._way(stays):
            raise InACircle(goes, stays)
        return Mergers({**self.into, goes: stays}, self.decisions | {decision.decision_id})

    def _way(self, auxiliary: str) -> list[str]:
        """From this auxiliary to the one that stays; mergers make no circle."""
        way = [auxiliary]
        while (further := self.into.get(way[-1])) is not None:
            way.append(further)
        return way


NO_MERGERS = Mergers()


def booked_as[D: Document](document: D, mergers: Mergers) -> D:
    """The document under the auxiliary of the supplier that stays."""
    survivor = mergers.survivor(document.supplier.auxiliary)
    if survivor == document.supplier.auxiliary:
        return document
    return document.model_copy(update={"supplier": document.supplier.model_copy(update={"auxiliary": survivor})})


def same_postings(verdict: Verdict, mergers: Mergers) -> frozenset[bytes]:
    """The digests of the verdict's entry on each auxiliary of its supplier: on which of them a revision came first is no difference."""
    if verdict.entry is None or not mergers.into:
        return frozenset()
    said = verdict.entry.said or verdict.entry
    own = {line.auxiliary for line in said.lines if line.auxiliary}
    return frozenset(_on(said, other).digest for auxiliary in own for other in mergers.one_with(auxiliary))


def identity_of(document: Document) -> Identity:
    """How the document names its supplier: with an auxiliary for each seller the books call it by its legal name."""
    said = document.supplier
    is_seller = document.settings.supplier_mode == LEGAL_SELLER and said.legal_name is not None
    return Identity(said.legal_name if is_seller and said.legal_name else said.name, said.legal_name, said.vat_id, said.siren)


def aliases_of(decision: SupplierMerged) -> list[tuple[str, str]]:
    """What the supplier that stays goes by too: kind and value."""
    said = {"auxiliary": decision.auxiliary, "legal_name": decision.legal_name, "vat_id": decision.vat_id, "siren": decision.siren}
    return [(kind, value) for kind, value in said.items() if value]


def _on(entry: Entry, auxiliary: str) -> Entry:
    return replace(entry, lines=tuple(line._replace(auxiliary=line.auxiliary and auxiliary) for line in entry.lines))
