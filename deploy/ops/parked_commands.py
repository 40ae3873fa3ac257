"""`achats parked …`: the words of parked.py, parked_records.py and resolving.py."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from deploy.ops import parked, resolving
from deploy.ops import parked_records as records
from deploy.ops import parked_words as showing

app = typer.Typer(no_args_is_help=True, help="What services refused, and what stops them: look, give back, discard, resume, skip.")

KafkaOption = Annotated[str, typer.Option("--kafka", envvar="ACHATS_KAFKA", help="host:port of a broker.")]
ByOption = Annotated[str, typer.Option("--by", help="Your name: it is kept.")]
ServiceArgument = Annotated[str, typer.Argument(help=", ".join(parked.SERVICES))]
MARKER_WARNING = (
    "If it is the marker that ends an import run (`collection.finished`),\n"
    "that run does not add up until it is given back and can be read:\n"
    "its connection stays « initialising » and nobody is mailed until then, or until another run finishes."
)


@app.command("list")
def list_kept(
    kafka: KafkaOption,
    service: Annotated[str | None, typer.Argument(help=f"{', '.join(parked.SERVICES)}; all of them when left out")] = None,
    newest: Annotated[int, typer.Option(min=1, help="How many of each service.")] = 20,
    is_open: Annotated[bool, typer.Option("--open", help="Only what nobody has given back or discarded.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """The newest records a service refused: when, why, where they came from, whose they are, and what became of them."""
    for name in parked.SERVICES if service is None else [_known(service)]:
        for one in records.kept(kafka, name, newest):
            if not (is_open and one.resolved):
                typer.echo(json.dumps(showing.facts(one), ensure_ascii=False) if as_json else showing.row(one))


@app.command()
def show(
    service: ServiceArgument,
    partition: int,
    offset: int,
    kafka: KafkaOption,
    value: Annotated[Path | None, typer.Option("--value", help="Write the bytes of its value into this file.")] = None,
) -> None:
    """One parked record: why it was refused, each time, where it came from, its key, headers and value."""
    found = records.one(kafka, _known(service), partition, offset)
    typer.echo(showing.page(found))
    if value is not None:
        value.write_bytes(found.record.value or b"")


@app.command()
def retry(
    service: ServiceArgument,
    kafka: KafkaOption,
    by: ByOption,
    partition: Annotated[int | None, typer.Argument()] = None,
    offset: Annotated[int | None, typer.Argument()] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that nobody has given back or discarded.")] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="With --all: only what was refused for this reason.")] = None,
    why: Annotated[str | None, typer.Option("--why", help="What was mended: it is kept.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Even if somebody has given it back or discarded it before.")] = False,
) -> None:
    """Give parked records back to the service that refused them, and to no other, as they came: same bytes, same id."""
    if everything == (partition is not None or offset is not None) or (offset is None) != (partition is None):
        raise typer.BadParameter("name one record by its two numbers in `achats parked list`, or give --all")
    if partition is None or offset is None:
        kept = records.kept(kafka, _known(service), None)
        found = [one for one in kept if one.resolved is None and reason in (None, one.why.reason)]
    else:
        found = [records.one(kafka, _known(service), partition, offset)]
    resolving.retry(kafka, found, by, why, again)
    typer.echo(f"{len(found)} given back to the {service}. What it refuses again stands in `achats parked list {service}`, one attempt on.")


@app.command()
def discard(
    service: ServiceArgument,
    partition: int,
    offset: int,
    by: ByOption,
    why: Annotated[str, typer.Option("--why", help="The reason: it is kept.")],
    kafka: KafkaOption,
) -> None:
    """Say that nobody need look at a parked record any more; in its import run it stays counted as parked."""
    found = records.one(kafka, _known(service), partition, offset)
    resolving.discard(kafka, found, by, why)
    typer.echo(f"{service} {partition} {offset} is discarded. Its bytes stay on the parked topic as long as that keeps them.")


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
