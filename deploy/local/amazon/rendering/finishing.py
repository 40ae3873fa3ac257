"""What happens to a drawn document: turned into an image, given its XML, locked."""

from io import BytesIO
from threading import Lock
from typing import Any

import pypdfium2  # pyright: ignore[reportMissingTypeStubs]
from fpdf import FPDF
from fpdf.enums import EncryptionMethod
from PIL import Image

from deploy.local.amazon.papers import Paper
from deploy.local.amazon.rendering.pages import blank
from deploy.local.amazon.rendering.structured import METADATA, factur_x

DOTS_PER_INCH, TILT_DEGREES, JPEG_QUALITY = 130, 0.4, 60
A4 = (210, 297)  # millimetres
PDFIUM = Lock()  # PDFium is not safe in threads


def finished(pdf: FPDF, paper: Paper) -> bytes:
    """The bytes of a document as it is handed out."""
    if paper.scanned:
        pdf = _scanned(bytes(pdf.output()), paper)
    if paper.embedded_xml:
        _attach(pdf, paper)
    if paper.password:  # RC4, because the library draws random numbers for AES
        pdf.set_encryption(f"{paper.password} of the owner", paper.password, EncryptionMethod.RC4)
    return bytes(pdf.output())


def _attach(pdf: FPDF, paper: Paper) -> None:
    """Factur-X 1.0: `factur-x.xml` as an associated file, named in the metadata."""
    pdf.set_xmp_metadata(METADATA)
    pdf.embed_file(
        bytes=factur_x(paper),
        basename="factur-x.xml",
        modification_date=paper.issued_at,
        mime_type="text/xml",
        associated_file_relationship="Alternative",
        creation_date=paper.issued_at,
        desc="Factur-X",
        compress=True,
    )


def _scanned(drawn: bytes, paper: Paper) -> FPDF:
    """The same pages as slightly tilted grey pictures."""
    pdf = blank(paper)
    for picture in _pictures(drawn):
        pdf.add_page()
        pdf.image(picture, 0, 0, *A4)
    return pdf


def _pictures(drawn: bytes) -> list[BytesIO]:
    with PDFIUM:
        return [_photographed(page) for page in _pages(drawn)]


def _pages(drawn: bytes) -> list[Image.Image]:
    document: Any = pypdfium2.PdfDocument(drawn)
    return [page.render(scale=DOTS_PER_INCH / 72, grayscale=True).to_pil() for page in document]


def _photographed(page: Image.Image) -> BytesIO:
    picture = BytesIO()
    page.rotate(TILT_DEGREES, Image.Resampling.BILINEAR, fillcolor=255).save(picture, "JPEG", quality=JPEG_QUALITY)
    return picture
