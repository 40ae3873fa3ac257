"""`achats-ledger …` for accountants: validate, correct, reverse, close, lock, unlock; in French, as they read it."""

import argparse
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from services.kernel.postgres import PostgresStore
from services.ledger.adapters.deeds import Deeds, Numbered


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The words of what a person does to the book of one company, in his own name."""
    validating = _deed(commands, "validate", _validate, "make entries final: number, date, no change from then on")
    validating.add_argument("--journal", default="AC")
    validating.add_argument("entries", nargs="+", type=int, metavar="ENTRY")
    correcting = _deed(commands, "correct", _correct, "the same lines on other accounts; a validated entry is reversed for it")
    correcting.add_argument("entry", type=int, metavar="ENTRY")
    correcting.add_argument("--account", action="append", required=True, type=_change, metavar="OLD=NEW")
    _deed(commands, "reverse", _reverse, "undo a validated entry by its mirror").add_argument("entry", type=int, metavar="ENTRY")
    closing = _deed(commands, "close", _close, "close everything up to a day, for good")
    closing.add_argument("--year", required=True, type=int, help="the fiscal year by its number")
    closing.add_argument("--through", required=True, type=date.fromisoformat, metavar="YYYY-MM-DD")
    closing.add_argument("--waiting", type=int, default=0, metavar="N", help="how many unvalidated entries you know will move behind it")
    for name, says in (("lock", "nothing is validated in this month until it is unlocked"), ("unlock", "open a locked month again")):
        locking = _deed(commands, name, _lock, says)
        locking.add_argument("--month", required=True, type=_month, metavar="YYYY-MM")
        locking.add_argument("--reason", required=True)


def act(said: argparse.Namespace, store: PostgresStore) -> Iterator[str]:
    """Do what the words say; the lines to print. Raises DeedRefused."""
    act_on: Callable[[Deeds, argparse.Namespace], Iterator[str]] = said.deed
    return act_on(Deeds(store, said.company, said.by), said)


def _validate(deeds: Deeds, said: argparse.Namespace) -> Iterator[str]:
    for one in deeds.validate(said.journal, said.entries):
        yield f"Écriture {one.entry_id} validée : {_numbered(one)}."


def _correct(deeds: Deeds, said: argparse.Namespace) -> Iterator[str]:
    made = deeds.recode(said.entry, dict(said.account))
    yield f"Écriture {said.entry} corrigée : l'écriture {made} la remplace et reste à valider."


def _reverse(deeds: Deeds, said: argparse.Namespace) -> Iterator[str]:
    made = deeds.reverse(said.entry)
    yield f"Écriture {said.entry} contre-passée par l'écriture {made.entry_id} : {_numbered(made)}."


def _close(deeds: Deeds, said: argparse.Namespace) -> Iterator[str]:
    deeds.close(said.year, said.through, said.waiting)
    moves = f" {said.waiting} écriture(s) non validée(s) passeront au {_day(said.through + timedelta(days=1))}." if said.waiting else ""
    yield f"Exercice {said.year} clôturé jusqu'au {_day(said.through)}, définitivement.{moves}"


def _lock(deeds: Deeds, said: argparse.Namespace) -> Iterator[str]:
    deeds.lock(said.month, said.command, said.reason)
    yield f"Mois {said.month:%m/%Y} {'verrouillé' if said.command == 'lock' else 'déverrouillé'}."


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


def _deed(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    deed: Callable[[Deeds, argparse.Namespace], Iterator[str]],
    says: str,
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=says)
    command.add_argument("--company", required=True, metavar="ID")
    command.add_argument("--by", required=True, metavar="NAME", help="who answers for it; sealed with the deed")
    command.set_defaults(deed=deed)
    return command
