"""The side of a document: amounts are turned so that the gross is not negative, and the type says which side it is."""

from schemas.invoice_collected.v1 import Evidence, EvidenceLine, VatGroup
from schemas.values import Fact

_OTHER_SIDE = {"invoice": "credit_note", "self_billed": "other"}
"""What a document with a negative gross is: an invoice of a negative amount gives money back; a negative self-billed one needs a person."""


def credit_side(evidence: Evidence) -> Evidence:
    """The evidence with its amounts turned, if they are printed negative. Lines and VAT groups turn with the totals."""
    if not _is_negative(evidence):
        return evidence
    turned = {field: _turned_fact(getattr(evidence, field)) for field in ("net_cents", "vat_cents", "gross_cents")}
    kind = evidence.type
    if kind is not None and kind.value in _OTHER_SIDE:
        kind = kind.model_copy(update={"value": _OTHER_SIDE[kind.value]})
    return evidence.model_copy(
        update={**turned, "type": kind, "vat": tuple(map(_turned_group, evidence.vat)), "lines": tuple(map(_turned_line, evidence.lines))}
    )


def _is_negative(evidence: Evidence) -> bool:
    first = next((fact for fact in (evidence.gross_cents, evidence.net_cents, evidence.vat_cents) if fact is not None), None)
    return first is not None and first.value < 0


def _turned_fact(fact: Fact[int] | None) -> Fact[int] | None:
    return None if fact is None else fact.model_copy(update={"value": -fact.value})


def _turned_group(group: VatGroup) -> VatGroup:
    return group.model_copy(update={"base_cents": -group.base_cents, "vat_cents": -group.vat_cents})


def _turned_line(line: EvidenceLine) -> EvidenceLine:
    return line.model_copy(update={"net_cents": -line.net_cents})
