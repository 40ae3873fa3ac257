"""The classifier's settings: the only place that reads its environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

DEFAULT_HEALTH_PORT = 8080


class SettingMissing(Exception):
    """A setting is missing or has another form than expected."""


@dataclass(frozen=True, slots=True)
class Config:
    """Where Kafka is, where probes are answered, how logs look."""

    kafka: str
    health_port: int
    pretty_log: bool

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read the environment. Raises SettingMissing with the variable's name and what to set."""
        kafka = env.get("ACHATS_KAFKA", "")
        port = env.get("ACHATS_CLASSIFIER_HEALTH_PORT", str(DEFAULT_HEALTH_PORT))
        if not kafka:
            raise SettingMissing("ACHATS_KAFKA: set the Kafka bootstrap servers, such as kafka:9092")
        if not port.isdecimal():
            raise SettingMissing("ACHATS_CLASSIFIER_HEALTH_PORT: set the port on which probes are answered, such as 8080")
        return cls(kafka, int(port), env.get("ACHATS_LOG", "json") == "pretty")
