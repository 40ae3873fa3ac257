"""The text of PDFs as PDFium sees it."""

from typing import Any

import pypdfium2  # pyright: ignore[reportMissingTypeStubs]


def pages_of(pdf: bytes, password: str | None = None) -> list[str]:
    """The text of each page, its no-break spaces as spaces."""
    document: Any = pypdfium2.PdfDocument(pdf, password=password)
    texts = [str(page.get_textpage().get_text_range()) for page in document]
    return [text.replace("\u00a0", " ").replace("\r\n", "\n") for text in texts]


def missing(text: str, *expected: str) -> list[str]:
    """What of the expected does not stand there."""
    return [words for words in expected if words not in text]
