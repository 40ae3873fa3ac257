"""`achats-classifier …` for people: why a document is what it is, a company's rules, a decision about a line, a supplier or a hold."""

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from services.classifier.adapters.commands import People
from services.classifier.adapters.lifting import add_options
from services.classifier.config import PeoplesConfig
from services.classifier.handler import SERVICE
from services.kernel.errors import KernelError
from services.kernel.postgres import PostgresStore

REFUSED, DONE = 2, 0

COMMANDS: dict[str, Callable[[People], None]] = {
    "explain": People.explain,
    "rules": People.rules,
    "recode": People.recode,
    "merge": People.merge,
    "lift": People.lift,
}


def run_command(words: Sequence[str], config: PeoplesConfig) -> int:
    """Do what the words say; the exit code. What cannot be done is said on standard error."""
    said = parser().parse_args(words)
    try:
        with closing(PostgresStore(config.database_url, SERVICE, pool_size=2)) as store:
            COMMANDS[said.command if said.command != "decide" else said.decision](People(config, store, said))
    except (KernelError, ValidationError, OSError) as trouble:
        sys.stderr.write(f"{trouble}\n")
        return REFUSED
    return DONE


def parser() -> argparse.ArgumentParser:
    """The words of the commands."""
    top = argparse.ArgumentParser("achats-classifier", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    explaining = commands.add_parser("explain", help="why a document of the last 30 days is what it is")
    explaining.add_argument("invoice_id")
    explaining.add_argument("--company")
    rules = commands.add_parser("rules", help="the rules of a company").add_subparsers(dest="deed", required=True)
    for deed, meaning in (("list", "those that hold, and those that did"), ("diff", "a file beside what holds")):
        _for_company(rules.add_parser(deed, help=meaning), file=deed == "diff")
    _for_company(rules.add_parser("dry-run", help="what a file would change in the documents of the last 30 days"), file=True)
    _by(_for_company(rules.add_parser("publish", help="from now on the written rules are those of the file"), file=True))
    withdrawing = _by(_for_company(rules.add_parser("withdraw", help="one rule holds no more")))
    withdrawing.add_argument("rule_id")
    _decisions(commands.add_parser("decide", help="what a person decides").add_subparsers(dest="decision", required=True))
    return top


def _decisions(decisions: Any) -> None:
    recoding = _by(decisions.add_parser("recode", help="another nature for a line, and for lines like it when said three times"))
    recoding.add_argument("invoice_id")
    recoding.add_argument("line", type=int)
    recoding.add_argument("nature")
    recoding.add_argument("--always", action="store_true", help="from now on, at once")
    recoding.add_argument("--scope", default="words", choices=["product", "words", "unspsc", "seller"], help="which lines are like it")
    merging = _by(_for_company(decisions.add_parser("merge", help="two suppliers are one")))
    merging.add_argument("auxiliary")
    merging.add_argument("into")
    for name in ("--legal-name", "--vat-id", "--siren"):
        merging.add_argument(name)
    lifting = _by(decisions.add_parser("lift", help="the answer to what a held document asks"))
    lifting.add_argument("invoice_id")
    lifting.add_argument("reason")
    add_options(lifting)
    for one in (recoding, lifting):
        one.add_argument("--company")
        one.add_argument("--account")


def _for_company(one: argparse.ArgumentParser, file: bool = False) -> argparse.ArgumentParser:
    one.add_argument("--company", required=True)
    if file:
        one.add_argument("file", type=Path)
    return one


def _by(one: argparse.ArgumentParser) -> argparse.ArgumentParser:
    one.add_argument("--by", required=True, help="who decides")
    return one
