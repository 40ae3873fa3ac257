"""Which number each PDF bears, and what of an order still waits, and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from services.fetcher.domain.records import Dossier, Kind, OrderLine, Paper, StatedNumber, Waiting


@dataclass(frozen=True, slots=True)
class Numbered:
    """A PDF with its number, as the API spells it when it `stated` the number too."""

    paper: Paper
    number: str
    kind: Kind
    stated: bool


@dataclass(frozen=True, slots=True)
class Matched:
    """An order sorted out: PDFs with a number, PDFs without one, numbers without a PDF."""

    numbered: tuple[Numbered, ...]
    unnumbered: tuple[Paper, ...]
    missing: tuple[tuple[str, Kind], ...]


def kind_of(paper: Paper) -> Kind:
    """The side a PDF is on by its own text; what does not say so is an invoice."""
    printed = paper.evidence.type
    return Kind.CREDIT_NOTE if printed is not None and printed.value == Kind.CREDIT_NOTE else Kind.INVOICE


def match(dossier: Dossier) -> Matched:
    """Give each PDF of an order its number: the printed one, else the one number of the API that is left for the one PDF that is left."""
    printed = [(paper, _printed(paper, dossier.numbers)) for paper in dossier.papers]
    numbered = [found for _, found in printed if found is not None]
    bare = [paper for paper, found in printed if found is None]
    missing = _missing(dossier.numbers, numbered)
    if len(bare) == 1 and len(missing) == 1:
        number, kind = missing[0]
        numbered.append(Numbered(bare[0], number, kind, stated=True))
        bare, missing = [], []
    return Matched(tuple(numbered), tuple(bare), tuple(missing))


def waiting(dossier: Dossier, matched: Matched) -> list[Waiting]:
    """One reason for each document of the order that is expected or stored and cannot be emitted yet."""
    absent = Waiting.DOCUMENT_FAILED if dossier.report_failed else Waiting.DOCUMENT_MISSING
    unknown = [Waiting.NUMBER_UNKNOWN for _ in matched.unnumbered]
    return [absent for _ in matched.missing] + unknown + list(chain(*(_unresolved(dossier, matched, kind) for kind in Kind)))


def _printed(paper: Paper, numbers: Sequence[StatedNumber]) -> Numbered | None:
    fact = paper.evidence.number
    if fact is None:
        return None
    same = [stated for stated in numbers if _same(stated.number, fact.value)]
    kind = kind_of(paper) if any(stated.kind == kind_of(paper) for stated in same) or not same else same[0].kind
    return Numbered(paper, same[0].number if same else fact.value.strip(), kind, bool(same))


def _same(one: str, other: str) -> bool:
    return "".join(one.split()).casefold() == "".join(other.split()).casefold()


def _missing(numbers: Sequence[StatedNumber], numbered: Sequence[Numbered]) -> list[tuple[str, Kind]]:
    expected = dict.fromkeys((stated.number, stated.kind) for stated in numbers)
    return [
        (number, kind) for number, kind in expected if not any(_same(number, found.number) and kind == found.kind for found in numbered)
    ]


def _unresolved(dossier: Dossier, matched: Matched, kind: Kind) -> Iterable[Waiting]:
    """Shipments with money but without a number of that kind, less the PDFs that stand for one the API is silent about."""
    resolved = {stated.key for stated in dossier.numbers if stated.kind == kind}
    lines = [line for line in dossier.lines if _expects(line, kind) and line.key not in resolved]
    silent = [found for found in matched.numbered if found.kind == kind and not found.stated]
    bare = [paper for paper in matched.unnumbered if kind_of(paper) == kind]
    by_shipment = {line.key.shipment_id: line.pending for line in sorted(lines, key=lambda line: line.pending)}
    open_shipments = sorted(by_shipment.values())[len(silent) + len(bare) :]
    return [_why(pending, dossier.report_failed) for pending in open_shipments]


def _expects(line: OrderLine, kind: Kind) -> bool:
    return line.charged if kind is Kind.INVOICE else line.refunded


def _why(pending: bool, report_failed: bool) -> Waiting:
    if pending:
        return Waiting.NUMBER_PENDING
    return Waiting.DOCUMENT_FAILED if report_failed else Waiting.NUMBER_UNKNOWN
