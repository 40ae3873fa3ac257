"""The bytes of a PDF → Evidence: text layer and attachments by PDFium, embedded invoice by lxml. Reads any bytes, refuses none."""

import ctypes
import re
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from threading import Lock
from typing import cast

import pypdfium2
import pypdfium2.raw as pdfium

from schemas.invoice_collected.v1 import Evidence
from services.fetcher.adapters.cross_industry_invoice import BrokenInvoice, parse_invoice
from services.fetcher.domain.reading.evidence import evidence_of, unreadable
from services.fetcher.domain.reading.layout import Page, Word, clean, rows_of
from services.fetcher.domain.reading.xml_evidence import XmlInvoice
from services.fetcher.domain.unpacking import PDF, PDF_WITHIN

EMBEDDED_NAMES = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml")
"""Names of the attachment by standard (Factur-X 1.0, ZUGFeRD 2.0, ZUGFeRD 2.1 profile XRECHNUNG); capitals do not matter."""

MAX_PAGES = 300
"""A document of more pages is read up to here."""

MAX_CHARACTERS = 50_000
"""Of one page."""

type _TextPage = object
"""PDFium's handle of a page's text."""

_WORD = re.compile(r"[^\s\0]+")

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


def embedded_invoice(data: bytes) -> bytes | None:
    """The embedded invoice that `read` reads, as it is attached; None = the document has none that can be read."""
    with _PDFIUM:
        try:
            with closing(pypdfium2.PdfDocument(data)) as document:
                return next((content for content, _ in _invoices(document)), None)
        except pypdfium2.PdfiumError:
            return None


def _embedded(document: pypdfium2.PdfDocument) -> XmlInvoice | None:
    """The first attachment that is an invoice; a broken one counts as absent, so the text is read."""
    return next((invoice for _, invoice in _invoices(document)), None)


def _invoices(document: pypdfium2.PdfDocument) -> Iterator[tuple[bytes, XmlInvoice]]:
    """The attachments that are invoices, with what they say."""
    for index in range(cast("int", document.count_attachments())):
        attachment = document.get_attachment(index)
        if attachment.get_name().lower() in EMBEDDED_NAMES:
            try:
                content = bytes(attachment.get_data())
                yield content, parse_invoice(content)
            except (BrokenInvoice, pypdfium2.PdfiumError):
                continue


def _pages(document: pypdfium2.PdfDocument) -> list[Page]:
    return [_page(page) for page in islice(document, MAX_PAGES)]


def _page(page: pypdfium2.PdfPage) -> Page:
    with closing(page), closing(page.get_textpage()) as text:
        return rows_of(_words(text.raw, page.get_height()))


def _words(text: _TextPage, height: float) -> Iterator[Word]:
    """Runs of characters without a space. Only the boxes of the first and the last are asked for: that makes up for most of the time."""
    for found in _WORD.finditer(_characters(text)):
        if word := clean(found.group()):
            yield _word(text, word, found.start(), found.end() - 1, height)


def _characters(text: _TextPage) -> str:
    """One character for each of PDFium's, in its order. Asked for at once; one by one only when a pair of surrogates would shift them."""
    count = min(pdfium.FPDFText_CountChars(text), MAX_CHARACTERS)
    buffer = (ctypes.c_ushort * (count + 1))()
    written = pdfium.FPDFText_GetText(text, 0, count, buffer)
    characters = bytes(buffer)[: 2 * count].decode("utf-16-le", "replace")
    if written == count + 1 and len(characters) == count:
        return characters
    return "".join(chr(pdfium.FPDFText_GetUnicode(text, index)) for index in range(count))


def _word(text: _TextPage, word: str, first: int, last: int, height: float) -> Word:
    head, tail = _box(text, first), _box(text, last)
    return Word(word, min(head.left, tail.left), max(head.right, tail.right), height - head.top, height - head.bottom)


def _box(text: _TextPage, index: int) -> pdfium.FS_RECTF:
    box = pdfium.FS_RECTF()
    pdfium.FPDFText_GetLooseCharBox(text, index, ctypes.byref(box))
    return box
