"""VAT numbers and SIREN as printed: their shape, and what stands beside them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from stdnum.fr import siren as siren_number

from services.fetcher.domain.reading.layout import plain

_SHAPES = {
    "AT": r"U\d{8}",
    "BE": r"[01]\d{9}",
    "BG": r"\d{9,10}",
    "CHE": r"\d{9}(?:MWST|TVA|IVA)?",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"\d{9}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "ES": r"[A-Z]\d{7}[A-Z0-9]|\d{8}[A-Z]",
    "FI": r"\d{8}",
    "FR": r"[0-9A-HJ-NP-Z]{2}\d{9}",
    "GB": r"\d{9}(?:\d{3})?|(?:GD|HA)\d{3}",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"\d{7}[A-W][A-IW]?|\d[A-Z+*]\d{5}[A-W]",
    "IT": r"\d{11}",
    "LT": r"\d{9}(?:\d{3})?",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"\d{9}B\d{2}",
    "PL": r"\d{10}",
    "PT": r"\d{9}",
    "RO": r"\d{5,10}",
    "SE": r"\d{10}01",
    "SI": r"\d{8}",
    "SK": r"\d{10}",
    "XI": r"\d{9}(?:\d{3})?",
}
"""Shape after the country's letters (VIES structure table; GB, XI and CHE beside it)."""

_SHAPE = {country: re.compile(shape) for country, shape in _SHAPES.items()}
_START = re.compile(rf"(?<![A-Z0-9])(?:{'|'.join(sorted(_SHAPES, key=len, reverse=True))})(?=[ .-]?[A-Z0-9])")
_LONGEST = 14
_SIREN = re.compile(
    r"""(?:siret|siren)\b[^\d\t]{0,12}(?P<labelled>\d[\d .]{7,18}\d)
      | (?P<before>\b\d{3}\s?\d{3}\s?\d{3})\s+r\.?c\.?s\b
      | \br\.?c\.?s\b\.?[^\d\t]{0,40}(?P<after>\d{3}\s?\d{3}\s?\d{3}\b)""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PrintedId:
    """An identifier seen in a line, without its spaces, and where it starts."""

    value: str
    start: int


def vat_ids_in(text: str) -> list[PrintedId]:
    """What has the shape of a VAT number of its country, spaces and points taken out. The check digits are not judged: it is as printed."""
    line = plain(text)
    return [found for start in _START.finditer(line) if (found := _vat_id(line, start))]


def sirens_in(text: str) -> list[PrintedId]:
    """SIREN numbers called so, or read from a SIRET or a RCS number; only with a right check digit (a number misread is none)."""
    return list(_sirens(plain(text)))


def _vat_id(line: str, start: re.Match[str]) -> PrintedId | None:
    """The longest run behind the country's letters that has its shape and ends where a word ends."""
    shape, value, best = _SHAPE[start.group()], "", None
    for index in range(start.end(), len(line)):
        char, before = line[index], line[index - 1]
        if char in " .-" and before not in " .-":
            continue
        if not (char.isascii() and (char.isdigit() or char.isupper())) or len(value) >= _LONGEST:
            break
        value += char
        if not line[index + 1 : index + 2].isalnum() and shape.fullmatch(value):
            best = value
    return PrintedId(start.group() + best, start.start()) if best else None


def _sirens(line: str) -> Iterator[PrintedId]:
    for found in _SIREN.finditer(line):
        digits = re.sub(r"\D", "", found["labelled"] or found["before"] or found["after"])
        if len(digits) in {9, 14} and siren_number.is_valid(digits[:9]):
            yield PrintedId(digits[:9], found.start())
