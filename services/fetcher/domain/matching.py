"""Which number each PDF bears, and what of an order still waits, and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from services.fetcher.domain.dossier import Dossier, expects, number_moved_at, undirected
from services.fetcher.domain.records import Kind, OrderLine, Paper, StatedNumber
from services.fetcher.domain.waiting import Wait, Waiting, aged


@dataclass(frozen=True, slots=True)
class Numbered:
    """A PDF with its number, as the API spells it when it `stated` the number too."""

    paper: Paper
    number: str
    kind: Kind
    stated: bool


@dataclass(frozen=True, slots=True)
class Matched:
    """An order sorted out: PDFs with a number, PDFs without one, numbers without a PDF; and how many PDFs came that are another's."""

    numbered: tuple[Numbered, ...]
    unnumbered: tuple[Paper, ...]
    missing: tuple[tuple[str, Kind], ...]
    strays: int = 0


def kind_of(paper: Paper) -> Kind:
    """The side a PDF is on by its own text; what does not say so is an invoice."""
    printed = paper.evidence.type
    return Kind.CREDIT_NOTE if printed is not None and printed.value == Kind.CREDIT_NOTE else Kind.INVOICE


def match(dossier: Dossier) -> Matched:
    """Give each PDF of an order its number: the printed one, else the one it was given when it came alone for that number.

    Nothing is given by elimination: the one PDF that is left may be that of a shipment whose payment Amazon has not shown yet, or come
    by mistake. A number without a PDF is asked for by itself. One that has a number of another order came by mistake.
    """
    own = [paper for paper in dossier.papers if not paper.of_another]
    told = [(paper, _told(paper, dossier.numbers)) for paper in own]
    numbered = tuple(found for _, found in told if found is not None)
    bare = tuple(paper for paper, found in told if found is None and paper.settled is None)
    return Matched(numbered, bare, tuple(_missing(dossier.numbers, numbered)), len(dossier.papers) - len(own))


def waiting(dossier: Dossier, matched: Matched, now: datetime) -> list[Wait]:
    """One reason for each document of the order that is expected or stored and cannot be emitted yet."""
    unknown = [_wait(dossier, "", Waiting.NUMBER_UNKNOWN, now) for _ in matched.unnumbered]
    return [*chain(*(_missing_of(dossier, matched, kind, now) + _unresolved(dossier, matched, kind, now) for kind in Kind)), *unknown]


def differing(dossier: Dossier, matched: Matched, now: datetime) -> list[Wait]:
    """The numbers that two PDFs bear with different totals: both are said, and a person must compare them."""
    totals = dict[tuple[str, Kind], set[int]]()
    for found in matched.numbered:
        if fact := found.paper.evidence.gross_cents:
            totals.setdefault((found.number, found.kind), set()).add(fact.value)
    return [Wait(dossier.order_id, number, Waiting.TOTALS_DIFFER, now, None) for (number, _), several in totals.items() if len(several) > 1]


def aged_since(waits: Sequence[Wait], before: Sequence[Wait]) -> tuple[Wait, ...]:
    """The waits with the age they had before, by number, else that of the order's oldest."""
    oldest = min((wait.since for wait in before), default=None)
    since = {wait.number: wait.since for wait in sorted(before, key=lambda wait: wait.since, reverse=True)}
    return tuple(replace(wait, since=since.get(wait.number, oldest or wait.since)) for wait in waits)


def _told(paper: Paper, numbers: Sequence[StatedNumber]) -> Numbered | None:
    """With the number it prints, or with the one it was given before when that is one of this order's."""
    fact = paper.evidence.number
    number = fact.value if fact else paper.settled
    same = [stated for stated in numbers if number and _same(stated.number, number)]
    if number is None or (fact is None and not same):
        return None
    kind = kind_of(paper) if any(stated.kind == kind_of(paper) for stated in same) or not same else same[0].kind
    return Numbered(paper, same[0].number if same else number.strip(), kind, bool(same))


def _same(one: str, other: str) -> bool:
    return "".join(one.split()).casefold() == "".join(other.split()).casefold()


