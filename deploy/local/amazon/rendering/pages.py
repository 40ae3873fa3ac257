"""A4 pages written from top to bottom, with a new one when the last is full."""

from dataclasses import dataclass

from fpdf import FPDF

from deploy.local.amazon.papers import Paper

LEFT, RIGHT, MIDDLE, ROW = 14.0, 196.0, 108.0, 4.6  # millimetres
TOP, BOTTOM, FOOT, NUMBER = 18.0, 250.0, 268.0, 290.0


@dataclass
class Page:
    """Where the next row is written; `running` heads every page but the first."""

    pdf: FPDF
    running: str
    y: float = TOP

    def text(self, x: float, text: str, size: float = 9, bold: bool = False) -> None:
        """Write at `x` on the current row."""
        self.pdf.set_font("Helvetica", "B" if bold else "", size)
        self.pdf.text(x, self.y, text)

    def right(self, x: float, text: str, size: float = 9, bold: bool = False) -> None:
        """Write so that the text ends at `x`."""
        self.pdf.set_font("Helvetica", "B" if bold else "", size)
        self.pdf.text(x - self.pdf.get_string_width(text), self.y, text)

    def down(self, rows: float = 1) -> None:
        """Go to a row further down, on the next page when this one is full."""
        self.y += rows * ROW
        if self.y > BOTTOM:
            self.turn()

    def need(self, rows: float) -> None:
        """Turn the page unless so many rows fit on it."""
        if self.y + rows * ROW > BOTTOM:
            self.turn()

    def turn(self) -> None:
        """Begin the next page."""
        self.pdf.add_page()
        self.y = TOP
        self.text(LEFT, self.running, 8)
        self.y += 2 * ROW

    def rule(self) -> None:
        """A thin line across the page."""
        self.pdf.line(LEFT, self.y - 3.2, RIGHT, self.y - 3.2)

    def foot(self, *rows: str) -> None:
        """Small print at the foot of the last page, then the number of each page, as far as there are several."""
        self.y = FOOT
        for row in rows:
            self.text(LEFT, row, 7)
            self.y += 0.8 * ROW
        pages, self.y = self.pdf.pages_count, NUMBER
        for number in range(1, pages + 1) if pages > 1 else ():
            self.pdf.page = number
            self.right(RIGHT, f"{number} / {pages}", 7)


def blank(paper: Paper) -> FPDF:
    """A document without pages whose bytes depend on the paper alone: its date is the paper's and it has no random identifier."""
    pdf = FPDF()
    pdf.core_fonts_encoding = "windows-1252"
    pdf.set_creation_date(paper.issued_at)
    pdf.set_title(paper.number)
    pdf.set_lang({"fr": "fr-FR", "de": "de-DE", "en": "en-GB"}[paper.language])
    pdf.set_auto_page_break(False)
    return pdf


def first_page(paper: Paper, running: str) -> Page:
    """The first page of a document."""
    pdf = blank(paper)
    pdf.add_page()
    return Page(pdf, running)
