"""Everything known of one order, put together from what the fetcher keeps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.fetcher.domain.records import Kind, OrderLine, Paper, StatedNumber
from services.fetcher.domain.waiting import Wait, Waiting
from services.fetcher.domain.wanting import Wanted


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything known of one order. `wants` = what is wanted of it: its own documents, and those of single numbers."""

    order_id: str
    lines: tuple[OrderLine, ...]
    numbers: tuple[StatedNumber, ...]
    papers: tuple[Paper, ...]
    wants: tuple[Wanted, ...]
    waits: tuple[Wait, ...]

    def wanted(self, number: str) -> Wanted | None:
        """What is wanted under a number by itself, else of the order."""
        own = next((want for want in self.wants if not want.number), None)
        return next((want for want in self.wants if number and want.number == number), own)


def expects(line: OrderLine, kind: Kind) -> bool:
    """Whether money went in the direction of a document of this kind; where Amazon does not say the direction, an invoice is expected."""
    return line.charged or not line.refunded if kind is Kind.INVOICE else line.refunded


def undirected(line: OrderLine) -> bool:
    """Whether money moved and Amazon does not say which way: the type of its transaction is null, or one we do not know."""
    return not line.charged and not line.refunded


def number_moved_at(dossier: Dossier, number: str, kind: Kind) -> datetime | None:
    """When goods or money of the lines that bear a number last moved; None when no line of the order bears it."""
    keys = {stated.key for stated in dossier.numbers if stated.number == number and stated.kind == kind}
    return max((line.moved_at for line in dossier.lines if line.key in keys), default=None)


def whole_order(dossier: Dossier) -> bool:
    """Whether the order itself is asked for: not when each of its lines has its document under a consolidated number, or will have."""
    named = {(stated.key, stated.kind) for stated in dossier.numbers if stated.consolidated}
    named |= {(line.key, Kind.INVOICE) for line in dossier.lines if undirected(line) and (line.key, Kind.CREDIT_NOTE) in named}
    return any(expects(line, kind) and not line.pending and (line.key, kind) not in named for line in dossier.lines for kind in Kind)


WITHOUT_ASKING = frozenset(
    {
        *(Waiting.IMPORT_DISABLED, Waiting.BEFORE_IMPORT_START, Waiting.ENTITY_UNKNOWN, Waiting.OTHER_ENTITY),
        *(Waiting.NUMBER_PENDING, Waiting.NUMBER_OVERDUE, Waiting.TOTALS_DIFFER),
    }
)
"""What no request for documents would change."""


def is_lacking(wanted: Wanted, waits: Sequence[Wait]) -> bool:
    """Whether something waits that asking for this again may bring."""
    return any(wait.reason not in WITHOUT_ASKING and wanted.number in ("", wait.number) for wait in waits)
