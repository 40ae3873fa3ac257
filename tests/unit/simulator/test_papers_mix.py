"""The mix of documents that readers are tried on: everything occurs, everything is printed, the same for a seed."""

import re
import subprocess
import sys
from itertools import islice
from typing import Any

import pypdfium2  # pyright: ignore[reportMissingTypeStubs]
from stdnum.eu import vat
from stdnum.fr import siren

from deploy.local.amazon.catalogue import catalogue
from deploy.local.amazon.papers import Kind, Layout
from deploy.local.amazon.parties import BUYER, MARKETPLACE
from deploy.local.amazon.rendering import render
from tests.support.papers import SAMPLE_PASSWORD, papers
from tests.unit.simulator.pages import missing, pages_of

type Box = tuple[float, float, float, float]


def test_identity_numbers_of_every_seller_are_valid():
    """SIREN and VAT numbers by their check digits; sellers outside the EU and the small business have no VAT number."""
    for party in (BUYER, *MARKETPLACE.values()):
        assert not party.siren or siren.is_valid(party.siren), party
        assert party.vat_number is None or vat.is_valid(party.vat_number), party
    assert {"craftsman", "british", "chinese"} == {name for name, party in MARKETPLACE.items() if party.vat_number is None}
    assert {"FR", "DE", "ES", "IT", "LU", "IE", "GB", "CN"} == {party.country for party in MARKETPLACE.values()}


def test_the_catalogue_covers_every_rate_and_seller():
    """Four rates; UNSPSC of eight digits; each seller has something; foreign sellers' articles have titles in three languages."""
    assert {"20", "10", "5.5", "2.1"} == {str(product.rate) for product in catalogue()}
    assert set(MARKETPLACE) == {seller for product in catalogue() for seller in product.sold_by}
    assert all(re.fullmatch(r"\d{8}", product.unspsc) for product in catalogue())
    foreign = [product for product in catalogue() if any(MARKETPLACE[seller].country != "FR" for seller in product.sold_by)]
    assert all(len({product.title, product.german, product.english}) == 3 for product in foreign)


def test_the_mix_holds_everything_and_is_the_same_for_a_seed():
    """400 documents: every layout as invoice and credit note, every language, rate and oddity."""
    mix = list(papers(3, 400))
    assert mix == list(papers(3, 400))
    assert mix[:8] != list(papers(4, 8))
    assert {(layout, kind) for layout in Layout for kind in Kind} == {(paper.layout, paper.kind) for paper in mix}
    assert {"20", "10", "5.5", "2.1", "8.5", "0"} <= {str(tax.rate) for paper in mix for tax in paper.taxes}
    assert {("sellers_own", "de"), ("sellers_own", "en"), ("intra_eu", "de"), ("receipt", "en")} < {
        (one.layout, one.language) for one in mix
    }
    for oddity in ("scanned", "password", "embedded_xml"):
        assert {True, False} == {bool(getattr(paper, oddity)) for paper in mix}
    items = [item for paper in mix for item in paper.items]
    assert all(any(getattr(item, name) for item in items) for name in ("shipping_cents", "discount_cents", "gift_wrap_cents"))
    assert {1, 30} <= {len(paper.items) for paper in mix}
    assert 30 == max(len(paper.parcels) for paper in papers(3, 1600, [Layout.CONSOLIDATED]))
    assert {Layout.RECEIPT} == {paper.layout for paper in papers(3, 20, [Layout.RECEIPT])}


def test_every_document_of_the_mix_prints_its_truth_with_the_same_bytes():
    """Number, credited number, VAT numbers and the digits of the total, whatever their separators, for 240 documents."""
    for paper in papers(11, 240):
        truth, pdf = paper.truth(), render(paper)
        assert pdf == render(paper)
        text = "\n".join(pages_of(pdf, paper.password))
        if not truth.has_text:
            assert "" == text.strip()
            continue
        cents = f"{truth.gross_cents // 100}{truth.gross_cents % 100:02d}"
        said = (truth.number, truth.seller, truth.seller_vat_number, truth.buyer_vat_number, truth.credited_number)
        assert [] == missing(text, *(one for one in said if one)), text
        assert cents in re.sub(r"(?<=\d)[ .,](?=\d)", "", text), (cents, text)


def test_no_text_runs_off_the_page_or_over_another():
    """Every stretch of text of 160 documents within A4 and free of every other one: a reader that goes by places has a fair page."""
    for paper in papers(2, 160):
        if paper.scanned:
            continue
        document: Any = pypdfium2.PdfDocument(render(paper), password=paper.password)
        for page in document:
            texts = page.get_textpage()
            boxes = [texts.get_rect(place) for place in range(texts.count_rects())]
            assert all(20 < left and right < 575 and bottom > 10 and top < 832 for left, bottom, right, top in boxes), paper
            assert [] == [(texts.get_text_bounded(*one), texts.get_text_bounded(*other)) for one, other in overlapping(boxes)], paper


def overlapping(boxes: list[Box]) -> list[tuple[Box, Box]]:
    """Pairs of boxes (left, bottom, right, top, in points) that share more than a sliver."""
    return [
        (one, other)
        for place, one in enumerate(boxes)
        for other in boxes[place + 1 :]
        if min(one[2], other[2]) - max(one[0], other[0]) > 1 and min(one[3], other[3]) - max(one[1], other[1]) > 2
    ]


def test_the_sample_password_opens_what_the_mix_locks():
    """One password for all of them."""
    locked = list(islice((paper for paper in papers(5, 400) if paper.password), 3))
    assert [SAMPLE_PASSWORD] * 3 == [paper.password for paper in locked]
    assert all(paper.number in pages_of(render(paper), SAMPLE_PASSWORD)[0] for paper in locked)


def test_planning_draws_nothing():
    """A thousand documents and their truths without the PDF library being loaded: planning a quarter stays a matter of seconds."""
    program = (
        "import sys; from tests.support.papers import papers; truths = [paper.truth() for paper in papers(1, 1000)]; "
        "print(len(truths), sorted({'fpdf', 'PIL', 'pypdfium2', 'jinja2'} & set(sys.modules)))"
    )
    assert "1000 []\n" == subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
