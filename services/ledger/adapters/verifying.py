"""`achats-ledger verify`: every seal recomputed from the rows, and all that must follow from them; what differs is named."""

from argparse import ArgumentTypeError, Namespace
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosql
from psycopg import Connection

from services.kernel.errors import KernelError
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.replaying import Batch, Sealed, batches, row_name, stranger
from services.ledger.adapters.telling import DONE, FOUND, OpenBook, told
from services.ledger.domain.seals import NOTHING_BEFORE, digest_of, first_difference, hash_of
from services.ledger.domain.wording import counted

NEXT = "Arrêter le service et suivre deploy/runbook/seals.md."
EXAMINED = {
    "unlisted": "La colonne {0}.{1} n'est couverte par aucun sceau",
    "strange_book": "Le lot {2} du livre {3} est dans la chaîne du livre {0} (maillon {1})",
    "gap_of_offsets": "La partition {0}/{1} n'est pas lue d'un trait : le lot {2} commence à {3} au lieu de {4}",
    "wrong_position": "La partition {0}/{1} se trouve à {2} (époque {3}), et ses lots finissent à {4} (époque {5})",
    "wrong_todo": "L'écriture {0} n'est pas dans la liste « À traiter » comme son sort le veut",
    "hole_in_numbers": "Entreprise {0}, journal {1}, exercice {2} : le numéro {3} suit un trou, {4} était attendu",
    "day_back": "Entreprise {0}, journal {1}, exercice {2} : le numéro {3} est validé le {4}, avant celui qui le précède ({5})",
    "wrong_counter": "Entreprise {0}, journal {1}, exercice {2} : le compteur n'est pas celui du dernier numéro ({3} ; {4} donnés)",
    "wrong_close": "Entreprise {0} : dernier jour clos {1}, selon ses clôtures {2}",
    "parted": "L'écriture {0} et celle qu'elle suit, {1}, ne sont pas remplacées ou contre-passées l'une avec l'autre",
    "wrong_supplier": "Entreprise {0}, fournisseur {1} : ses versions ne sont pas celles que ses documents montrent",
    "circle_of_mergers": "Entreprise {0} : le fournisseur {1} est fusionné avec lui-même, par d'autres",
    "booked_on_merged": "L'écriture {0} est au compte du fournisseur {1}, qui était déjà fusionné avec un autre",
    "announced_too_far": "Livre {0} : annoncé jusqu'au lot {1}, scellé jusqu'au lot {2}",
}
"""What each question of verify.sql finds, as a sentence with the columns of its row."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last link of a book: its place in the chain and its hash. Also as somebody noted it."""

    book: int
    seq: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash.hex()}"


QUERIES: Any = aiosql.from_path(Path(__file__).with_name("verify.sql"), "psycopg", record_classes={"Sealed": Sealed, "Head": Head})


class HeadOfNoBook(KernelError):
    """Une tête a été notée sans le livre dont elle est."""


