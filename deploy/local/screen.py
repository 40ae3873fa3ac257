"""What the demo shows, in French as a user sees it: progress, then the Achats list, two entries, the e-mail, the addresses."""

import sys
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from deploy.local.demo import Mail, Outcome, Summary
from deploy.local.watcher import Watcher
from schemas.invoice_described.v1 import InvoiceDescribed

FLAGS = {
    "nature_unknown": "compte à préciser",
    "nature_doubtful": "compte à vérifier",
    "fixed_asset": "immobilisation",
    "vat_on_payment": "TVA due à l’encaissement",
    "credited_unknown": "facture d’origine à vérifier",
}
STATUS = {"to_process": "À traiter", "validated": "Validée", "reversed": "Contre-passée", "archived": "Archivée"}
SHOWN = 60
PLAIN_WIDTH = 140


def euros(cents: int) -> str:
    """`123456` → `1 234,56`, with a narrow no-break space between thousands."""
    sign, whole, rest = "−" if cents < 0 else "", *divmod(abs(cents), 100)
    return f"{sign}{whole:,}".replace(",", "\u202f") + f",{rest:02d}"


def seconds(duration: float | None) -> str:
    """`11.7` → `11,7 s`."""
    return "—" if duration is None else f"{duration:.1f} s".replace(".", ",")


class Screen:
    """A terminal, or a plain log when there is none."""

    def __init__(self) -> None:
        """Writes to standard output; where that is no terminal, wide enough for the list."""
        self.console = Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)

    def say(self, words: str) -> None:
        """One line of what is being done."""
        self.console.print(f"[dim]·[/] {words}")

    @contextmanager
    def progress(self, watcher: Watcher, expected: int) -> Generator[Progress]:
        """Three bars that move as documents pass; call `move` of this screen to move them."""
        columns = SpinnerColumn(), TextColumn("{task.description:<26}"), BarColumn(), MofNCompleteColumn()
        with Progress(*columns, console=self.console) as bars:
            self._bars = [bars.add_task(words, total=expected) for words in ("Documents collectés", "Documents classés", "Dans Achats")]
            self._watcher, self._progress = watcher, bars
            yield bars
            self.move()

    def move(self) -> None:
        """Move the bars to where the topics are."""
        reached = (self._watcher.collected, self._watcher.classified, self._watcher.described)
        for bar, count in zip(self._bars, reached, strict=True):
            self._progress.update(bar, completed=count)

    def show(self, outcome: Outcome) -> None:
        """Everything that came out."""
        self.console.print(achats(outcome.invoices))
        for kind, title in (("invoice", "Écriture d'une facture"), ("credit_note", "Écriture d'un avoir")):
            chosen = next((one for one in outcome.invoices if one.type == kind and one.lines), None)
            if chosen:
                self.console.print(entry(chosen, title))
        for mail in outcome.mails:
            self.console.print(letter(mail))
        self.console.print(sums(outcome.summary))

    def addresses(self, urls: dict[str, str]) -> None:
        """Where to look further."""
        table = Table(title="À ouvrir", title_justify="left", show_header=False, box=None)
        for name, url in urls.items():
            table.add_row(name, url)
        self.console.print(table)


def achats(invoices: list[InvoiceDescribed]) -> Table:
    """The list of Achats: held first, then by date."""
    table = Table(title=f"Achats — {len(invoices)} documents", title_justify="left")
    for heading in ("Numéro", "Date", "Vendeur", "HT", "TVA", "TTC", "Statut"):
        table.add_column(heading, justify="right" if heading in ("HT", "TVA", "TTC") else "left")
    ordered = sorted(invoices, key=lambda one: (one.hold is None, one.issue_date is None, str(one.issue_date), one.number or ""))
    for one in ordered[:SHOWN]:
        table.add_row(*_row(one))
    if len(ordered) > SHOWN:
        table.caption = f"… et {len(ordered) - SHOWN} autres"
    return table


def entry(invoice: InvoiceDescribed, title: str) -> Table:
    """One entry, debit and credit."""
    day = invoice.issue_date.strftime("%d/%m/%Y") if invoice.issue_date else ""
    table = Table(title=f"{title} — journal AC, {day}, pièce {invoice.number}", title_justify="left")
    for heading in ("Compte", "Auxiliaire", "TVA", "Débit", "Crédit"):
        table.add_column(heading, justify="right" if heading in ("Débit", "Crédit") else "left")
    for line in invoice.lines:
        sides = [euros(cents) if cents else "" for cents in (line.debit_cents, line.credit_cents)]
        table.add_row(line.account, line.auxiliary or "", f"{line.vat_rate} %".replace(".", ",") if line.vat_rate else "", *sides)
    return table


def letter(mail: Mail) -> Panel:
    """An e-mail as it reads."""
    return Panel(mail.text.strip(), title=f"{mail.subject} → {mail.to}", title_align="left")


def sums(summary: Summary) -> Panel:
    """How the run adds up."""
    parts = {
        "enregistrés": summary.recorded,
        "sans écriture": summary.no_entry,
        "archivés": summary.archived,
        "à vérifier": summary.held,
        "en attente technique": summary.parked,
        "doublons": summary.duplicates,
    }
    added = " + ".join(f"{count} {words}" for words, count in parts.items() if count) or "0"
    lines = [
        f"{summary.collected} documents collectés = {added}",
        f"{summary.entries} écritures, débit {euros(summary.debit_cents)} € = crédit {euros(summary.credit_cents)} €",
        f"première écriture après {seconds(summary.seconds_to_first_entry)}, tout après {seconds(summary.seconds_total)}",
    ]
    return Panel("\n".join(lines), title="Le compte est bon" if adds_up(summary) else "Le compte n'y est pas", title_align="left")


def adds_up(summary: Summary) -> bool:
    """Whether every document has one outcome, the books balance, and exactly one e-mail went out."""
    outcomes = summary.recorded + summary.no_entry + summary.archived + summary.held + summary.parked + summary.duplicates
    return outcomes == summary.collected and summary.debit_cents == summary.credit_cents and summary.mails == 1


def _row(one: InvoiceDescribed) -> list[str]:
    amounts = [one.totals.net_cents, one.totals.vat_cents, one.totals.gross_cents] if one.totals else []
    sign = -1 if one.type == "credit_note" else 1
    status = STATUS.get(one.status, one.status)
    remarks = [FLAGS[flag] for flag in one.flags if flag in FLAGS]
    why = f"{status} — {one.hold.sentence}\n→ {one.hold.next_action}" if one.hold else " — ".join([status, *remarks])
    currency = "" if one.currency in (None, "EUR") else f" {one.currency}"
    shown = [euros(sign * cents) + currency for cents in amounts] or ["", "", ""]
    return [one.number or "", one.issue_date.strftime("%d/%m/%Y") if one.issue_date else "", one.supplier.legal_name or "", *shown, why]
