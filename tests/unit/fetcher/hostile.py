"""PDFs and payloads nobody sends on purpose to a friend, each built from a few lines."""

from fpdf import FPDF

ENTITIES = b"".join(b"<!ENTITY a%d '&a%d;&a%d;&a%d;'>" % (level, level - 1, level - 1, level - 1) for level in range(1, 41))
LAUGHS = b"<!DOCTYPE l [<!ENTITY a0 'ha'>%s]>" % ENTITIES
"""An XML bomb: `&a40;` is three to the power of forty times `ha`."""

OUTSIDE = b'<!DOCTYPE l [<!ENTITY a40 SYSTEM "file:///etc/hostname">]>'
"""`&a40;` is a file of the machine that reads."""


def book(pages: int, number: str = "F-2026-1") -> bytes:
    """An invoice over many dense pages: 45 articles on each, its number on the first and its totals on the last."""
    pdf = FPDF()
    for page in range(pages):
        pdf.add_page()
        pdf.set_font("helvetica", size=9)
        heading = (f"FACTURE N° {number}", "Date : 12/11/2026") if page == 0 else ()
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


def unsayable(number: str) -> bytes:
    """A page whose font says of some of its letters that they are NUL or half a surrogate pair, which no database takes."""
    mapping = b"5 beginbfchar <30> <0000> <31> <D800> <32> <DC00> <33> <D83D> <34> <0041D800> endbfchar"
    text = f"FACTURE N° {number}".encode("latin-1")
    return _pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</A 5 0 R/B 6 0 R>>>>>>",
        _stream(b"BT /A 10 Tf 50 700 Td (%s) Tj ET BT /B 10 Tf 50 650 Td (Total 0x1 x2 3x4) Tj ET" % text, b""),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding/ToUnicode 7 0 R>>",
        _stream(
            b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange %s endcmap" % mapping, b""
        ),
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
