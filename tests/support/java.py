"""A Java source file compiled and run on the local Kafka's Java and jars; that Java has no compiler, so Eclipse's is fetched, pinned."""

import subprocess
from pathlib import Path

from deploy.local.folders import cache_folder
from deploy.local.jars import Jar, class_path
from deploy.local.java import Java

COMPILER = Jar("org.eclipse.jdt:ecj:3.43.0", "c786468c65e906498e7e36ece4e0d04c6d3dd34c9a61b34a3a5b512801911a82")
OLDEST_JAVA = "-17"
"""What a subscriber's Java must be at least: the example uses nothing newer."""


def compiled(source: Path, folder: Path) -> list[str]:
    """The command that runs the source's class, compiled into `folder`; a warning counts as an error."""
    java = Java.installed()
    (compiler,) = class_path([COMPILER], cache_folder() / "compiler")
    compiling = [java.program, "-jar", compiler, OLDEST_JAVA, "-failOnWarning", "-cp", java.class_path, "-d", folder, source]
    done = subprocess.run(compiling, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    return [str(java.program), "-cp", f"{folder}:{java.class_path}", source.stem]
