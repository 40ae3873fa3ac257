"""The simulator as a process that can import nothing more once it has given up its rights, as where its checkout lies in a closed home."""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from deploy.local.amazon import __main__ as simulator
from deploy.local.amazon import server


class NothingMore:
    """Finds no module: each import of one that is not loaded fails."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Refuse."""
        raise ModuleNotFoundError(f"No module named {name!r}: the home is closed", name=name)


def close_home() -> None:
    """In place of the change of user."""
    finder: Any = NothingMore()
    sys.meta_path.insert(0, finder)


if __name__ == "__main__":
    simulator.started_by_root, server.become_ordinary_user = lambda: True, close_home
    simulator.run(sys.argv[1:])
