"""`achats parked …`: the words of parked.py."""

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from deploy.ops import parked

app = typer.Typer(no_args_is_help=True, help="What services refused, and what stops them: look, resume, skip.")

KafkaOption = Annotated[str, typer.Option("--kafka", envvar="ACHATS_KAFKA", help="host:port of a broker.")]
ByOption = Annotated[str, typer.Option("--by", help="Your name: it is kept.")]
ServiceArgument = Annotated[str, typer.Argument(help=", ".join(parked.SERVICES))]
MARKER_WARNING = (
    "If it is the marker that ends an import run (`collection.finished`), that run will never add up:\n"
    "its connection stays « initialising » and nobody is mailed until another run finishes."
)


@app.command("list")
def list_kept(
    service: ServiceArgument,
    kafka: KafkaOption,
    newest: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """The newest records a service refused: when, why, where they came from, whose they are."""
    for one in parked.kept(kafka, _known(service), newest):
        where = f"{one.topic}/{one.partition}/{one.offset}"
        words = f"{one.parked_at}  {one.reason}  {where}  company {one.company or '?'}  run {one.run or '—'}\n    {one.detail}"
        typer.echo(json.dumps(asdict(one), ensure_ascii=False) if as_json else words)


@app.command()
def status() -> None:
    """Which services are stopped, since when and why, and what they skip; status 1 when one is."""
    found = [parked.status(service) for service in parked.SERVICES if _is_told(service)]
    if not found:
        raise parked.NoDatabase("No ACHATS_<SERVICE>_DATABASE_URL is set.")
    for one in found:
        since = f"{one.tripped_at:%Y-%m-%d %H:%M:%S} UTC" if one.tripped_at else ""
        typer.echo(f"{one.service}: " + (f"TRIPPED since {since}, before {one.before}: {one.reason}" if one.reason else "consumes"))
        for skip in one.skips:
            typer.echo(f"    skips {skip.topic}/{skip.partition}/{skip.offset}, asked by {skip.asked_by}: {skip.why}")
    raise typer.Exit(1 if any(one.reason for one in found) else 0)


@app.command()
def resume(service: ServiceArgument, by: ByOption) -> None:
    """Let a service that its breaker stopped consume again, from the record before which it stopped."""
    resumed = parked.resume(_known(service), by)
    typer.echo(f"{service} consumes again within a second." if resumed else f"{service} was not stopped: nothing to resume.")


@app.command()
def skip(
    topic: str,
    partition: int,
    offset: int,
    by: ByOption,
    why: Annotated[str, typer.Option("--why", help="The reason: it is kept, and travels with the parked record.")],
    kafka: KafkaOption,
    service: Annotated[str | None, typer.Option("--service", help="Which reader of the topic.")] = None,
) -> None:
    """Have a record that ends its service again and again parked unread, at the service's next start."""
    wish = parked.Skip(topic, partition, offset, by, datetime.now(UTC), why)
    reader = parked.skip(kafka, wish, service)
    typer.echo(f"{reader} parks {topic}/{partition}/{offset} unread when it meets it after its next start.\n{MARKER_WARNING}")


def _known(service: str) -> str:
    if service not in parked.SERVICES:
        raise typer.BadParameter(f"{service} is none of {', '.join(parked.SERVICES)}")
    return service


def _is_told(service: str) -> bool:
    return any(os.environ.get(f"ACHATS_{service.upper()}_{name}_URL") for name in ("DATABASE", "MIGRATE"))