@dataclass(slots=True)
class Counted:
    """How much was recomputed."""

    batches: int = 0
    rows: int = 0
    entries: int = 0

    def add(self, batch: Batch, sealed: Sequence[Sealed]) -> None:
        """One more batch."""
        counts = {part.place: part.rows for part in batch.parts}
        self.batches += 1
        self.rows += sum(counts.values())
        self.entries += sum(counts.get(line.place, 0) for line in sealed if line.name == "entry" and not line.adds)

    def __str__(self) -> str:
        return ", ".join(
            [counted(self.batches, "lot"), counted(self.entries, "écriture"), counted(self.rows, "ligne scellée", "lignes scellées")]
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was sealed, or does not follow from what was."""

    sentence: str

    def __str__(self) -> str:
        return f"{self.sentence}. {NEXT}"


class Verification:
    """Recomputes the book as it stands at one instant, in memory that does not grow. Locks nothing, trusts no function of the schema."""

    def __init__(self, store: PostgresStore, book: int | None = None, noted: tuple[int, bytes] | None = None) -> None:
        """`book` = only that chain (what follows from the rows is asked of all); `noted` = a head of it known from elsewhere."""
        self._store, self._book = store, book
        self._noted = noted and Head(-1 if book is None else book, *noted)
        self._counted, self.found = Counted(), 0

    def lines(self) -> Iterator[str]:
        """A line per book that is right, a sentence for what differs (the first of each chain and of each question), and the end of it.

        Raises HeadOfNoBook, Unavailable.
        """
        if self._noted and self._book is None:
            raise HeadOfNoBook("ajouter --book")
        with self._store.connection() as connection:
            connection.execute("set transaction isolation level repeatable read, read only")
            QUERIES.pin(connection, batchwise="on")
            sealed = list(QUERIES.sealed(connection))
            for head in self._heads(connection):
                yield from self._counting(self._chain(connection, head, sealed))
            QUERIES.pin(connection, batchwise="off")
            yield from self._counting(_examined(connection, sealed))
        end = f"{counted(self.found, 'différence')}. {NEXT}" if self.found else "tout est conforme."
        yield f"Recalculé : {self._counted} ; {end}"

    def _heads(self, connection: Connection) -> list[Head]:
        """The heads of the books that are asked about; a book nobody knows has an empty chain."""
        heads: list[Head] = [head for head in QUERIES.heads(connection) if self._book in (None, head.book)]
        return heads or [Head(self._book or 0, 0, NOTHING_BEFORE)]

    def _counting(self, said: Iterator[Finding | str]) -> Iterator[str]:
        for one in said:
            self.found += isinstance(one, Finding)
            yield str(one)

    def _chain(self, connection: Connection, head: Head, sealed: list[Sealed]) -> Iterator[Finding | str]:
        """The first difference of a book, or its head."""
        last, unmet = Head(head.book, 0, NOTHING_BEFORE), self._noted
        wrong: Batch | None = None
        with closing(batches(connection, head.book, sealed)) as chain:
            for batch in chain:
                if not _is_sound(batch, last):
                    wrong = batch
                    break
                self._counted.add(batch, sealed)
                last = Head(head.book, batch.link.seq, batch.link.hash)
                unmet = None if last == unmet else unmet
        if wrong:
            what = _wrong_link(wrong, last) or _wrong_row(connection, wrong, sealed)
            yield Finding(f"Livre {head.book}, maillon {wrong.link.seq}, lot {wrong.link.batch_id} : {what}")
        elif last != head:
            yield Finding(f"Livre {head.book} : sa tête dit {head}, son dernier maillon {last}")
        elif unmet:
            yield Finding(f"Livre {head.book} : la tête notée {unmet} n'est pas dans sa chaîne, qui finit à {last}")
        elif last.seq:
            yield f"Livre {head.book} : conforme, tête {last}."


def _is_sound(batch: Batch, last: Head) -> bool:
    return _wrong_link(batch, last) is None and batch.link.digest == digest_of(batch.parts)


def _wrong_link(batch: Batch, last: Head) -> str | None:
    """What is wrong with the link, or with what was sealed there."""
    link = batch.link
    if link.seq != last.seq + 1:
        return f"ce maillon suit le maillon {last.seq}, il en manque"
    if link.prev != last.hash:
        return "ce maillon n'est pas attaché à celui qui le précède"
    if link.hash != hash_of(link):
        return "le maillon lui-même a été modifié"
    if batch.unbalanced is not None:
        return f"l'écriture {batch.unbalanced} n'est pas équilibrée (en euros ou dans sa devise) ou n'a pas deux lignes"
    return None


def _wrong_row(connection: Connection, batch: Batch, sealed: list[Sealed]) -> str:
    """The first row that is not what was sealed, by its table and its key."""
    difference = first_difference(batch.link.marks, batch.parts)
    line = next((line for line in sealed if difference and line.place == difference.place), None)
    if difference is None or line is None:
        return "ses lignes ne sont pas celles qui ont été scellées"
    name = row_name(connection, line, batch.link.batch_id, difference.row)
    row = f"ligne {difference.row + 1} de « {line.name} »{f' ({name})' if name else ''}"
    if difference.surplus:
        return f"{counted(abs(difference.surplus), 'ligne')} de {'trop' if difference.surplus > 0 else 'moins'}, à partir de la {row}"
    return f"la {row} n'est pas celle qui a été scellée"


def _examined(connection: Connection, sealed: list[Sealed]) -> Iterator[Finding]:
    """What does not follow from the rows: the first of each kind."""
    for line in sealed:
        if (batch := stranger(connection, line)) is not None:
            yield Finding(f"Le lot {batch} a des lignes dans « {line.name} » et n'est pas scellé")
    for question, sentence in EXAMINED.items():
        for row in getattr(QUERIES, question)(connection):
            yield Finding(sentence.format(*row))


def add_command(commands: Any) -> None:
    """Its words, for the parser of `achats-ledger`."""
    command = commands.add_parser(
        "verify", help="recompute every seal and what follows from them: status 0 = all is right, 1 = something differs"
    )
    command.add_argument("--book", type=int, metavar="N", help="only the chain of this book")
    command.add_argument("--head", type=_head, metavar="SEQ:HASH", help="a head of that book noted earlier: it must still be in the chain")
    command.set_defaults(answer=_answer)


def _answer(said: Namespace, open_book: OpenBook) -> int:
    """Verify and say so; the exit code."""
    with closing(open_book()) as store:
        verification = Verification(store, said.book, said.head)
        return told(verification.lines()) or (FOUND if verification.found else DONE)


def _head(text: str) -> tuple[int, bytes]:
    """`12:9f…` → place and hash."""
    seq, _, digest = text.partition(":")
    try:
        return int(seq), bytes.fromhex(digest)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r}: SEQ:HASH, such as 12:9f86d0…") from error
