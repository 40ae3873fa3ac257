"""The lines of the book as the 18 fields of a FEC, its characters, and the description that goes with it (LPF A47 A-1)."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from services.ledger.domain.fec.layout import FIELDS, amount_text, day_text
from services.ledger.domain.fec.postings import Year
from services.ledger.domain.fec.records import LATIN, UTF8
from services.ledger.domain.wording import counted

END = "\r\n"
ENCODINGS = {"utf-8": UTF8, "iso-8859-15": LATIN}
SUPPLIERS = "40"  # the accounts of the plan whose lines have an auxiliary
JOURNALS = {"AC": "Achats", "AN": "À-nouveaux", "BQ": "Banque", "OD": "Opérations diverses"}
BREAKING = re.compile("[\\s|\x00-\x1f\x7f-\x9f\u2028\u2029\ufffd]+")
STAND_INS = {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "•": "-", "−": "-"}
UNKNOWN = "?"
TRUE_DAY = "opération du"  # posting says it already of a document that was late when it arrived


class BookLine(NamedTuple):
    """A line of a validated entry; `cents` above zero is a debit, below zero a credit; `own_date` = where it would stand, were it open."""

    journal: str
    number: int
    entry_date: date
    account: str
    account_label: str
    auxiliary: str | None
    auxiliary_label: str | None
    piece_ref: str
    piece_date: date
    label: str
    cents: int
    validated_on: date
    own_date: date
    letter: str | None = None  # with the day by which all of its group is settled
    lettered_on: date | None = None
    currency: str | None = None
    currency_cents: int | None = None  # None = the line has no amount in another currency


def first_line() -> str:
    """The names of the fields."""
    return "\t".join(FIELDS) + END


def fec_line(line: BookLine) -> str:
    """The 18 fields, in their order."""
    with_auxiliary = line.auxiliary if line.account.startswith(SUPPLIERS) else None
    fields = (
        line.journal,
        journal_label(line.journal),
        entry_number(line.journal, line.number),
        day_text(line.entry_date),
        line.account,
        one_line(line.account_label) or line.account,
        with_auxiliary or "",
        (one_line(line.auxiliary_label or "") or with_auxiliary) if with_auxiliary else "",
        one_line(line.piece_ref) or "Sans référence",
        day_text(line.piece_date),
        stated(line),
        amount_text(max(line.cents, 0)),
        amount_text(max(-line.cents, 0)),
        *((line.letter, day_text(line.lettered_on)) if line.letter and line.lettered_on else ("", "")),
        day_text(line.validated_on),
        *((amount_text(abs(line.currency_cents)), line.currency) if line.currency and line.currency_cents else ("", "")),
    )
    return "\t".join(map(str, fields)) + END


def stated(line: BookLine) -> str:
    """The label, never empty; with the entry's own day when it stands on a later one, the first that was open (PCG 1031-4)."""
    moved = line.entry_date > line.own_date and TRUE_DAY not in line.label
    return " — ".join([one_line(line.label) or "Sans libellé", *([f"{TRUE_DAY} {line.own_date:%d/%m/%Y}"] if moved else [])])


def entry_number(journal: str, number: int) -> str:
    """Journal and number: the sequence is continuous in each journal."""
    return f"{journal}-{number}"


def journal_label(journal: str) -> str:
    """The journal's name."""
    return JOURNALS.get(journal, f"Journal {journal}")


def one_line(text: str) -> str:
    """The text without tabs, pipes, line breaks and control characters: a space stands for each run of them."""
    return BREAKING.sub(" ", unicodedata.normalize("NFC", text)).strip()


@dataclass(slots=True)
class Characters:
    """Text → bytes; a character that ISO 8859-15 does not have is replaced, and counted.

    The rule: a typographic sign by its plain one, a letter by itself without its accent, anything else by « ? ».
    """

    encoding: str
    replaced: Counter[str] = field(default_factory=Counter[str])

    def encode(self, text: str) -> bytes:
        """The bytes of the text."""
        try:
            return text.encode(self.encoding)
        except UnicodeEncodeError:
            return "".join(map(self._letter, text)).encode(self.encoding)

    def _letter(self, letter: str) -> str:
        if _fits(letter, self.encoding):
            return letter
        self.replaced[letter] += 1
        bare = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
        return STAND_INS.get(letter) or (bare if bare and _fits(bare, self.encoding) and not BREAKING.search(bare) else UNKNOWN)


@dataclass(slots=True)
class Written:
    """What a file contains, counted while it is written."""

    lines: int = 0
    entries: int = 0
    debit_cents: int = 0
    credit_cents: int = 0
    journals: dict[str, int] = field(default_factory=dict[str, int])
    _last: tuple[str, int] | None = None

    def count(self, line: BookLine) -> None:
        """One more line; lines of an entry follow each other."""
        self.lines += 1
        self.debit_cents += max(line.cents, 0)
        self.credit_cents += max(-line.cents, 0)
        if self._last != (line.journal, line.number):
            self._last = (line.journal, line.number)
            self.entries += 1
            self.journals[line.journal] = self.journals.get(line.journal, 0) + 1


def description(name: str, year: Year, encoding: str, written: Written, replaced: Sequence[str]) -> Iterator[str]:
    """The description that must go with the file (A47 A-1): lines of French text."""
    yield f"Description du fichier des écritures comptables {name}"
    yield f"Exercice : du {year.opens:%d/%m/%Y} au {year.closes:%d/%m/%Y}."
    yield f"Caractères : {encoding}. Champs séparés par une tabulation, lignes terminées par CR LF, première ligne = noms des champs."
    yield "Dates : AAAAMMJJ. Montants : en euros, virgule décimale, deux décimales, sans signe ; l'autre côté vaut 0,00."
    yield "EcritureNum : code du journal, tiret, numéro ; la suite est continue dans chaque journal et chaque exercice."
    yield "Ordre : par journal, puis par numéro, qui est l'ordre de validation. Seules les écritures validées figurent dans le fichier."
    yield "CompteNum : plan comptable général, six chiffres au moins. CompAuxNum : code du fournisseur, sur les comptes 40 seulement."
    yield "EcritureLet : par compte et auxiliaire, quand tout le groupe est validé dans l'exercice. DateLet : jour qui le solde."
    yield "Montantdevise, Idevise : montant sans signe, du côté de Debit ou de Credit ; vides quand la pièce est en euros."
    yield "ValidDate : jour de la validation, après lequel l'écriture n'est plus modifiée ; une correction est une contre-passation."
    yield "Tabulations, barres verticales et fins de ligne d'un libellé sont remplacées par une espace."
    for journal, entries in written.journals.items():
        yield f"Journal {journal} ({journal_label(journal)}) : {counted(entries, 'écriture')}."
    sums = f"débit {amount_text(written.debit_cents)}, crédit {amount_text(written.credit_cents)}"
    yield f"{counted(written.lines, 'ligne')}, {counted(written.entries, 'écriture')}, {sums}."
    if replaced:
        yield f"Caractères absents de {encoding}, remplacés (signe simple, lettre sans accent, sinon ?) : {' '.join(replaced)}"


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
