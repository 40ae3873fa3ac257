"""The book → a FEC with its description, and any file → what is wrong with it. Both read as they go, in memory that does not grow."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import aiosql
from psycopg import Connection
from stdnum.fr import siren as siren_number

from services.kernel.errors import KernelError
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.reading import euros
from services.ledger.domain.fec.checking import Check
from services.ledger.domain.fec.findings import Rule, Weight
from services.ledger.domain.fec.layout import file_name
from services.ledger.domain.fec.postings import Year
from services.ledger.domain.fec.writing import ENCODINGS, BookLine, Characters, Written, description, fec_line, first_line
from services.ledger.domain.wording import counted

QUERIES: Any = aiosql.from_path(Path(__file__).with_name("fec.sql"), "psycopg")
CHUNK_BYTES, PAGE_LINES = 1 << 20, 2_000
SHOWN_PER_RULE = 20


class FecRefused(KernelError):
    """Le fichier des écritures comptables n'est pas écrit."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which file: a company's fiscal year, under its SIREN, in this folder and encoding; `provisional` = although entries wait."""

    company_id: str
    fy: int
    siren: str | None
    folder: Path
    encoding: str
    provisional: bool


class FecExport:
    """Writes the file of a fiscal year. The book is read as it stands at one instant; nothing is locked."""

    def __init__(self, store: PostgresStore) -> None:
        """Reads as the role `ledger_app`."""
        self._store = store

    def write(self, wanted: Wanted) -> Iterator[str]:
        """Write file and description, then check the file; what there is to say. Raises FecRefused, Unavailable, OSError."""
        siren = _siren(wanted)
        with self._store.connection() as connection:
            connection.execute("set transaction isolation level repeatable read, read only")
            year, waiting = _year(connection, wanted)
            target = wanted.folder / file_name(siren, year.closes)
            written, replaced = _write(connection, wanted, target)
        notice = target.with_name(f"{target.stem}-description.txt")
        lines = description(target.name, year, wanted.encoding.upper(), written, replaced)
        notice.write_bytes("".join(f"{line}\r\n" for line in lines).encode("utf-8"))
        yield from _said(target, notice, written, waiting, replaced)
        yield from FileCheck(target, year.opens).lines()


class FileCheck:
    """Checks a file; `found` counts what is wrong by rule, once its lines have been said."""

    def __init__(self, file: Path, opens: date | None) -> None:
        """`opens` = the first day of the fiscal year, where it is not twelve months long."""
        self._file, self._opens = file, opens
        self.found = Counter[Rule]()

    def lines(self) -> Iterator[str]:
        """The first findings of each rule as they are met, then the counts. Raises OSError."""
        check = Check(self._file.name, self._opens)
        with self._file.open("rb") as source:
            for finding in check.findings(iter(partial(source.read, CHUNK_BYTES), b"")):
                self.found[finding.rule] += 1
                if self.found[finding.rule] <= SHOWN_PER_RULE:
                    yield str(finding)
        yield from (f"{rule.name} : {n - SHOWN_PER_RULE} autres constats" for rule, n in self.found.items() if n > SHOWN_PER_RULE)
        yield _totals(check.lines, check.entries.count, check.entries.debit_cents, check.entries.credit_cents)
        weights = Counter[Weight]()
        for rule, n in self.found.items():
            weights[rule.value.weight] += n
        yield "Contrôle : " + (", ".join(f"{weights[weight]} {weight}" for weight in Weight if weights[weight]) or "aucun constat") + "."


def _siren(wanted: Wanted) -> str:
    if wanted.siren is None:
        raise FecRefused(f"le livre ne connaît pas le SIREN de l'entreprise {wanted.company_id}. L'indiquer avec --siren")
    if not siren_number.is_valid(wanted.siren):
        raise FecRefused(f"« {wanted.siren} » n'est pas un numéro SIREN. Vérifier ses neuf chiffres")
    return siren_number.compact(wanted.siren)


def _year(connection: Connection, wanted: Wanted) -> tuple[Year, int]:
    """The fiscal year, and how many of its entries wait for somebody to validate them."""
    days = QUERIES.fiscal_year(connection, company_id=wanted.company_id, fy=wanted.fy)
    if days is None:
        raise FecRefused(f"le livre n'a pas d'exercice {wanted.fy} pour l'entreprise {wanted.company_id}. Vérifier --company et --year")
    waiting: int = QUERIES.unvalidated(connection, company_id=wanted.company_id, starts=days[0], ends=days[1])
    if waiting and not wanted.provisional:
        raise FecRefused(
            f"« À traiter » dans l'exercice : {counted(waiting, 'écriture')}. Valider ce qui attend, "
            "ou ajouter --provisional pour un état provisoire"
        )
    return Year(*days), waiting


def _write(connection: Connection, wanted: Wanted, target: Path) -> tuple[Written, list[str]]:
    """The file under its name only when it is whole; what it contains, and the characters that were replaced."""
    written, characters = Written(), Characters(ENCODINGS[wanted.encoding])
    wanted.folder.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".part")
    try:
        with unfinished.open("wb") as file, connection.cursor("fec") as cursor:
            cursor.itersize = PAGE_LINES
            file.write(first_line().encode("ascii"))
            for row in cursor.execute(QUERIES.validated_lines.sql.encode(), {"company_id": wanted.company_id, "fy": wanted.fy}):
                line = BookLine(*row)
                written.count(line)
                file.write(characters.encode(fec_line(line)))
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return written, [f"{letter} ({count})" for letter, count in characters.replaced.most_common()]


def _said(target: Path, notice: Path, written: Written, waiting: int, replaced: list[str]) -> Iterator[str]:
    yield f"{target} : {_totals(written.lines, written.entries, written.debit_cents, written.credit_cents)}"
    yield f"{notice} : la description à remettre avec lui."
    if waiting:
        yield f"État provisoire, sans ce qui est « À traiter » dans l'exercice : {counted(waiting, 'écriture')}."
    if replaced:
        yield f"Caractères remplacés (signe simple, lettre sans accent, sinon ?) : {' '.join(replaced)}"
    journals = ", ".join(f"{journal} ({n})" for journal, n in written.journals.items()) or "aucun"
    yield f"Journaux : {journals}. Si d'autres journaux sont tenus ailleurs, ce fichier est un import d'achats, pas le FEC de l'entreprise."


def _totals(lines: int, entries: int, debit_cents: int, credit_cents: int) -> str:
    sign = "=" if debit_cents == credit_cents else "≠"
    sums = f"débit {euros(debit_cents) or '0,00'} {sign} crédit {euros(credit_cents) or '0,00'}"
    return f"{counted(lines, 'ligne')}, {counted(entries, 'écriture')}, {sums}"
