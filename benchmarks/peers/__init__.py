"""Virtual environments for the peers that do not resolve with the product's own lock.

`<name>.txt` pins what one needs; it is installed at the first run, in the cache folder.
"""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

INSTALL_SECONDS = 600


def python_of(name: str) -> str:
    """Return the Python of a peer's environment."""
    return str(_installed(name))


def why_missing(name: str) -> str:
    """Return why the peer can't run here, or nothing once its environment is there."""
    try:
        _installed(name)
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or error.stdout or "").strip().splitlines()
        return f"pip could not install it: {lines[-1] if lines else error}"
    except subprocess.TimeoutExpired:
        return f"pip could not install it within {INSTALL_SECONDS} s"
    return ""


@cache
def _installed(name: str) -> Path:
    from benchmarks.machine import say
    from local.environment import cache_folder

    wanted = Path(__file__).with_name(f"{name}.txt")
    folder = cache_folder() / "benchmarks" / name
    python, done = folder / "bin" / "python", folder / "installed.txt"
    if done.exists() and done.read_text() == wanted.read_text():
        return python
    say(f"  installing {name} in an environment of its own")
    _run(sys.executable, "-m", "venv", "--clear", str(folder))
    _run(str(python), "-m", "pip", "install", "--quiet", "--requirement", str(wanted))
    done.write_text(wanted.read_text())
    return python


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS)
