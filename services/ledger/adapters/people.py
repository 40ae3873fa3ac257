"""`achats-ledger …` for accountants: what they ask of the book, and what they do to it; the answers in French, as they read them."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from typing import Any

from services.ledger.adapters import exporting, verifying
from services.ledger.adapters.daily import commands as daily
from services.ledger.adapters.deeds import Deeds, Numbered
from services.ledger.adapters.papers import commands as importing
from services.ledger.adapters.reading import Reading
from services.ledger.adapters.telling import OpenBook, told
from services.ledger.domain.wording import counted


def parser() -> argparse.ArgumentParser:
    """The words of the command; without any, the service runs. Most have an `answer` (adapters/telling.py); main knows the others."""
    top = argparse.ArgumentParser(prog="achats-ledger", description="Without a command: keep the books until told to stop.")
    commands = top.add_subparsers(dest="command")
    commands.add_parser("migrate", help="bring the schema up to date")
    commands.add_parser("totals", help="the whole book as one line of JSON").set_defaults(about="", json=True, answer=_asked)
    for name, option, says in (
        ("list", "--company", "a company's invoices, held first"),
        ("todo", "--company", "a company's entries that wait for validation"),
        ("suppliers", "--company", "a company's suppliers: names, numbers, which became which, what is open"),
        ("entry", "--invoice", "the entries of an invoice"),
    ):
        command = commands.add_parser(name, help=says)
        command.add_argument(option, required=True, dest="about", metavar="ID")
        command.add_argument("--json", action="store_true", help="one JSON object a line")
        command.set_defaults(answer=_asked)
    _entry_deeds(commands)
    _period_deeds(commands)
    exporting.add_commands(commands)
    verifying.add_command(commands)
    importing.add_commands(commands)
    daily.add_commands(commands)
    return top


def _asked(said: argparse.Namespace, open_book: OpenBook) -> int:
    """Answer a question; the exit code."""
    with closing(open_book()) as store:
        return told(Reading(store).answer(said.command, said.about, said.json))


def _done(said: argparse.Namespace, open_book: OpenBook) -> int:
    """Do the deed; the exit code."""
    with closing(open_book()) as store:
        return told(said.deed(Deeds(store, said.company, said.by), said))


def _entry_deeds(commands: Any) -> None:
    validating = _deed(commands, "validate", _validate, "make entries final: number, date, no change from then on")
    validating.add_argument("--journal", default="AC")
    validating.add_argument("--confirm-suspense", action="store_true", help="also entries on account 471: an accountant means them so")
    validating.add_argument("entries", nargs="+", type=int, metavar="ENTRY")
    correcting = _deed(commands, "correct", _correct, "the same lines on other accounts; a validated entry is reversed for it")
    correcting.add_argument("entry", type=int, metavar="ENTRY")
    correcting.add_argument("--account", action="append", required=True, type=_change, metavar="OLD=NEW")
    _deed(commands, "reverse", _reverse, "undo a validated entry by its mirror").add_argument("entry", type=int, metavar="ENTRY")


def _period_deeds(commands: Any) -> None:
    closing = _deed(commands, "close", _close, "close everything up to a day, for good")
    closing.add_argument("--year", required=True, type=int, help="the fiscal year by its number")
    closing.add_argument("--through", required=True, type=date.fromisoformat, metavar="YYYY-MM-DD")
    closing.add_argument("--waiting", type=int, default=0, metavar="N", help="how many unvalidated entries you know will move behind it")
    for name, says in (("lock", "nothing is validated in this month until it is unlocked"), ("unlock", "open a locked month again")):
        locking = _deed(commands, name, _lock, says)
        locking.add_argument("--month", required=True, type=_month, metavar="YYYY-MM")
        locking.add_argument("--reason", required=True)
    filing = _deed(commands, "vat-filed", _file_vat, "VAT is declared up to a day: what has VAT on it is posted behind it from then on")
    filing.add_argument("--until", required=True, type=date.fromisoformat, metavar="YYYY-MM-DD")
    filing.add_argument("--reason", required=True)
    switching = _deed(commands, "automatic", _automatic, "entries that arrive without a remark validate themselves, under your name")
    switching.add_argument("switch", choices=["on", "off"])


def _validate(deeds: Deeds, said: argparse.Namespace) -> Iterator[str]:
    for one in deeds.validate(said.journal, said.entries, suspense=said.confirm_suspense):
        yield f"Écriture {one.entry_id} validée : {_numbered(one)}."


def _correct(deeds: Deeds, said: argparse.Namespace) -> Iterator[str]:
    made = deeds.recode(said.entry, dict(said.account))
    yield f"Écriture {said.entry} corrigée : l'écriture {made} la remplace et reste à valider."


def _reverse(deeds: Deeds, said: argparse.Namespace) -> Iterator[str]:
    made = deeds.reverse(said.entry)
    yield f"Écriture {said.entry} contre-passée par l'écriture {made.entry_id} : {_numbered(made)}."


def _close(deeds: Deeds, said: argparse.Namespace) -> Iterator[str]:
    deeds.close(said.year, said.through, said.waiting)
    moves = _moving(said.waiting, said.through)
    yield f"Exercice {said.year} clôturé jusqu'au {_day(said.through)}, définitivement.{moves}"


def _lock(deeds: Deeds, said: argparse.Namespace) -> Iterator[str]:
    deeds.lock(said.month, said.command, said.reason)
    yield f"Mois {said.month:%m/%Y} {'verrouillé' if said.command == 'lock' else 'déverrouillé'}."


def _file_vat(deeds: Deeds, said: argparse.Namespace) -> Iterator[str]:
    waiting = deeds.file_vat(said.until, said.reason)
    moves = _moving(waiting, said.until)
    yield f"TVA déclarée jusqu'au {_day(said.until)}.{moves}"


def _automatic(deeds: Deeds, said: argparse.Namespace) -> Iterator[str]:
    deeds.automatic(said.switch == "on")
    if said.switch == "on":
        yield f"Les documents qui arrivent sans signalement se valident désormais seuls, au nom de {said.by} : automatique ({said.by})."
    else:
        yield "Plus rien ne se valide seul."


def _moving(waiting: int, through: date) -> str:
    """What a closed or declared period sends on, if anything waits in it."""
    moving = counted(waiting, "écriture non validée", "écritures non validées")
    return f" Au {_day(through + timedelta(days=1))}, à leur validation : {moving}." if waiting else ""


def _numbered(one: Numbered) -> str:
    return f"journal {one.journal}, exercice {one.fy}, n° {one.number}, au {_day(one.entry_date)}, validée le {_day(one.validated_on)}"


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _change(text: str) -> tuple[str, str]:
    """`606400=606300` → old and new."""
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise argparse.ArgumentTypeError(f"{text!r}: OLD=NEW, such as 606400=606300")
    return old, new


def _month(text: str) -> date:
    """`2026-03` → its first day."""
    return date.fromisoformat(f"{text}-01")


def _deed(commands: Any, name: str, deed: Callable[[Deeds, argparse.Namespace], Iterator[str]], says: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=says)
    command.add_argument("--company", required=True, metavar="ID")
    command.add_argument("--by", required=True, metavar="NAME", help="who answers for it; sealed with the deed")
    command.set_defaults(answer=_done, deed=deed)
    return command
