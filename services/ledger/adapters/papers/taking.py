"""Papers into the book: all of a file or none of it, each paper once, letters where lines settle each other."""

import hashlib
import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import aiosql
from psycopg import Connection
from psycopg.types.json import Jsonb

from services.kernel.errors import KernelError
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.books import QUERIES as BOOKS
from services.ledger.adapters.deeds import one_deed
from services.ledger.adapters.papers.files import Row
from services.ledger.adapters.papers.rows import DocumentRow, SettlementRow, document_of, entry_of, letter_of
from services.ledger.adapters.suppliers import mergers_of
from services.ledger.domain.papers.book import Book, Document, Item, Paper, Place
from services.ledger.domain.papers.kinds import read_paper
from services.ledger.domain.papers.lettering import Groups, Side
from services.ledger.domain.papers.refusals import PaperChanged, PaperRefused
from services.ledger.domain.standing import FiscalYear
from services.ledger.domain.suppliers import NO_MERGERS

REFERENCES = ("settles", "advance", "invoice")


class Read(NamedTuple):
    """A paper, where it stands in its file, and the digest of what it says."""

    line: int
    kind: str
    paper: Paper
    content: bytes


class Given(NamedTuple):
    """A letter that was given to so many lines."""

    account: str
    auxiliary: str
    letter: str
    lines: int


@dataclass(slots=True)
class Imported:
    """What came of a file: for each paper its entries (none = it was there already), then the letters."""

    papers: list[tuple[Read, Sequence[int]]] = field(default_factory=list[tuple[Read, Sequence[int]]])
    letters: Sequence[Given] = ()


RECORDS = {"DocumentRow": DocumentRow, "SettlementRow": SettlementRow, "Given": Given}
QUERIES: Any = aiosql.from_path(Path(__file__).with_name("papers.sql"), "psycopg", record_classes=RECORDS)


class LinesRefused(KernelError):
    """Rien n'est importé."""

    def __str__(self) -> str:
        """A sentence for each line that is refused."""
        return "\n".join([*map(str, self.args), "Rien n'est importé"])


class Papers:
    """A person's hand on the papers and letters of one company. Every deed raises DeedRefused, and has written nothing then."""

    def __init__(self, store: PostgresStore, company: str, actor: str) -> None:
        """Writes as the role `ledger_app`; `actor` = the name of the person, which is sealed with the deed."""
        self._store, self._company, self._actor = store, company, actor

    def take(self, rows: Sequence[Row]) -> Imported:
        """All of these papers, or none. Raises LinesRefused with a sentence for each bad line, DeedRefused."""
        read = _read(rows)
        with one_deed(self._store) as connection:
            QUERIES.hold(connection, company=self._company)
            return Import(connection, self._company, self._actor).take(read)

    def letter(self, account: str, auxiliary: str, entries: Sequence[int]) -> str:
        """The lines of these entries on that account settle each other; their letter."""
        said = {"account": account, "auxiliary": auxiliary, "entries": list(entries)}
        with one_deed(self._store) as connection:
            return QUERIES.letter(connection, company=self._company, actor=self._actor, **said)

    def unletter(self, account: str, auxiliary: str, letter: str) -> None:
        """Take a letter away."""
        said = {"account": account, "auxiliary": auxiliary, "letter": letter}
        with one_deed(self._store) as connection:
            QUERIES.unletter(connection, company=self._company, actor=self._actor, **said)


