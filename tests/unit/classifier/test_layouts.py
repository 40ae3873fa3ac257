"""Pages as sellers draw them, read by the shipped reader: the regime is that of the layout, and nothing clean is held."""

import pytest

from deploy.local.amazon.papers import Layout, Paper
from deploy.local.amazon.parties import BUYER
from schemas.classification_held.v1 import ClassificationHeld
from schemas.invoice_classified.v1 import InvoiceClassified
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.domain.classification import classify
from services.ledger.domain.posting import Entry, post
from tests.support.collected import collected, settings, stated
from tests.support.generated import reading_of
from tests.support.papers import papers

RULEBOOK = read_rulebook()
OURS = settings(siren=BUYER.siren, vat_id=BUYER.vat_number, company_name=BUYER.name)
SEED, FEW = 3, 20
REGIMES = {
    Layout.AMAZON_BRANCH: "domestic",
    Layout.DRAWN_BY_AMAZON: "domestic",
    Layout.SELLERS_OWN: "domestic",
    Layout.CONSOLIDATED: "domestic",
    Layout.SMALL_BUSINESS: "small_business",
    Layout.REVERSE_CHARGE: "reverse_charge",
    Layout.INTRA_EU: "intra_eu",
    Layout.RECEIPT: "receipt",
}
NATURE_UNKNOWN = "french_rate_unknown"
"""What a person is asked where the buyer owes the VAT of an article that no rule knows: a gap of the words, not of the law."""


@pytest.mark.parametrize("layout", Layout)
def test_a_page_is_of_its_regime(layout: Layout) -> None:
    """Goal: law from what is printed. Cases: twenty pages of each layout; a scan or a locked file is held as unreadable."""
    for paper in papers(SEED, FEW, [layout]):
        document = collected(reading_of(paper).evidence, stated(number=None, kind=None), settings=OURS)
        answer = classify(document, RULEBOOK)
        if isinstance(answer, ClassificationHeld):
            assert answer.reason in allowed(paper), paper.number
            continue
        assert {REGIMES[layout]} == {row.regime for row in answer.vat}
        assert owed(answer) == answer.totals.gross_cents


def allowed(paper: Paper) -> set[str]:
    """The holds that this page deserves."""
    if paper.password or paper.scanned:
        return {"document_unreadable"}
    if paper.layout in (Layout.REVERSE_CHARGE, Layout.INTRA_EU):
        return {NATURE_UNKNOWN}
    return {"vat_wrongly_charged"} if paper.seller.country != "FR" and paper.layout is Layout.SELLERS_OWN else set()


def owed(answer: InvoiceClassified) -> int:
    """What the entry owes the supplier, or gets back."""
    entry = post(answer)
    assert isinstance(entry, Entry)
    return abs(sum(line.cents for line in entry.lines if line.account.startswith(("401", "404"))))
