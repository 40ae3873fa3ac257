"""The bytes of a PDF → Evidence: text layer and attachments by PDFium, embedded invoice by lxml. Reads any bytes, refuses none."""

import ctypes
from collections.abc import Iterator
from contextlib import closing
from threading import Lock

import pypdfium2
import pypdfium2.raw as pdfium

from schemas.invoice_collected.v1 import Evidence
from services.fetcher.adapters.cross_industry_invoice import BrokenInvoice, parse_invoice
from services.fetcher.domain.evidence import evidence_of, unreadable
from services.fetcher.domain.layout import Page, Word, clean, rows_of
from services.fetcher.domain.unpacking import PDF, PDF_WITHIN
from services.fetcher.domain.xml_evidence import XmlInvoice

EMBEDDED_NAMES = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml")
"""Names of the attachment by standard (Factur-X 1.0, ZUGFeRD 2.0, ZUGFeRD 2.1 profile XRECHNUNG); capitals do not matter."""

MAX_PAGES = 300
"""A document of more pages is read up to here."""

MAX_CHARACTERS = 50_000
"""Of one page."""

_PDFIUM = Lock()
"""PDFium has one state for the whole process and is not safe in threads."""


class PdfReader:
    """Reads one document at a time; safe to share between threads."""

    def read(self, data: bytes) -> Evidence:
        """What the document says. Total: bytes that cannot be read give reading `none` with the reason."""
        if PDF not in data[:PDF_WITHIN]:
            return unreadable("not_a_pdf")
        with _PDFIUM:
            try:
                with closing(pypdfium2.PdfDocument(data)) as document:
                    embedded, pages = _embedded(document), _pages(document)
            except pypdfium2.PdfiumError as error:
                return unreadable("encrypted" if error.err_code in {pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY} else "corrupt")
        return evidence_of(pages, embedded)


def evidence_json(data: bytes) -> str:
    """The evidence of a document as indented JSON."""
    return PdfReader().read(data).model_dump_json(indent=2)


def _embedded(document: pypdfium2.PdfDocument) -> XmlInvoice | None:
    """The first attachment that is an invoice; a broken one counts as absent, so the text is read."""
    for index in range(document.count_attachments()):
        attachment = document.get_attachment(index)
        if attachment.get_name().lower() in EMBEDDED_NAMES:
            try:
                return parse_invoice(bytes(attachment.get_data()))
            except BrokenInvoice:
                continue
    return None


def _pages(document: pypdfium2.PdfDocument) -> list[Page]:
    return [_page(document[number]) for number in range(min(len(document), MAX_PAGES))]


def _page(page: pypdfium2.PdfPage) -> Page:
    with closing(page), closing(page.get_textpage()) as text:
        return rows_of(_words(text.raw, page.get_height()))


def _words(text: pdfium.FPDF_TEXTPAGE, height: float) -> Iterator[Word]:
    """Runs of characters without a space. Only the first and last box of each is asked for: PDFium answers a million calls a second, not more."""
    count = min(pdfium.FPDFText_CountChars(text), MAX_CHARACTERS)
    characters = [chr(pdfium.FPDFText_GetUnicode(text, index) or 32) for index in range(count)]
    start: int | None = None
    for index, character in enumerate([*characters, " "]):
        if not character.isspace():
            start = index if start is None else start
        elif start is not None:
            word = clean("".join(characters[start:index]))
            if word:
                yield _word(text, word, start, index - 1, height)
            start = None


def _word(text: pdfium.FPDF_TEXTPAGE, word: str, first: int, last: int, height: float) -> Word:
    head, tail = _box(text, first), _box(text, last)
    return Word(word, min(head.left, tail.left), max(head.right, tail.right), height - head.top, height - head.bottom)


def _box(text: pdfium.FPDF_TEXTPAGE, index: int) -> pdfium.FS_RECTF:
    box = pdfium.FS_RECTF()
    pdfium.FPDFText_GetLooseCharBox(text, index, ctypes.byref(box))
    return box
