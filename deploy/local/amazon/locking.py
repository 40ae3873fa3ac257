"""A PDF behind a password, which nobody tells. Loading the library takes a while, so only what is drawn imports this module."""

import io

from pypdf import PdfReader, PdfWriter

PASSWORD = "not told to anybody"


def lock(pdf: bytes) -> bytes:
    """The same pages, encrypted."""
    writer, locked = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf))), io.BytesIO()
    writer.encrypt(PASSWORD, algorithm="RC4-128")
    writer.write(locked)
    return locked.getvalue()
