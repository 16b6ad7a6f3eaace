"""Where things are kept beside the packages, and the environment that every part is given."""

from __future__ import annotations

import fcntl
import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flowdrop.ours import open_ours
from flowdrop.places import config_file, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROJECT = Path(__file__).parent.parent


def cache_folder() -> Path:
    """Return the folder of what is fetched or built once per environment: jars, templates.

    It is in the virtual environment, beside the packages, since it is of their kind: `reset` keeps
    it, `make clean` removes it. If that can't be written (a shared installation), it is the user's
    cache folder.
    """
    folder = Path(sys.prefix) / "share" / "flowdrop"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(told("XDG_CACHE_HOME") or Path.home() / ".cache") / "flowdrop"
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def part_environment(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a part that works below `home`, with `extra` on top.

    Everything the user set is passed on. A task that calls `flowdrop` finds the one of this
    environment first, and the same `FLOWDROP_HOME`, hence the same addresses. Settings for another
    Airflow on this machine do not reach ours.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    env["FLOWDROP_HOME"] = str(home)
    env["FLOWDROP_CONFIG"] = str(config_file())
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", os.defpath)])
    env["PYTHONUNBUFFERED"] = "1"  # a log shows what happened, when it happened
    if env.pop("PYTHONDONTWRITEBYTECODE", ""):
        # Without compiled files Airflow starts in 48 s instead of 10 (measured on 2 cores), so
        # they go to a folder of ours, and none beside the sources, as the user wished.
        env.setdefault("PYTHONPYCACHEPREFIX", str(cache_folder() / "bytecode"))
    return env | dict(extra or {})


def write_whole(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write `text` to `path` so that a reader sees the old file or the new one, never half.

    A link at `path` is replaced, not followed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    Path(name).chmod(mode)
    Path(name).replace(path)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file `path`; another process that wants it waits until it is released.

    The kernel releases it when its holder ends, however that ends.
    """
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(open_ours(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_file(path, file.fileno()):
                yield
                return
        # its last holder was `reset`, which deleted it: take the new one


def _is_file(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
