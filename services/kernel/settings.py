"""A service's settings: every variable has a meaning, and a wrong one ends the process with a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn


class SettingMissing(SystemExit):
    """A variable of the environment is missing or unreadable; the message says what to set."""


@dataclass(frozen=True, slots=True)
class Settings:
    """An environment read through the meanings of its variables (name → what to set)."""

    environment: Mapping[str, str]
    meanings: Mapping[str, str]

    def text(self, name: str) -> str:
        """The variable's value. Raises SettingMissing."""
        return self.environment.get(name) or self.refuse(name)

    def port(self, name: str) -> int:
        """The port in a value that is one, or ends in one (`host:port`). Raises SettingMissing."""
        digits = self.text(name).rpartition(":")[2]
        return int(digits) if digits.isascii() and digits.isdigit() else self.refuse(name)

    def refuse(self, name: str) -> NoReturn:
        """End the process: this variable is missing or unreadable. Raises SettingMissing."""
        raise SettingMissing(f"{name} is missing or unreadable. Set it to {self.meanings[name]}.")
