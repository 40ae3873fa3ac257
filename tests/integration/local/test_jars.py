"""The jars of Kafka: pinned, verified, and their lock file fit for publication."""

import hashlib
import re
from pathlib import Path

import pytest

from deploy.local.jars import LOCK_FILE, Jar, WrongChecksum, class_path, locked_jars
from deploy.local.java import start_cache_key

RIGHT = Jar("org.example:jar:1.0", hashlib.sha256(b"right").hexdigest())


def test_the_lock_holds_coordinates_and_checksums_and_nothing_else() -> None:
    """Goal: no address, no path, no machine in the lock. Case: the committed file, line by line."""
    lines = LOCK_FILE.read_text().splitlines()
    line = re.compile(r"[\w.-]+:[\w.-]+:[\w.-]+ [0-9a-f]{64}")
    assert [] == [one for one in lines if not line.fullmatch(one)]
    assert sorted(lines) == lines
    assert {"4.4.0"} == {jar.coordinate.split(":")[2] for jar in locked_jars() if jar.coordinate.startswith("org.apache.kafka:")}


def test_jars_come_in_the_order_asked(tmp_path: Path) -> None:
    """Goal: a stable class path. Case: two jars at hand, asked for in both orders."""
    other = Jar("org.example:other:2.0", hashlib.sha256(b"other").hexdigest())
    (tmp_path / "jar-1.0.jar").write_bytes(b"right")
    (tmp_path / "other-2.0.jar").write_bytes(b"other")
    assert ["other-2.0.jar", "jar-1.0.jar"] == [file.name for file in class_path([other, RIGHT], tmp_path)]
    assert ["jar-1.0.jar", "other-2.0.jar"] == [file.name for file in class_path([RIGHT, other], tmp_path)]


def test_a_jar_with_another_content_is_refused_by_name(tmp_path: Path) -> None:
    """Goal: never run what is not pinned. Case: a cached jar of that name whose content was changed."""
    (tmp_path / "jar-1.0.jar").write_bytes(b"wrong")
    with pytest.raises(WrongChecksum, match=r"org\.example:jar:1\.0"):
        class_path([RIGHT], tmp_path)


def test_a_fetched_jar_that_is_not_the_pinned_one_never_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Goal: a bad download leaves nothing behind. Case: the repository answers another content."""

    def answer_wrongly(coordinate: str, staging: Path) -> Path:
        (staging / "download").write_bytes(b"wrong")
        return staging / "download"

    monkeypatch.setattr("deploy.local.jars._download", answer_wrongly)
    with pytest.raises(WrongChecksum, match=r"org\.example:jar:1\.0"):
        class_path([RIGHT], tmp_path)
    assert [".lock"] == [file.name for file in tmp_path.iterdir()]


def test_the_start_cache_is_valid_for_one_java_one_set_of_flags_one_class_path() -> None:
    """Goal: never start from a cache trained with something else. Case: each part of the key changed alone."""
    other = Jar("org.example:other:2.0", RIGHT.sha256)
    keys = {
        start_cache_key("25.0.2.1", ["-Xmx256m"], [RIGHT, other]),
        start_cache_key("25.0.3.0", ["-Xmx256m"], [RIGHT, other]),
        start_cache_key("25.0.2.1", ["-Xmx512m"], [RIGHT, other]),
        start_cache_key("25.0.2.1", ["-Xmx256m"], [other, RIGHT]),
        start_cache_key("25.0.2.1", ["-Xmx256m"], [Jar(RIGHT.coordinate, "0" * 64), other]),
    }
    assert 5 == len(keys)
