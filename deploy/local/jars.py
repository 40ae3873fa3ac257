"""The jars of Apache Kafka: pinned with checksums in `kafka-jars.lock`, fetched once into the user's cache folder.

`python -m deploy.local.jars --relock` resolves the roots again and rewrites the lock file.
"""

import argparse
import hashlib
import os
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import stamina
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext, PythonResolver
from jgo.parse import Coordinate
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.local.folders import cache_folder, only_one, write_whole

LOCK_FILE = Path(__file__).with_name("kafka-jars.lock")
KAFKA_VERSION = "4.4.0"
# "!" keeps jgo from reading the logging jar as a list of versions for the others.
ROOTS = (f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}", "org.slf4j:slf4j-simple:1.7.36!")
FETCHES_AT_ONCE = 4
FETCH_TIMEOUT_S = 60
JAR_TIME = 946_684_800  # 2000-01-01: Java's start-up cache wants jars whose time never changes


class WrongChecksum(Exception):
    """A jar is not the one the lock file names."""

    next_action = "Delete that jar from the cache folder and start again; if it comes back, do not trust the repository it comes from."


@dataclass(frozen=True, slots=True)
class Jar:
    """One pinned jar: its Maven coordinate `group:artifact:version` and its SHA-256 in hexadecimal."""

    coordinate: str
    sha256: str

    @property
    def file_name(self) -> str:
        """`artifact-version.jar`."""
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"

    def check(self, file: Path) -> None:
        """Raises WrongChecksum when `file` is not this jar."""
        actual = hashlib.sha256(file.read_bytes()).hexdigest()
        if actual != self.sha256:
            raise WrongChecksum(f"{self.coordinate} ({file}): the lock file says {self.sha256}, the file has {actual}")


def locked_jars(lock_file: Path = LOCK_FILE) -> list[Jar]:
    """The pinned jars in class path order."""
    return [Jar(*line.split()) for line in lock_file.read_text().splitlines()]


def class_path(jars: Iterable[Jar], folder: Path | None = None) -> list[Path]:
    """Every jar on disk with its checksum verified, in the order given; missing ones are fetched, with a progress bar.

    `folder` is the cache folder's `jars` unless given. Raises WrongChecksum.
    """
    folder = folder or cache_folder() / "jars"
    folder.mkdir(exist_ok=True)
    jars = list(jars)
    with only_one(folder / ".lock"):
        missing = [jar for jar in jars if not (folder / jar.file_name).exists()]
        if missing:
            _fetch_all(missing, folder)
        for jar in jars:
            jar.check(folder / jar.file_name)
    return [folder / jar.file_name for jar in jars]


def _fetch_all(jars: list[Jar], folder: Path) -> None:
    """Fetch several jars at a time, showing how many of how many are there."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with ThreadPoolExecutor(FETCHES_AT_ONCE) as fetchers, Progress(*columns, console=Console(stderr=True)) as progress:
        fetches = fetchers.map(_fetch, jars, repeat(folder))
        for _ in progress.track(fetches, total=len(jars), description=f"Fetching the jars of Apache Kafka {KAFKA_VERSION} (once)"):
            pass


def _fetch(jar: Jar, folder: Path) -> None:
    """Fetch one jar, check it, and only then give it its name."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetching-") as staging:
        fetched = _download(jar.coordinate, Path(staging))
        jar.check(fetched)
        os.utime(fetched, (JAR_TIME, JAR_TIME))
        fetched.chmod(0o644)
        fetched.replace(folder / jar.file_name)


@stamina.retry(on=(OSError, RuntimeError), attempts=3)  # jgo says RuntimeError for any status but 200
def _download(coordinate: str, staging: Path) -> Path:
    """Download one jar below a folder of its own: jgo leaves half a file behind when the connection drops."""
    group, artifact, version = coordinate.split(":")
    context = _maven(Path(tempfile.mkdtemp(dir=staging)))
    return context.project(group, artifact).at_version(version).artifact().resolve()


def _maven(cache: Path) -> MavenContext:
    """Maven Central alone, resolved in pure Python."""
    return MavenContext(
        PythonResolver(), repo_cache=cache, local_repos=[], remote_repos={"central": MAVEN_CENTRAL_URL}, timeout=FETCH_TIMEOUT_S
    )


def relock(lock_file: Path = LOCK_FILE) -> list[Jar]:
    """Resolve the roots and all they need, and write the lock file anew, sorted by coordinate. It holds no address and no path."""
    with tempfile.TemporaryDirectory() as staging:
        context = _maven(Path(staging))
        roots, others = context.resolver.resolve([context.create_dependency(Coordinate.parse(root)) for root in ROOTS])
        artifacts = [dependency.artifact for dependency in (*roots, *others)]
        jars = sorted(
            (Jar(f"{a.groupId}:{a.artifactId}:{a.version}", hashlib.sha256(a.resolve().read_bytes()).hexdigest()) for a in artifacts),
            key=lambda jar: jar.coordinate,
        )
    write_whole(lock_file, "".join(f"{jar.coordinate} {jar.sha256}\n" for jar in jars).encode())
    return jars


def main() -> None:
    """Fetch the pinned jars, or with `--relock` pin them anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--relock", action="store_true", help="resolve again and rewrite the lock file")
    jars = relock() if parser.parse_args().relock else locked_jars()
    Console(stderr=True).print(f"{len(class_path(jars))} jars in {cache_folder() / 'jars'}")


if __name__ == "__main__":
    main()
