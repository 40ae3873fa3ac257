"""Procrastinate's own schema, as packaged at the version the lock file pins, in the schema fetcher_jobs."""

from importlib.resources import files
from typing import Any

from yoyo import step  # pyright: ignore[reportUnknownVariableType]

__depends__ = {"0002_collection"}


def apply(connection: Any) -> None:
    """Create the schema and everything in it; the search path is that of this transaction only."""
    cursor = connection.cursor()
    ours = cursor.execute("select current_setting('search_path')").fetchone()[0]
    cursor.execute("create schema fetcher_jobs")
    cursor.execute("select set_config('search_path', 'fetcher_jobs', true)")
    cursor.execute(files("procrastinate").joinpath("sql", "schema.sql").read_text(encoding="utf-8"))
    cursor.execute("select set_config('search_path', %s, true)", [ours])


steps = [step(apply)]
