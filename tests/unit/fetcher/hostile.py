"""PDFs and payloads nobody sends on purpose to a friend, each built from a few lines."""

from fpdf import FPDF

LAUGHS = b"<!DOCTYPE l [<!ENTITY a0 'ha'>%s]><l>&a40;</l>" % b"".join(
    b"<!ENTITY a%d '&a%d;&a%d;&a%d;'>" % (level, level - 1, level - 1, level - 1) for level in range(1, 41)
)
"""An XML bomb: three to the power of forty times `ha`."""


def book(pages: int) -> bytes:
    """An invoice over many dense pages: 45 articles on each, its number on the first and its totals on the last."""
    pdf = FPDF()
    for page in range(pages):
        pdf.add_page()
        pdf.set_font("helvetica", size=9)
        heading = ("FACTURE N° F-2026-1", "Date : 12/11/2026") if page == 0 else ()
        articles = [f"{page * 45 + row} Ramette {row}   1   20 %   {row + 1},20 EUR" for row in range(45)]
        ending = ("Total HT : 100,00 EUR", "TVA 20 % : 20,00 EUR", "Total TTC : 120,00 EUR") if page == pages - 1 else ()
        for line in (*heading, *articles, *ending):
            pdf.cell(0, 5, line, new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


def laughing_forms(depth: int) -> bytes:
    """A page that draws a form ten times, which draws a form ten times, …: 10 to the power of `depth` words out of 2,000 bytes."""
    forms = [_form(b"/F Do " * 10, b"/XObject<</F %d 0 R>>" % (level + 7)) for level in range(depth - 1)]
    return _pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</XObject<</F 6 0 R>>/Font<</A 5 0 R>>>>>>",
        _stream(b"/F Do " * 10, b""),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *forms,
        _form(b"BT /A 10 Tf 10 10 Td (Hello) Tj ET", b""),
    )


def _form(content: bytes, resources: bytes) -> bytes:
    return _stream(content, b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<</Font<</A 5 0 R>>%s>>" % resources)


def _stream(content: bytes, entries: bytes) -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries, len(content), content)


def _pdf(*objects: bytes) -> bytes:
    out, places = b"%PDF-1.7\n", list[int]()
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    return out + head + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (size, len(out))