class Import:
    """One file into the book, in one transaction that holds it."""

    def __init__(self, connection: Connection, company: str, actor: str) -> None:
        self._connection, self._company, self._actor = connection, company, actor
        self._groups, self._papers = Groups(), list[tuple[Read, list[int]]]()

    def take(self, read: Sequence[Read]) -> Imported:
        """The papers in their order; each sees those before it. Raises LinesRefused."""
        book, refused = self._book(read), list[str]()
        known = self._known(read)
        for one in read:
            with _noted(refused, one.line):
                self._enter(one, book, known)
        if refused:
            raise LinesRefused(*refused)
        if not book.drafts:
            return Imported(list[tuple[Read, Sequence[int]]](self._papers))
        batch_id: int = QUERIES.book(self._connection, company=self._company, actor=self._actor, said=Jsonb(self._said(book)))
        imported = Imported()
        imported.papers.extend((one, [_id(batch_id, place) for place in places]) for one, places in self._papers)
        imported.letters = [Given(*row) for row in QUERIES.given_letters(self._connection, batch_id=batch_id)]
        return imported

    def _enter(self, one: Read, book: Book, known: dict[tuple[str, str], bytes]) -> None:
        """The paper's drafts, none when it is there already. Raises PaperRefused."""
        key, first = (one.kind, one.paper.number), len(book.drafts)
        if known.get(key, one.content) != one.content:
            raise PaperChanged(one.paper.number)
        if key not in known:
            book.enter(one.paper.post(book))
        known[key] = one.content
        self._papers.append((one, [-place for place in range(first + 1, len(book.drafts) + 1)]))

    def _known(self, read: Sequence[Read]) -> dict[tuple[str, str], bytes]:
        """The papers the book has, with the digest of what they said."""
        named = {"kinds": [one.kind for one in read], "numbers": [one.paper.number for one in read]}
        rows = QUERIES.known(self._connection, company=self._company, **named)
        return {(kind, number): bytes(content) for kind, number, content in rows}

    def _book(self, read: Sequence[Read]) -> Book:
        """What the book shows of what these papers name."""
        years = [FiscalYear(*dates) for _, *dates in BOOKS.fiscal_years(self._connection, companies=[self._company])]
        chart = {code: (since, until) for code, since, until in QUERIES.chart(self._connection, company=self._company)}
        documents = self._documents(sorted({number for one in read for number in _references(one.paper)}))
        mergers = mergers_of(self._connection, [self._company]).get(self._company, NO_MERGERS)
        return Book(years, chart, documents, mergers=mergers)

    def _documents(self, numbers: Sequence[str]) -> list[Document]:
        """What bears these numbers, with what is settled of it. A line that itself settles another is nothing to be paid."""
        if not numbers:
            return []
        found: list[DocumentRow] = list(QUERIES.documents(self._connection, company=self._company, numbers=list(numbers)))
        settled: list[SettlementRow] = list(QUERIES.settlements(self._connection, entries=sorted({row.entry_id for row in found})))
        settling, items = {Place(row.entry_id, row.n) for row in settled}, dict[Place, Item]()
        documents = [document_of(row) for row in found]
        for document in documents:  # one number and one id may name the same lines
            document.items = [items.setdefault(item.place, item) for item in document.items if item.place not in settling]
        for row in settled:
            self._join(row, items)
        return documents

    def _join(self, row: SettlementRow, items: Mapping[Place, Item]) -> None:
        """What was settled before counts with the items, and for their letters."""
        settling, settled = Place(row.entry_id, row.n), Place(row.settled_entry, row.settled_n)
        if settled in items:
            items[settled].taken_cents += row.cents
            items[settled].taken_currency_cents += row.currency_cents
        sides = Side(settling, row.account, row.auxiliary, row.line_cents), Side(settled, row.account, row.auxiliary, row.settled_cents)
        self._groups.join(*sides)

    def _said(self, book: Book) -> dict[str, Any]:
        """All that is written, as `book_papers` takes it."""
        settlements, touched = list[dict[str, Any]](), list[Place]()
        for place, draft in enumerate(book.drafts, 1):
            for part in draft.settles:
                line = draft.lines[part.n - 1]
                self._groups.join(
                    Side(Place(-place, part.n), line.account, line.auxiliary or "", line.cents),
                    Side(part.item.place, part.item.account, part.item.auxiliary, part.item.cents),
                )
                touched.append(part.item.place)
                to = {"settled_entry": part.item.place.entry, "settled_n": part.item.place.n}
                settlements.append({"entry_id": -place, "n": part.n, **to, "cents": part.cents, "currency_cents": part.currency_cents})
        return {
            "entries": [entry_of(draft) for draft in book.drafts],
            "papers": [_paper(one, places) for one, places in self._papers if places],
            "settlements": settlements,
            "letters": [letter_of(group) for group in self._groups.settled(touched)],
        }


@contextmanager
def _noted(refused: list[str], line: int) -> Generator[None]:
    """What is wrong with a line is noted, so that all bad lines are said at once."""
    try:
        yield
    except PaperRefused as refusal:
        refused.append(f"Ligne {line} : {refusal}")


def _read(rows: Sequence[Row]) -> list[Read]:
    """The papers of the rows. Raises LinesRefused."""
    read, refused = list[Read](), list[str]()
    for row in rows:
        with _noted(refused, row.line):
            kind, paper = read_paper(row.said)
            read.append(Read(row.line, kind, paper, hashlib.sha256(_facts(paper).encode()).digest()))
    if refused:
        raise LinesRefused(*refused)
    return read


def _facts(paper: Paper) -> str:
    """What the paper says, as JSON."""
    return json.dumps(asdict(paper), default=str, sort_keys=True, ensure_ascii=False)  # pyright: ignore[reportArgumentType]


def _references(paper: Paper) -> Iterator[str]:
    """The numbers of documents that the paper names."""
    for name in REFERENCES:
        said: Any = getattr(paper, name, ())
        yield from [said] if isinstance(said, str) else (number for number, _ in said)


def _paper(one: Read, places: Sequence[int]) -> dict[str, Any]:
    said = {"kind": one.kind, "number": one.paper.number, "content": one.content.hex()}
    return {**said, "facts": json.loads(_facts(one.paper)), "entries": list(places)}


def _id(batch_id: int, place: int) -> int:
    """The id of a draft."""
    return batch_id << 20 | (-place - 1)
