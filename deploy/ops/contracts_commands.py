"""`achats contracts …`: the words of contracts.py and releases.py."""

from collections.abc import Sequence
from typing import Annotated

import typer

from deploy.ops import contracts, releases
from deploy.ops.releases import Breach
from schemas.registry import event_folders

app = typer.Typer(no_args_is_help=True, help="The contracts in schemas/: written from their classes, held to what was released.")

EventsArgument = Annotated[list[str] | None, typer.Argument(help="Events, as invoice.collected; all when none is named.")]


@app.command()
def check() -> None:
    """Fail when a made file is stale, or a contract breaks what was released."""
    names, found = contracts.stale(), contracts.broken()
    for name in names:
        typer.echo(f"{name} is stale: run `achats contracts write`, and read what changed: it is a promise to others.")
    for breach in found:
        typer.echo(breach)
    if found:
        typer.echo(f"→ {releases.Incompatible.next_action}")
    raise typer.Exit(1 if names or found else 0)


@app.command()
def write() -> None:
    """Write what is made from classes, examples and topics.yaml: schemas, wire files, AsyncAPI, its page, the catalogue entry."""
    contracts.write()


@app.command()
def diff(events: EventsArgument = None) -> None:
    """Say what changed since each contract's last release, what breaks whom, and who must deploy first; status 1 when something breaks."""
    told = [_told(folder) for folder in _folders(events)]
    raise typer.Exit(1 if any(told) else 0)


@app.command()
def release() -> None:
    """Keep every contract that changed, and its records, as a new minor version. Refused when it breaks a released one."""
    for name in contracts.release():
        typer.echo(f"released {name}")


def _folders(events: Sequence[str] | None) -> list[str]:
    wanted = [event.replace(".", "_") for event in events or ()]
    if unknown := set(wanted) - {*event_folders()}:
        raise typer.BadParameter(f"no contract is called {', '.join(sorted(unknown))}")
    return wanted or [*event_folders()]


def _told(folder: str) -> list[Breach]:
    """Say what is to be said of one contract; what it breaks."""
    kept, new = releases.released(folder), contracts.schema_of(folder)
    if new in [*kept.values()][-1:]:
        return []
    found, event = releases.breaches(folder, new, kept), folder.replace("_", ".")
    before, after = releases.fields([*kept.values()][-1]) if kept else set[str](), releases.fields(new)
    for mark, names in (("+", after - before), ("-", before - after)):
        for name in sorted(names):
            typer.echo(f"{event} {mark} {name}")
    for breach in found:
        typer.echo(breach)
    typer.echo(f"{event}: {releases.order_of_deployment(folder, found)}")
    return found
