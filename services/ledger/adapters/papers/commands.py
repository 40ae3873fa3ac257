"""`achats-ledger import`, `letter` and `unletter`: their words, and what they answer."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from services.ledger.adapters.papers.files import rows_of
from services.ledger.adapters.papers.taking import Imported, Papers
from services.ledger.adapters.telling import OpenBook, told
from services.ledger.domain.wording import counted


def add_commands(commands: Any) -> None:
    """Their words, for the parser of `achats-ledger`; each has its `answer`, which gives the exit code."""
    taking = _command(commands, "import", "papers that do not come from Amazon: payments, advances, accruals, statements")
    taking.add_argument("file", type=Path, metavar="FILE", help="CSV or JSON (deploy/runbook/imports.md)")
    taking.set_defaults(answer=_import)
    lettering = _command(commands, "letter", "the lines of these entries on a supplier's account settle each other")
    lettering.add_argument("entries", nargs="+", type=int, metavar="ENTRY")
    lettering.set_defaults(answer=_letter)
    unlettering = _command(commands, "unletter", "take a letter away")
    unlettering.add_argument("letter", metavar="LETTER")
    unlettering.set_defaults(answer=_unletter)
    for command in (lettering, unlettering):
        command.add_argument("--account", default="401000")
        command.add_argument("--supplier", required=True, metavar="CODE", help="the auxiliary account")


def _command(commands: Any, name: str, says: str) -> ArgumentParser:
    command: ArgumentParser = commands.add_parser(name, help=says)
    command.add_argument("--company", required=True, metavar="ID")
    command.add_argument("--by", required=True, metavar="NAME", help="who answers for it; sealed with the deed")
    return command


def _import(said: Namespace, open_book: OpenBook) -> int:
    """Take the file and say what came of each paper."""
    with closing(open_book()) as store:
        return told(_imported(Papers(store, said.company, said.by), said.file))


def _letter(said: Namespace, open_book: OpenBook) -> int:
    with closing(open_book()) as store:
        return told(_lettered(Papers(store, said.company, said.by), said))


def _unletter(said: Namespace, open_book: OpenBook) -> int:
    with closing(open_book()) as store:
        return told(_unlettered(Papers(store, said.company, said.by), said))


def _imported(papers: Papers, file: Path) -> Iterator[str]:
    yield from said_of(papers.take(rows_of(file)))


def _lettered(papers: Papers, said: Namespace) -> Iterator[str]:
    letter = papers.letter(said.account, said.supplier, said.entries)
    yield f"Lettrage {said.account} {said.supplier} {letter} : {counted(len(set(said.entries)), 'écriture')}."


def _unlettered(papers: Papers, said: Namespace) -> Iterator[str]:
    papers.unletter(said.account, said.supplier, said.letter)
    yield f"Lettrage {said.account} {said.supplier} {said.letter} retiré ; la lettre ne servira plus."


def said_of(imported: Imported) -> Iterator[str]:
    """What came of a file: a line for each paper, one for each letter, the counts."""
    for read, entries in imported.papers:
        came = f"écriture {', '.join(map(str, entries))} à valider" if entries else "déjà importé"
        yield f"Ligne {read.line}, {read.kind} {read.paper.number} : {came}."
    for given in imported.letters:
        yield f"Lettrage {given.account} {given.auxiliary} {given.letter} : {counted(given.lines, 'ligne')}."
    new = sum(bool(entries) for _, entries in imported.papers)
    yield f"{new} importés, {len(imported.papers) - new} déjà importés."
