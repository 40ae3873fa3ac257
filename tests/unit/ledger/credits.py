"""Credit notes and the invoices they name, for tests, built from a few words."""

from collections.abc import Sequence
from typing import Any

from schemas.invoice_classified.v1 import ClassifiedLine, ClassifiedVat, InvoiceClassified
from services.ledger.domain.originals import Original, credit_of, original_of, post_credit
from services.ledger.domain.posting import Entry, Line
from tests.unit.ledger.documents import SETTINGS, entry_of, invoice

HALF = SETTINGS.model_copy(update={"deduction_coefficient": "0.5"})
REMARK = ("credited_unknown",)

type Titled = tuple[str, str, int, str | None]  # title, account, net cents, VAT rate


def titled(rows: Sequence[Titled], kind: str = "invoice", **changes: Any) -> InvoiceClassified:
    """A document whose lines have titles of their own."""
    document = invoice([row[1:] for row in rows], type=kind, **changes)
    lines = tuple(line.model_copy(update={"label": row[0]}) for row, line in zip(rows, document.lines, strict=True))
    return document.model_copy(update={"lines": lines})


def returned(rows: Sequence[tuple[str, int, str | None]], **changes: Any) -> InvoiceClassified:
    """A credit note that names FR-1."""
    return invoice(rows, **{"type": "credit_note", "invoice_id": "A-1", "number": "AV-1", "credited_number": "FR-1", **changes})


def titled_return(rows: Sequence[Titled], **changes: Any) -> InvoiceClassified:
    """A credit note that names FR-1 and gives back lines with these titles."""
    return titled(rows, "credit_note", invoice_id="A-1", number="AV-1", credited_number="FR-1", **changes)


def booked(document: InvoiceClassified, **recoded: str) -> Original:
    """The document in the book, once a person has put lines on other accounts (`a606400="606300"`)."""
    return corrected(document, *(line._replace(account=recoded.get(f"a{line.account}", line.account)) for line in entry_of(document).lines))


def corrected(document: InvoiceClassified, *lines: Line) -> Original:
    """The document in the book, once a person has made these lines of its entry."""
    return original_of(document, lines)


def lines_of(note: InvoiceClassified, *named: Original) -> list[Line]:
    """The lines of the credit note's entry."""
    entry = post_credit(note, credit_of(note, named))
    assert isinstance(entry, Entry)
    return list(entry.lines)


def flags_of(note: InvoiceClassified, *named: Original) -> tuple[str, ...]:
    """Its remarks."""
    return credit_of(note, named).document.flags


def deducted(net: int, vat: int, part: int, account: str = "606400", regime: str = "domestic") -> dict[str, Any]:
    """One line at 20 %, of whose VAT only a part was deducted."""
    line = ClassifiedLine(
        label="Ramette A4",
        net_cents=net,
        vat_rate="20",
        nature="supplies",
        account=account,
        rule="word",
        because="ramette",
        cost_cents=net + vat - part,
    )
    return {"lines": (line,), "vat": (vat_row(net, vat, regime=regime, deductible_cents=part),)}


def vat_row(net: int, vat: int, **said: Any) -> ClassifiedVat:
    """A row at 20 %."""
    row: dict[str, Any] = {"rate": "20", "base_cents": net, "vat_cents": vat, "regime": "domestic", **said}
    return ClassifiedVat(**row)


PAPER, LAMP, BOOK = ("Papier", "606400", 60_00, "20"), ("Lampe", "606300", 40_00, "20"), ("Livre", "618100", 30_00, "5.5")
PAPER_BACK, LAMP_BACK = ("papier ", "607000", 20_00, "20"), ("Lampe", "607000", 40_00, "20")


def expense(note: InvoiceClassified, original: Original) -> list[str]:
    """The accounts that the credit note credits, apart from VAT."""
    return [line.account for line in lines_of(note, original) if line.cents < 0 and not line.account.startswith("445")]


def owed_by_us(net: int, regime: str) -> dict[str, Any]:
    """VAT at 20 % that the buyer owes."""
    return {"vat": (vat_row(net, net // 5, regime=regime),), "gross_cents": net}
