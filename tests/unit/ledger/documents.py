"""Classified documents for tests, built from a few words, and short names for the lines of an entry."""

import hashlib
import inspect
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from schemas.classification_held.v1 import ClassificationHeld
from schemas.invoice_classified.v1 import ClassifiedLine, ClassifiedVat, InvoiceClassified
from schemas.values import CompanySettings, DocumentRef, Supplier, Totals
from services.ledger.domain.posting import Entry, Line, NoEntry, post

COMPANY = "C-1"
SETTINGS = CompanySettings(
    revision=1,
    company_name="Menuiserie Durand",
    siren="732829320",
    vat_id="FR44732829320",
    vat_regime="normal",
    deduction_coefficient="1",
    supplier_mode="amazon_business",
    automatic_import=True,
    import_start=date(2026, 1, 1),
    cut_over=date(2026, 1, 1),
    buyer_check=False,
    test_environment=False,
)

type Row = tuple[str, int, str | None]  # account, net cents, VAT rate


def pdf(name: str) -> DocumentRef:
    """A stored document; another name has other bytes."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    return DocumentRef(sha256=digest, size_bytes=1200, media_type="application/pdf", object_key=f"documents/{digest}.pdf")


def line(account: str, net_cents: int, vat_rate: str | None) -> ClassifiedLine:
    """A line whose account the classifier chose."""
    return ClassifiedLine(
        label="Ramette A4", net_cents=net_cents, vat_rate=vat_rate, nature="supplies", account=account, rule="word", because="ramette"
    )


def invoice(rows: Sequence[Row] = (("606400", 100_00, "20"),), **changes: Any) -> InvoiceClassified:
    """An invoice of these lines; VAT and totals follow from them unless `changes` says otherwise."""
    rates = sorted({rate for _, _, rate in rows if rate})
    bases = {rate: sum(net for _, net, other in rows if other == rate) for rate in rates}
    vat = tuple(
        ClassifiedVat(rate=rate, base_cents=base, vat_cents=round(base * float(rate) / 100), regime="domestic")
        for rate, base in bases.items()
    )
    vat = changes.pop("vat", vat)
    net, tax = sum(net for _, net, _ in rows), sum(group.vat_cents for group in vat)
    said: dict[str, Any] = {
        "company_id": COMPANY,
        "connection_id": "K-1",
        "invoice_id": "I-1",
        "revision": 1,
        "rulebook_version": "r1",
        "category": "purchases",
        "type": "invoice",
        "number": "FR-1",
        "issue_date": date(2026, 3, 10),
        "credited_number": None,
        "currency": "EUR",
        "totals": Totals(net_cents=net, vat_cents=tax, gross_cents=changes.pop("gross_cents", net + tax)),
        "supplier": Supplier(name="Amazon Business", auxiliary="AMAZON", legal_name="Papeterie Lyon", vat_id="FR12345678901", siren=None),
        "lines": tuple(line(*row) for row in rows),
        "vat": vat,
        "flags": (),
        "orders": ("406-1",),
        "document": pdf(changes.get("invoice_id", "I-1")),
        "settings": SETTINGS,
    }
    return InvoiceClassified(**{**said, **changes})


def held(**changes: Any) -> ClassificationHeld:
    """A document the classifier holds because it does not know its issue date."""
    said: dict[str, Any] = {
        "company_id": COMPANY,
        "connection_id": "K-1",
        "invoice_id": "I-1",
        "revision": 1,
        "rulebook_version": "r1",
        "reason": "issue_date_missing",
        "sentence": "La date de la facture n'est connue ni par le document ni par Amazon.",
        "next_action": "Relever la date sur le PDF et la saisir.",
        "type": "invoice",
        "number": "FR-1",
        "issue_date": None,
        "currency": "EUR",
        "totals": None,
        "supplier": Supplier(name="Amazon Business", auxiliary="AMAZON", legal_name=None, vat_id=None, siren=None),
        "orders": ("406-1",),
        "document": pdf(changes.get("invoice_id", "I-1")),
        "settings": SETTINGS,
    }
    return ClassificationHeld(**{**said, **changes})


def case() -> InvoiceClassified:
    """The document written in the calling test's docstring.

    `invoice FR-15, gross 120.01` then one line each: `606400  100.00  20%`, and `vat  20%  19.99` where VAT is printed otherwise.
    """
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    text = str(frame.f_back.f_code.co_consts[0])
    heading = re.search(r"(invoice|credit_note) (\S+?)(?:, gross (\S+))?$", text, re.MULTILINE)
    assert heading is not None
    rows = [
        (account, _cents(net), rate) for account, net, rate in re.findall(r"^ +(\d{6}) +(-?[\d.]+) *(?: ([\d.]+)%)?$", text, re.MULTILINE)
    ]
    printed = re.findall(r"^ +vat +([\d.]+)% +(-?[\d.]+)$", text, re.MULTILINE)
    changes: dict[str, Any] = {"type": heading[1], "number": heading[2]}
    if heading[3]:
        changes["gross_cents"] = _cents(heading[3])
    if printed:
        changes["vat"] = tuple(ClassifiedVat(rate=rate, base_cents=0, vat_cents=_cents(vat), regime="domestic") for rate, vat in printed)
    return invoice([(account, net, rate or None) for account, net, rate in rows], **changes)


def lines(document: InvoiceClassified) -> list[Line]:
    """The lines of the document's entry, in order; none when there is no entry."""
    entry = post(document)
    return [] if isinstance(entry, NoEntry) else list(entry.lines)


def entry_of(document: InvoiceClassified) -> Entry:
    """The document's entry."""
    entry = post(document)
    assert isinstance(entry, Entry)
    return entry


def debit(account: str, cents: int, *, rate: str | None = None, aux: str | None = None) -> Line:
    """A debit line."""
    return Line(account, aux, cents, rate)


def credit(account: str, cents: int, *, rate: str | None = None, aux: str | None = None) -> Line:
    """A credit line."""
    return Line(account, aux, -cents, rate)


def _cents(text: str) -> int:
    whole, _, rest = text.partition(".")
    return int(whole + rest.ljust(2, "0"))
