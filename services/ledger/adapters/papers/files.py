"""A file of papers → its rows: CSV as a French spreadsheet writes it, or a JSON list of flat objects. Both have the same fields."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

from services.kernel.errors import KernelError
from services.ledger.domain.wording import counted

MOST_PAPERS = 20_000


class FileRefused(KernelError):
    """Le fichier n'est pas importé."""


class Row(NamedTuple):
    """One paper as written: its line in the file (its place in a JSON list), and its fields."""

    line: int
    said: dict[str, str]


def rows_of(file: Path) -> Sequence[Row]:
    """The papers of the file. Raises FileRefused, OSError."""
    return rows_in(file.read_bytes(), is_json=file.suffix.lower() == ".json")


def rows_in(content: bytes, *, is_json: bool) -> Sequence[Row]:
    """The papers in the bytes of a file. Raises FileRefused."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileRefused("il n'est pas en UTF-8. L'enregistrer en « CSV UTF-8 » ou en JSON") from None
    rows = _json_rows(text) if is_json else _csv_rows(text)
    if not rows:
        raise FileRefused("il est vide. Vérifier le fichier")
    if len(rows) > MOST_PAPERS:
        raise FileRefused(f"il a {counted(len(rows), 'ligne')}. En importer {MOST_PAPERS} au plus à la fois")
    return rows


def _json_rows(text: str) -> list[Row]:
    """A list of objects of texts and numbers; a number keeps the digits it is written with."""
    try:
        said: Any = json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as wrong:
        raise FileRefused(f"ce n'est pas du JSON ({wrong}). Vérifier le fichier") from None
    if not isinstance(said, list):
        raise FileRefused("ce n'est pas une liste d'objets JSON. Vérifier le fichier")
    return [Row(place, _flat(place, one)) for place, one in enumerate(cast("list[Any]", said), 1)]


def _flat(place: int, said: object) -> dict[str, str]:
    if not isinstance(said, dict):
        raise FileRefused(f"ligne {place} : ce n'est pas un objet de textes. Vérifier le fichier")
    fields = cast("dict[str, object]", said)
    if not all(isinstance(text, str) for text in fields.values()):
        raise FileRefused(f"ligne {place} : ce n'est pas un objet de textes. Vérifier le fichier")
    return cast("dict[str, str]", fields)


def _csv_rows(text: str) -> list[Row]:
    """Fields separated by semicolons, their names in the first line; empty lines are passed over."""
    if "\x00" in text:
        raise FileRefused("ce n'est pas un fichier CSV. Vérifier le fichier")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True)
    rows, names = list[Row](), list[str]()
    try:
        for fields in reader:
            if not any(field.strip() for field in fields):
                continue
            if not names:
                names = [field.strip() for field in fields]
                continue
            if len(fields) > len(names):
                raise FileRefused(f"ligne {reader.line_num} : plus de valeurs que de colonnes. Mettre « ; » entre guillemets")
            rows.append(Row(reader.line_num, dict(zip(names, fields, strict=False))))
    except csv.Error as wrong:
        raise FileRefused(f"ligne {reader.line_num} : {wrong}. Vérifier les guillemets") from None
    if len(set(names)) != len(names):
        raise FileRefused("deux colonnes ont le même nom. Vérifier la première ligne")
    return rows
