"""The classifier's settings, from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from services.kernel.settings import Settings

DATABASE_URL, MIGRATE_URL = "ACHATS_CLASSIFIER_DATABASE_URL", "ACHATS_CLASSIFIER_MIGRATE_URL"
MEANINGS = {
    "ACHATS_KAFKA": "the brokers, host:port[,host:port]",
    DATABASE_URL: "the classifier's database, postgresql://user:password@host:port/name",
    "ACHATS_CLASSIFIER_HEALTH_PORT": "the port of /live, /ready and /metrics",
}


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the classifier is told from outside."""

    kafka: str
    database_url: str = field(repr=False)
    health_port: int
    pretty_log: bool

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read the settings. Raises SettingMissing."""
        settings = Settings(env, MEANINGS)
        return cls(
            kafka=settings.text("ACHATS_KAFKA"),
            database_url=settings.text(DATABASE_URL),
            health_port=settings.port("ACHATS_CLASSIFIER_HEALTH_PORT"),
            pretty_log=env.get("ACHATS_LOG") == "pretty",
        )


class PeoplesConfig:
    """What the commands for people need; each setting is asked for where a command needs it. Raises SettingMissing."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._settings = Settings(env, MEANINGS)

    @property
    def kafka(self) -> str:
        """The brokers."""
        return self._settings.text("ACHATS_KAFKA")

    @property
    def database_url(self) -> str:
        """The classifier's database."""
        return self._settings.text(DATABASE_URL)


def migrate_url(env: Mapping[str, str]) -> str:
    """The database as the role that may change tables: ACHATS_CLASSIFIER_MIGRATE_URL, else the classifier's own."""
    return env.get(MIGRATE_URL) or Settings(env, MEANINGS).text(DATABASE_URL)
