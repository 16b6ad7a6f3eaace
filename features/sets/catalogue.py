"""The catalogue: every feature, label and source that there is, ours and a user's own."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from features.sets.files import Feature, Label, read_feature, read_label
from sql.client import FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

OURS = FOLDER / "features"
PEOPLE = "wallet"  # the source whose people a set is of

One = TypeVar("One", Feature, Label)


@dataclass(frozen=True)
class Catalogue:
    """Features, labels and the text of sources, each by name."""

    features: Mapping[str, Feature]
    labels: Mapping[str, Label]
    sources: Mapping[str, str]

    def feature(self, name: str) -> Feature:
        """Return a feature by name.

        Raises:
            click.ClickException: when there is none; the message names similar ones.
        """
        return _named(self.features, name, "feature")

    def label(self, name: str) -> Label:
        """Return a label by name.

        Raises:
            click.ClickException: when there is none; the message names similar ones.
        """
        return _named(self.labels, name, "label")

    def chosen(self, only: Sequence[str], *, barred: bool) -> tuple[Feature, ...]:
        """Return the features named in `only`, or all; by name.

        Args:
            only: names.
            barred: whether those that targeting may not use are among them.

        Raises:
            click.ClickException: when one is not there, or named and barred.
        """
        found = [self.feature(name) for name in only] or list(self.features.values())
        if not barred:
            for one in found if only else ():
                if not one.targeting:
                    raise click.ClickException(
                        f"targeting may not use {one.name} ({one.sensitivity}); leave it out, or "
                        "add --barred for a set that only analyses"
                    )
            found = [one for one in found if one.targeting]
        return tuple(sorted(set(found), key=lambda one: one.name))


def _named(known: Mapping[str, One], name: str, what: str) -> One:
    if name not in known:
        close = difflib.get_close_matches(name, known)
        hint = f"did you mean {' or '.join(close)}?" if close else "see `flowdrop features list`"
        raise click.ClickException(f"no {what} is named {name!r}; {hint}")
    return known[name]


def load(added: Iterable[str] = ()) -> Catalogue:
    """Return our catalogue with a user's own definitions.

    Args:
        added: folders, or packages as `package.module`. `*.sql` in one are features, those in its
            `labels/` labels, and those in its `sources/` sources.

    Raises:
        click.ClickException: naming the file and what is wrong with it, or what is named twice.
    """
    features = {one.name: one for one in _read(OURS / "definitions", read_feature)}
    labels = {one.name: one for one in _read(OURS / "labels", read_label)}
    sources = _sources(OURS / "sources")
    for name in added:
        folder = _folder(name)
        own = _sources(folder / "sources")
        _require_new(own, sources, folder / "sources")
        sources |= own
        found = _read(folder, read_feature)
        _require_new([one.name for one in found], features, folder)
        features |= {one.name: one for one in found}
        outcomes = _read(folder / "labels", read_label)
        _require_new([one.name for one in outcomes], labels, folder / "labels")
        labels |= {one.name: one for one in outcomes}
        if not found and not outcomes:
            raise click.ClickException(
                f"--feature {name}: {folder} has no definitions; put one into a file such as "
                "visits_7d.sql there, see docs/features.md"
            )
    defined: list[Feature | Label] = [*features.values(), *labels.values()]
    for one in defined:
        if one.source not in sources:
            raise click.ClickException(
                f"{one.file}: source {one.source!r} is not one of {', '.join(sorted(sources))}; "
                "name one of these, or put its query into sources/ beside it"
            )
    return Catalogue(features, labels, sources)


def _read(folder: Path, read: Callable[[Path], One]) -> list[One]:
    return [read(path) for path in sorted(folder.glob("*.sql"))]


def _sources(folder: Path) -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))}


def _require_new(names: Iterable[str], known: Iterable[str], folder: Path) -> None:
    for name in sorted(set(names) & set(known)):
        raise click.ClickException(
            f"{folder / name}.sql: there is a {name} already; give the file another name"
        )


def _folder(name: str) -> Path:
    """Return the folder that `name` is, or that the package or module of that name is in."""
    if (path := Path(name)).is_dir():
        return path
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        spec = None
    if spec is not None and spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    if spec is not None and spec.origin:
        return Path(spec.origin).parent
    raise click.ClickException(
        f"--feature {name}: there is neither a folder nor a Python package of that name; name a "
        "folder with files of definitions, or a package that is installed here"
    )
