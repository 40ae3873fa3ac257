"""`achats-ledger fec`, `check-fec`, `report` and `export`: their words, and what they answer."""

from argparse import Namespace
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

from services.ledger.adapters.fec import FecExport, FileCheck, Wanted
from services.ledger.adapters.plaintext import PROGRAMS, exported
from services.ledger.adapters.reports import COLUMNS, Period, Reports, printed
from services.ledger.adapters.telling import DONE, FOUND, OpenBook, told
from services.ledger.domain.fec.writing import ENCODINGS


def add_commands(commands: Any) -> None:
    """Their words, for the parser of `achats-ledger`; each has its `answer`, which gives the exit code."""
    export = commands.add_parser("fec", help="the validated entries of a fiscal year as a FEC, with its description")
    export.add_argument("--company", required=True, metavar="ID")
    export.add_argument("--year", required=True, type=int, help="the fiscal year")
    export.add_argument("--out", required=True, type=Path, metavar="FOLDER")
    export.add_argument("--encoding", default="utf-8", choices=ENCODINGS)
    export.add_argument("--siren", help="of the company; the book does not know it")
    export.add_argument("--provisional", action="store_true", help="although entries of the year are not validated: they are left out")
    export.set_defaults(answer=_export)
    check = commands.add_parser("check-fec", help="what is wrong with a FEC, anyone's: status 0 = nothing, 1 = something")
    check.add_argument("file", type=Path, metavar="FILE")
    check.add_argument(
        "--opens", type=date.fromisoformat, metavar="AAAA-MM-JJ", help="first day of a fiscal year that has not twelve months"
    )
    check.set_defaults(answer=_check)
    report = commands.add_parser("report", help="a period's trial balance, journals, general ledger or supplier statements")
    report.add_argument("report", choices=COLUMNS)
    report.add_argument("--company", required=True, metavar="ID")
    report.add_argument("--from", required=True, type=date.fromisoformat, dest="starts", metavar="AAAA-MM-JJ")
    report.add_argument("--to", required=True, type=date.fromisoformat, dest="ends", metavar="AAAA-MM-JJ")
    report.add_argument("--as-of", type=_instant, metavar="INSTANT", help="as the book knew it then, like 2026-04-01T08:00:00+02:00")
    report.add_argument("--auxiliary", metavar="CODE", help="only the lines of that supplier, and of those that became it")
    report.add_argument("--format", default="csv", choices=["csv", "json"])
    report.set_defaults(answer=_report)
    other = commands.add_parser("export", help="a fiscal year for another program (ledger reads what hledger reads)")
    other.add_argument("program", choices=PROGRAMS)
    other.add_argument("--company", required=True, metavar="ID")
    other.add_argument("--year", required=True, type=int, help="the fiscal year")
    other.set_defaults(answer=_other)


def _export(said: Namespace, open_book: OpenBook) -> int:
    """Write the file and say what it contains."""
    wanted = Wanted(said.company, said.year, said.siren, said.out, said.encoding, said.provisional)
    with closing(open_book()) as store:
        return told(FecExport(store).write(wanted))


def _check(said: Namespace, _: OpenBook) -> int:
    """Say what is wrong with the file; the book is not asked."""
    checking = FileCheck(said.file, said.opens)
    return told(checking.lines()) or (FOUND if checking.found else DONE)


def _report(said: Namespace, open_book: OpenBook) -> int:
    """Print the report."""
    period = Period(said.company, said.starts, said.ends, said.as_of, said.auxiliary)
    with closing(open_book()) as store:
        return told(printed(said.report, Reports(store).rows(said.report, period), said.format == "json"), end="")


def _other(said: Namespace, open_book: OpenBook) -> int:
    """Print the file."""
    with closing(open_book()) as store:
        return told(exported(store, said.program, said.company, said.year))


def _instant(text: str) -> datetime:
    """An instant with its offset. Raises ValueError."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(text)
    return instant
