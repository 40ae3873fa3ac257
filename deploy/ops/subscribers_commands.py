"""`achats subscribers …`: the words of subscribers.py and grants.py."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.ops import grants
from deploy.ops.parked_commands import KafkaOption
from deploy.ops.subscribers import FOLDER, subscribers

app = typer.Typer(no_args_is_help=True, help="Who reads the public topics: the files of subscribers/, and their rights on a broker.")

FolderOption = Annotated[Path, typer.Option("--folder", file_okay=False, help="Where the files are.")]
UserOption = Annotated[str | None, typer.Option("--user", envvar="ACHATS_KAFKA_ADMIN", help="Who may alter the cluster, by SCRAM-SHA-512.")]
PasswordOption = Annotated[
    str | None, typer.Option("--admin-password", envvar="ACHATS_KAFKA_ADMIN_PASSWORD", help="Better in the environment.")
]
ProtocolOption = Annotated[str, typer.Option("--protocol", envvar="ACHATS_KAFKA_PROTOCOL", help="SASL_SSL or SASL_PLAINTEXT.")]
CaOption = Annotated[str | None, typer.Option("--ca-file", envvar="ACHATS_KAFKA_CA_FILE", help="Who signed the broker's certificate.")]


@app.command()
def check(folder: FolderOption = FOLDER) -> None:
    """Say in words what is wrong with the files; who reads what, when nothing is."""
    for one in subscribers(folder):
        typer.echo(
            f"{one.team} ({one.contact}) reads {', '.join(one.topics)} as {one.group_prefix}*, at most {one.slo.lag_minutes} min late"
        )


@app.command()
def plan(
    kafka: KafkaOption,
    user: UserOption = None,
    admin_password: PasswordOption = None,
    protocol: ProtocolOption = "SASL_SSL",
    ca_file: CaOption = None,
    folder: FolderOption = FOLDER,
) -> None:
    """What `apply` would change on the broker; status 1 when there is something."""
    todo = grants.plan(subscribers(folder), grants.Login(kafka, user, admin_password, protocol, ca_file))
    _show(todo)
    raise typer.Exit(1 if todo.add or todo.remove else 0)


@app.command()
def apply(
    kafka: KafkaOption,
    user: UserOption = None,
    admin_password: PasswordOption = None,
    protocol: ProtocolOption = "SASL_SSL",
    ca_file: CaOption = None,
    folder: FolderOption = FOLDER,
) -> None:
    """Give every team the rights and quotas of its file, and take away what no file asks for."""
    login = grants.Login(kafka, user, admin_password, protocol, ca_file)
    todo = grants.plan(subscribers(folder), login)
    grants.apply(todo, login)
    _show(todo)


@app.command()
def password(
    team: str,
    kafka: KafkaOption,
    user: UserOption = None,
    admin_password: PasswordOption = None,
    protocol: ProtocolOption = "SASL_SSL",
    ca_file: CaOption = None,
    folder: FolderOption = FOLDER,
) -> None:
    """Give a team's user a fresh password and print it, this once; whoever logs in with an older one is refused."""
    found = next((one for one in subscribers(folder) if one.team == team), None)
    if found is None:
        raise typer.BadParameter(f"{folder} has no {team}.yaml")
    typer.echo(grants.new_password(found, grants.Login(kafka, user, admin_password, protocol, ca_file)))


def _show(todo: grants.Plan) -> None:
    for one in todo.remove:
        typer.echo(f"- {one}")
    for one in todo.add:
        typer.echo(f"+ {one}")
    if not (todo.add or todo.remove):
        typer.echo("The broker grants what the files ask for, and nothing else.")
