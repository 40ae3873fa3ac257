"""The rulebook's file."""

from pathlib import Path

import yaml

from services.classifier.domain.nature.rulebook import Rulebook

SHIPPED = Path(__file__).parents[1] / "rulebook.yaml"


def read_rulebook(file: Path = SHIPPED) -> Rulebook:
    """The rulebook in a YAML file. Raises OSError, YAMLError, and ValidationError when its content is not a rulebook."""
    return Rulebook.parse(yaml.safe_load(file.read_text(encoding="utf-8")))
