"""`achats`: the local deployment, its demo, and the operators' commands."""

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from deploy.local.deployment import Account, Deployment
from deploy.local.processes import ServerFailed
from deploy.local.screen import Screen, adds_up
from deploy.ops.contracts_commands import app as contracts_app
from deploy.ops.parked_commands import KafkaOption
from deploy.ops.parked_commands import app as parked_app
from deploy.ops.subscribers_commands import app as subscribers_app

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Amazon Business purchase invoices, from the order to the books.",
)
topics_app = typer.Typer(no_args_is_help=True, help="The topics of schemas/topics.yaml on a broker.")
app.add_typer(contracts_app, name="contracts")
app.add_typer(topics_app, name="topics")
app.add_typer(parked_app, name="parked")
app.add_typer(subscribers_app, name="subscribers")

DataOption = Annotated[Path | None, typer.Option("--data", help="Keep everything in this folder and go on from it next time.")]
FreshOption = Annotated[bool, typer.Option("--fresh", help="Empty that folder first.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Which made-up Amazon account.")]
InvoicesOption = Annotated[int, typer.Option("--invoices", min=1, help="How many documents it holds.")]
DocumentsOption = Annotated[
    Path | None, typer.Option("--documents", exists=True, file_okay=False, help="Serve the PDFs of this folder as the account's documents.")
]
WATCH_SECONDS = 0.5


@app.command()
def demo(
    stop: Annotated[bool, typer.Option("--exit", help="End when all is shown.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the summary there.")] = None,
    invoices: InvoicesOption = 50,
    seed: SeedOption = 1,
    data: DataOption = None,
    fresh: FreshOption = False,
    documents: DocumentsOption = None,
) -> None:
    """The main job on real parts: connect a company to Amazon Business, import, book, tell."""
    from deploy.local.scenario import play  # the scenario needs libraries that other commands need not wait for

    started_at, screen = time.monotonic(), Screen()
    with _deployment(data, fresh, Account(seed, invoices, documents), screen) as deployment:
        summary = play(deployment, documents, screen, started_at)
        if json_file:
            summary.write(json_file)
        if not stop:
            _stay(screen, deployment)
    raise typer.Exit(0 if adds_up(summary) else 1)


@app.command()
def up(
    seed: SeedOption = 1,
    invoices: InvoicesOption = 50,
    data: DataOption = None,
    fresh: FreshOption = False,
    documents: DocumentsOption = None,
) -> None:
    """The same parts without the scenario: connect a company yourself."""
    screen = Screen()
    with _deployment(data, fresh, Account(seed, invoices, documents), screen) as deployment:
        _stay(screen, deployment)


@app.command(add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def simulator(context: typer.Context) -> None:
    """Amazon Business, simulated, alone: --port P --control-port C [--static DIR]; --help lists every option."""
    from deploy.local.amazon.__main__ import run

    run(context.args)


@app.command()
def doctor() -> None:
    """Say in words what is missing or unreachable."""
    from deploy.ops.doctor import examine

    findings = examine()
    for finding in findings:
        typer.echo(
            f"{'ok     ' if finding.good else 'MISSING'}  {finding.what}" + ("" if finding.good else f"\n         {finding.next_action}")
        )
    raise typer.Exit(0 if all(finding.good for finding in findings) else 1)


@topics_app.command("apply")
def topics_apply(kafka: KafkaOption, replication: Annotated[int, typer.Option(min=1)] = 3) -> None:
    """Show the plan, then create what is missing and change settings; never deletes a topic, never changes a partition count."""
    from deploy.ops.topics import apply, plan

    _say(plan(kafka).words())
    if not (done := apply(kafka, replication)).is_as_declared:
        typer.echo(f"done: {len(done.create)} created, {len(done.change)} settings changed")


@topics_app.command("plan")
def topics_plan(kafka: KafkaOption) -> None:
    """What `apply` would do, and what it leaves as it is; changes nothing."""
    from deploy.ops.topics import plan

    _say(plan(kafka).words())


@topics_app.command("check")
def topics_check(kafka: KafkaOption) -> None:
    """The same, for machines: status 0 when every topic is as declared, 1 when one differs."""
    from deploy.ops.topics import plan

    found = plan(kafka)
    _say(found.words())
    raise typer.Exit(0 if found.is_as_declared else 1)


def main() -> None:
    """Entry point of the console script. An error that says what to do is told in words, without its traceback."""
    try:
        app()
    except Exception as error:
        next_action: str | None = getattr(error, "next_action", None)
        if next_action is None:
            raise
        sys.exit(f"{error}\n→ {next_action}")


def _say(words: Iterable[str]) -> None:
    for sentence in words:
        typer.echo(sentence)


@contextmanager
def _deployment(data: Path | None, fresh: bool, account: Account, screen: Screen) -> Generator[Deployment]:
    """A running deployment; Ctrl-C and SIGTERM end it in order."""
    with _data_folder(data, fresh) as folder, _interruptible(), Deployment(folder, account, say=screen.say) as deployment:
        yield deployment


@contextmanager
def _data_folder(data: Path | None, fresh: bool) -> Generator[Path]:
    """The given folder, kept; or one of our own, removed at the end."""
    if data is not None:
        if fresh and data.exists():
            shutil.rmtree(data)
        yield data
        return
    own = Path(tempfile.mkdtemp(prefix="achats-"))
    own.chmod(0o755)
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)


@contextmanager
def _interruptible() -> Generator[None]:
    """Ctrl-C and SIGTERM end the `with` blocks in order, so that every child is stopped."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a script's `&` lets us inherit that it is ignored
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def _control(screen: Screen, deployment: Deployment) -> None:
    try:
        deployment.control()
    except ServerFailed as found:
        screen.console.print(f"Contrôle du jour : {found}")


def _stay(screen: Screen, deployment: Deployment) -> None:
    """Until Ctrl-C, or until a part ends by itself; once a day the ledger is asked for its control."""
    screen.addresses(deployment.urls)
    screen.console.print("Ctrl-C arrête tout.")
    controlled: date | None = None
    try:
        while not (ended := deployment.ended()):
            if controlled != (today := datetime.now(UTC).date()):
                controlled = today
                _control(screen, deployment)
            time.sleep(WATCH_SECONDS)
        screen.console.print(f"Arrêt : {', '.join(ended)} ne tourne plus ; son journal est dans {deployment.data}.")
    except KeyboardInterrupt:
        screen.console.print("Arrêt…")
