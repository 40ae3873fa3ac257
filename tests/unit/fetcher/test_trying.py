"""What a person sees who tries a PDF."""

from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local.amazon.papers import Layout
from deploy.local.amazon.rendering import render
from deploy.local.amazon.rendering.structured import factur_x
from schemas.invoice_collected.v1 import Evidence
from services.fetcher.adapters import trying
from services.fetcher.adapters.pdf_reader import PdfReader
from services.fetcher.adapters.trying import try_files
from tests.support.papers import papers
from tests.unit.fetcher.test_evidence_pdf import LINES, page_pdf, with_xml


def no_module(_: str) -> None:
    """Nothing is installed."""


def test_a_document_is_printed_as_json_and_a_missing_file_in_words(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """A page of text and a file that is not there: a line of evidence, a sentence with what to do, status 1."""
    (tmp_path / "a.pdf").write_bytes(page_pdf(*LINES))
    assert 1 == try_files([str(tmp_path / "a.pdf"), str(tmp_path / "b.pdf")])
    shown = capfd.readouterr()
    assert PdfReader().read(page_pdf(*LINES)) == Evidence.model_validate_json(shown.out)
    assert f"{tmp_path}/b.pdf: No such file or directory. Name a PDF that this user may read.\n" == shown.err


def test_what_an_embedded_invoice_breaks_of_its_profile_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """A valid document: nothing; one whose gross total is a cent too high in its XML: the rule of the totals, with its words."""
    [paper] = papers(21, 1, [Layout.AMAZON_BRANCH])
    paper = replace(paper, embedded_xml=True, password=None)
    right, wrong = (f"<ram:GrandTotalAmount>{cents / 100:.2f}".encode() for cents in (paper.gross_cents, paper.gross_cents + 1))
    (tmp_path / "right.pdf").write_bytes(render(paper))
    (tmp_path / "wrong.pdf").write_bytes(with_xml(page_pdf(*LINES), factur_x(paper).replace(right, wrong)))
    assert 0 == try_files([str(tmp_path / "right.pdf")])
    assert "" == capfd.readouterr().err
    assert 0 == try_files([str(tmp_path / "wrong.pdf")])
    assert f"{tmp_path}/wrong.pdf: breaks BR-CO-15 " in capfd.readouterr().err


def test_without_the_rules_it_is_said_how_to_get_them(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Saxon is not installed: the evidence all the same, and what to install."""
    monkeypatch.setattr(trying, "find_spec", no_module)
    [paper] = papers(21, 1, [Layout.AMAZON_BRANCH])
    (tmp_path / "a.pdf").write_bytes(render(replace(paper, embedded_xml=True, password=None)))
    assert 0 == try_files([str(tmp_path / "a.pdf")])
    shown = capfd.readouterr()
    assert "factur_x" == Evidence.model_validate_json(shown.out).reading
    assert "install the extra `rules` of achats" in shown.err
