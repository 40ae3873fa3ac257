"""The ledger's settings, from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

DATABASE_URL, MIGRATE_URL, HEALTH_PORT = "ACHATS_LEDGER_DATABASE_URL", "ACHATS_LEDGER_MIGRATE_URL", "ACHATS_LEDGER_HEALTH_PORT"
MEANINGS = {
    "ACHATS_KAFKA": "the brokers, host:port[,host:port]",
    DATABASE_URL: "the ledger's database as the role ledger_app, postgresql://ledger_app@host:port/name",
    HEALTH_PORT: "the port of /live, /ready and /metrics",
}


class SettingMissing(Exception):
    """A variable of the environment is missing or unreadable."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is missing or unreadable. Set it to {MEANINGS[name]}.")


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a running ledger is told from outside."""

    kafka: str
    database_url: str = field(repr=False)
    health_port: int
    pretty_log: bool

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read the settings; raises SettingMissing."""
        port = required(env, HEALTH_PORT)
        if not (port.isascii() and port.isdigit()):
            raise SettingMissing(HEALTH_PORT)
        return cls(
            kafka=required(env, "ACHATS_KAFKA"),
            database_url=database_url(env),
            health_port=int(port),
            pretty_log=env.get("ACHATS_LOG") == "pretty",
        )


def database_url(env: Mapping[str, str]) -> str:
    """The database as the service uses it: all that reading the book needs. Raises SettingMissing."""
    return required(env, DATABASE_URL)


def migrate_url(env: Mapping[str, str]) -> str:
    """The database as a role that may create roles and tables: ACHATS_LEDGER_MIGRATE_URL, else the ledger's own."""
    return env.get(MIGRATE_URL) or database_url(env)


def required(env: Mapping[str, str], name: str) -> str:
    """The variable's value; raises SettingMissing."""
    if not env.get(name):
        raise SettingMissing(name)
    return env[name]
