"""Small builders of what the fetcher knows, so that each test shows only what it is about."""

from datetime import UTC, date, datetime

from schemas.invoice_collected.v1 import Evidence, Party
from schemas.values import DocumentRef, Fact
from services.fetcher.domain.dossier import Dossier
from services.fetcher.domain.records import Kind, LineKey, OrderLine, Paper, StatedNumber
from services.fetcher.domain.waiting import Waiting
from services.fetcher.domain.wanting import Wanted

ORDER = "171-0000001-0000001"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
NOBODY = Party(name=None, vat_id=None, siren=None, country=None)


def key(line: str = "L1", shipment: str = "S1") -> LineKey:
    """A line of the order."""
    return LineKey(ORDER, line, shipment)


def charged(line: str = "L1", shipment: str = "S1", pending: bool = False) -> OrderLine:
    """A line that money was taken for."""
    return OrderLine(key(line, shipment), charged=True, refunded=False, pending=pending, moved_at=NOW)


def refunded(line: str = "L1", shipment: str = "S1") -> OrderLine:
    """A line that money was taken for and given back."""
    return OrderLine(key(line, shipment), charged=True, refunded=True, pending=False, moved_at=NOW)


def undirected(line: str = "L1", shipment: str = "S1") -> OrderLine:
    """A line that money moved on, nobody knows which way: the type of its transaction is null."""
    return OrderLine(key(line, shipment), charged=False, refunded=False, pending=False, moved_at=NOW)


def stated(number: str, line: str = "L1", shipment: str = "S1", kind: Kind = Kind.INVOICE) -> StatedNumber:
    """A number as `/invoices` gives it."""
    return StatedNumber(key(line, shipment), number, kind, date(2026, 11, 12), "api:invoices")


def evidence(number: str | None, kind: str | None = None, seller: Party = NOBODY, issued: date | None = None) -> Evidence:
    """What a PDF says: its number, perhaps its type, seller and day, and nothing else."""
    return Evidence(
        reading="text",
        unreadable=None,
        number=Fact(value=number, origin="document:text") if number else None,
        type=Fact(value=kind, origin="document:text") if kind else None,
        issue_date=Fact(value=issued, origin="document:text") if issued else None,
        currency=None,
        credited_number=None,
        seller=seller,
        buyer=NOBODY,
        net_cents=None,
        vat_cents=None,
        gross_cents=None,
        vat=(),
        lines=(),
        mentions=(),
    )


def paper(number: str | None, kind: str | None = None, byte: str = "a") -> Paper:
    """A stored PDF; `byte` makes it another file."""
    document = DocumentRef(sha256=byte * 64, size_bytes=1, media_type="application/pdf", object_key=f"documents/{byte}")
    return Paper(document, evidence(number, kind))


def dossier(
    lines: tuple[OrderLine, ...], numbers: tuple[StatedNumber, ...] = (), papers: tuple[Paper, ...] = (), failed: bool = False
) -> Dossier:
    """Everything known of the order."""
    wanted = Wanted(ORDER, "", NOW, 1 if failed else 0, Waiting.DOCUMENT_FAILED if failed else None, NOW)
    return Dossier(ORDER, lines, numbers, papers, (wanted,), ())
