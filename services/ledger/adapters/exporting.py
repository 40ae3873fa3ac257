"""`achats-ledger fec`, `check-fec` and `report`: their words, and what they answer."""

import sys
from argparse import Namespace
from collections.abc import Iterable
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from signal import SIG_DFL, SIGPIPE, signal
from typing import Any

from services.kernel.errors import KernelError
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.fec import FecExport, FileCheck, Wanted
from services.ledger.adapters.reports import COLUMNS, Period, Reports, printed
from services.ledger.domain.fec.writing import ENCODINGS

DONE, FOUND, REFUSED = 0, 1, 2


def add_commands(commands: Any) -> None:
    """Their words, for the parser of `achats-ledger`."""
    export = commands.add_parser("fec", help="the validated entries of a fiscal year as a FEC, with its description")
    export.add_argument("--company", required=True, metavar="ID")
    export.add_argument("--year", required=True, type=int, help="the fiscal year")
    export.add_argument("--out", required=True, type=Path, metavar="FOLDER")
    export.add_argument("--encoding", default="utf-8", choices=ENCODINGS)
    export.add_argument("--siren", help="of the company; the book does not know it")
    export.add_argument("--provisional", action="store_true", help="although entries of the year are not validated: they are left out")
    check = commands.add_parser("check-fec", help="what is wrong with a FEC, anyone's: status 0 = nothing, 1 = something")
    check.add_argument("file", type=Path, metavar="FILE")
    check.add_argument(
        "--opens", type=date.fromisoformat, metavar="AAAA-MM-JJ", help="first day of a fiscal year that has not twelve months"
    )
    report = commands.add_parser("report", help="a period's trial balance, journals, general ledger or supplier statements")
    report.add_argument("report", choices=COLUMNS)
    report.add_argument("--company", required=True, metavar="ID")
    report.add_argument("--from", required=True, type=date.fromisoformat, dest="starts", metavar="AAAA-MM-JJ")
    report.add_argument("--to", required=True, type=date.fromisoformat, dest="ends", metavar="AAAA-MM-JJ")
    report.add_argument("--as-of", type=_instant, metavar="INSTANT", help="as the book knew it then, like 2026-04-01T08:00:00+02:00")
    report.add_argument("--auxiliary", metavar="CODE", help="only the lines of that supplier")
    report.add_argument("--format", default="csv", choices=["csv", "json"])


def export(said: Namespace, store: PostgresStore) -> int:
    """Write the file and say what it contains; the exit code."""
    wanted = Wanted(said.company, said.year, said.siren, said.out, said.encoding, said.provisional)
    with closing(store):
        return _answer(FecExport(store).write(wanted))


def check(said: Namespace) -> int:
    """Say what is wrong with the file; the exit code."""
    checking = FileCheck(said.file, said.opens)
    return _answer(checking.lines()) or (FOUND if checking.found else DONE)


def report(said: Namespace, store: PostgresStore) -> int:
    """Print the report; the exit code."""
    period = Period(said.company, said.starts, said.ends, said.as_of, said.auxiliary)
    with closing(store):
        return _answer(printed(said.report, Reports(store).rows(said.report, period), said.format == "json"), end="")


def _instant(text: str) -> datetime:
    """An instant with its offset. Raises ValueError."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(text)
    return instant


def _answer(lines: Iterable[str], end: str = "\n") -> int:
    signal(SIGPIPE, SIG_DFL)  # whoever reads us has seen enough: end in silence, like any tool
    try:
        sys.stdout.writelines(f"{line}{end}" for line in lines)
    except KernelError as trouble:
        sys.stderr.write(f"{trouble}.\n")
        return REFUSED
    except OSError as trouble:
        sys.stderr.write(
            f"Le fichier {trouble.filename} ne peut être ni lu ni écrit : {trouble.strerror}. Vérifier son chemin et ses droits.\n"
        )
        return REFUSED
    return DONE
