"""Which reports exist: a module of `console/reports/` that holds a `REPORT` is one."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Any

from console import reports as folder
from console.reporting.report import Report


@cache
def reports() -> dict[str, Report[Any]]:
    """Return every report by its name, in the order of names."""
    names = sorted(module.name for module in pkgutil.iter_modules(folder.__path__))
    modules = [importlib.import_module(f"{folder.__name__}.{name}") for name in names]
    found = [
        module.REPORT for module in modules if isinstance(getattr(module, "REPORT", 0), Report)
    ]
    made = {report.name: report for report in found}
    if len(made) < len(found):
        raise ValueError(f"two reports of {folder.__name__} have one name")
    return made
