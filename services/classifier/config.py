"""The classifier's settings, from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from services.kernel.settings import Settings

MEANINGS = {
    "ACHATS_KAFKA": "the brokers, host:port[,host:port]",
    "ACHATS_CLASSIFIER_HEALTH_PORT": "the port of /live, /ready and /metrics",
}


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the classifier is told from outside."""

    kafka: str
    health_port: int
    pretty_log: bool

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read the settings. Raises SettingMissing."""
        settings = Settings(env, MEANINGS)
        return cls(settings.text("ACHATS_KAFKA"), settings.port("ACHATS_CLASSIFIER_HEALTH_PORT"), env.get("ACHATS_LOG") == "pretty")
