"""What the layer uses of Faust and aiokafka without being invited: still there, still the same."""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
from typing import Any

import pytest

from streams.layer import private


def _find(name: str) -> Any:
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        assert hasattr(found, part), f"{name} is gone: {part} is not in {found!r}"
        found = getattr(found, part)
    return found


@pytest.mark.parametrize(("package", "version"), private.PINNED.items())
def test_the_pinned_version_is_installed(package: str, version: str) -> None:
    installed = importlib.metadata.version(package)
    assert installed == version, (
        f"{package} {installed} is installed, streams/layer was written against {version}: "
        "read what changed, run `make faults`, then change streams/layer/private.py"
    )


@pytest.mark.parametrize(("name", "parameters"), private.CALLABLES.items())
def test_a_private_callable_takes_what_it_took(name: str, parameters: tuple[str, ...]) -> None:
    now = tuple(inspect.signature(_find(name)).parameters)
    assert now == parameters, f"{name} now takes {now}, the layer knows {parameters}"


@pytest.mark.parametrize(("name", "attributes"), private.ATTRIBUTES.items())
def test_a_private_attribute_is_still_set(name: str, attributes: tuple[str, ...]) -> None:
    source = inspect.getsource(_find(name))
    for attribute in attributes:
        assert f"self.{attribute}" in source, f"{name} no longer has {attribute}"


def test_the_fetch_goes_on_reading_the_changelog_only_with_a_buffer_of_one() -> None:
    # With recovery_buffer_size 1 Faust resumes changelog partitions after recovery and would
    # apply old records over live state; the table asks for 2.
    source = inspect.getsource(importlib.import_module("faust.tables.recovery"))
    assert "recovery_buffer_size == 1" in source, (
        "Faust's special case of recovery_buffer_size 1 changed: look at BatchTable's choice of 2"
    )