def _missing(numbers: Sequence[StatedNumber], numbered: Sequence[Numbered]) -> list[tuple[str, Kind]]:
    expected = dict.fromkeys((stated.number, stated.kind) for stated in numbers)
    return [
        (number, kind) for number, kind in expected if not any(_same(number, found.number) and kind == found.kind for found in numbered)
    ]


def _missing_of(dossier: Dossier, matched: Matched, kind: Kind, now: datetime) -> list[Wait]:
    """The numbers without a PDF; as many of them as PDFs came with numbers that the API does not give for this order are astray."""
    strays = matched.strays + max(0, len(_silent(matched, kind)) - len(_open_shipments(dossier, kind)))
    missing = [number for number, its_kind in matched.missing if its_kind is kind]
    reasons = [Waiting.DOCUMENT_OF_ANOTHER_ORDER] * strays + [Waiting.DOCUMENT_MISSING] * len(missing)
    return [
        _wait(dossier, number, reason, now, number_moved_at(dossier, number, kind))
        for number, reason in zip(missing, reasons, strict=False)
    ]


def _unresolved(dossier: Dossier, matched: Matched, kind: Kind, now: datetime) -> list[Wait]:
    """Shipments with money but without a number of that kind, less the PDFs that stand for one the API is silent about.

    None stands for a shipment whose number is announced: its document is there when the number is.
    """
    opened = _open_shipments(dossier, kind)
    silent, announced = [line for line in opened if not line.pending], [line for line in opened if line.pending]
    standing_for = _standing_for(matched, kind)
    if kind is Kind.INVOICE:  # a credit note stands for money that Amazon does not say the direction of
        spare = _standing_for(matched, Kind.CREDIT_NOTE) - len(_open_shipments(dossier, Kind.CREDIT_NOTE))
        standing_for += min(max(0, spare), sum(map(undirected, silent)))
    return [_wait(dossier, "", _why(line), now, line.moved_at, line.ask_at) for line in [*silent[standing_for:], *announced]]


def _standing_for(matched: Matched, kind: Kind) -> int:
    """How many PDFs of that kind stand for a shipment whose number the API does not give."""
    return len(_silent(matched, kind)) + sum(kind_of(paper) == kind for paper in matched.unnumbered)


def _silent(matched: Matched, kind: Kind) -> list[Numbered]:
    return [found for found in matched.numbered if found.kind == kind and not found.stated]


def _open_shipments(dossier: Dossier, kind: Kind) -> list[OrderLine]:
    """One line of each shipment whose number is not known; those whose number is furthest away come last."""
    resolved = {(stated.key, stated.kind) for stated in dossier.numbers}
    lines = [line for line in dossier.lines if expects(line, kind) and not any((line.key, each) in resolved for each in _kinds(line, kind))]
    by_shipment = {line.key.shipment_id: line for line in sorted(lines, key=lambda line: line.pending)}
    return sorted(by_shipment.values(), key=lambda line: FURTHEST.index(_why(line)))


def _kinds(line: OrderLine, kind: Kind) -> Iterable[Kind]:
    """The kinds of number that the line is through with."""
    return Kind if undirected(line) else (kind,)


FURTHEST = (Waiting.NUMBER_UNKNOWN, Waiting.NUMBER_PENDING, Waiting.NOT_SHIPPED)


def _why(line: OrderLine) -> Waiting:
    if not line.key.shipment_id:
        return Waiting.NOT_SHIPPED
    return Waiting.NUMBER_PENDING if line.pending else Waiting.NUMBER_UNKNOWN


def _wait(
    dossier: Dossier, number: str, reason: Waiting, now: datetime, moved_at: datetime | None = None, ask_at: datetime | None = None
) -> Wait:
    """With the trouble of the last attempt in place of « not there yet », what age makes of it, and the next attempt."""
    wanted = dossier.wanted(number)
    trouble = wanted.trouble if wanted and reason in (Waiting.DOCUMENT_MISSING, Waiting.NUMBER_UNKNOWN) else None
    moved_at = moved_at or (wanted.moved_at if wanted else now)
    attempts = [moment for moment in (wanted and wanted.next_attempt_at, ask_at) if moment]
    return Wait(dossier.order_id, number, aged(trouble or reason, now - moved_at), now, min(attempts, default=None))
