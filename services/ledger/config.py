"""The ledger's settings, from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from services.kernel.settings import Settings

DATABASE_URL, MIGRATE_URL, HEALTH_PORT = "ACHATS_LEDGER_DATABASE_URL", "ACHATS_LEDGER_MIGRATE_URL", "ACHATS_LEDGER_HEALTH_PORT"
KAFKA, HEADS_URL = "ACHATS_KAFKA", "ACHATS_LEDGER_HEADS_URL"
MEANINGS = {
    KAFKA: "the brokers, host:port[,host:port]",
    DATABASE_URL: "the ledger's database: the service as ledger_consumer, commands as ledger_app, postgresql://ROLE@host:port/name",
    HEADS_URL: "write-once object storage for the heads of the books, such as s3://bucket or file:///var/lib/achats/heads",
    HEALTH_PORT: "the port of /live, /ready and /metrics",
}


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a running ledger is told from outside."""

    kafka: str
    database_url: str = field(repr=False)
    health_port: int
    pretty_log: bool

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read the settings. Raises SettingMissing."""
        settings = Settings(env, MEANINGS)
        return cls(
            kafka=settings.text(KAFKA),
            database_url=database_url(env),
            health_port=settings.port(HEALTH_PORT),
            pretty_log=env.get("ACHATS_LOG") == "pretty",
        )


def database_url(env: Mapping[str, str]) -> str:
    """The database as the service uses it: all that reading the book needs. Raises SettingMissing."""
    return Settings(env, MEANINGS).text(DATABASE_URL)


def migrate_url(env: Mapping[str, str]) -> str:
    """The database as a role that may create roles and tables: ACHATS_LEDGER_MIGRATE_URL, else the ledger's own."""
    return env.get(MIGRATE_URL) or database_url(env)


def heads_url(env: Mapping[str, str]) -> str:
    """Where the heads of the books are kept. Raises SettingMissing."""
    return Settings(env, MEANINGS).text(HEADS_URL)


def kafka(env: Mapping[str, str]) -> str:
    """The brokers. Raises SettingMissing."""
    return Settings(env, MEANINGS).text(KAFKA)
