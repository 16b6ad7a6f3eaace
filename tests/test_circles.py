"""No circle of modules: whoever reads one can begin at the bottom.

Every import counts, also one that only the type checker follows and one inside a function.
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = (
    *("flowdrop", "streams", "sql", "features", "console", "intake", "local"),
    *("scenarios", "dags"),
)


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imports(module: str, path: Path, modules: dict[str, Path]) -> set[str]:
    """Return the modules of ours that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {_longest(alias.name, modules) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports relatively"
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            found |= {_longest(name, modules) for name in names}
    return found - {"", module}


def _longest(name: str, modules: dict[str, Path]) -> str:
    """Return the module that a dotted name is of, '' for none of ours."""
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name


def circles(imports: dict[str, set[str]]) -> set[frozenset[str]]:
    """Return the sets of modules that all import one another, by whatever way (Tarjan)."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    found: set[frozenset[str]] = set()

    def visit(module: str) -> None:
        number[module] = lowest[module] = len(number)
        path.append(module)
        for other in sorted(imports[module]):
            if other not in number:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in path:
                lowest[module] = min(lowest[module], number[other])
        if lowest[module] == number[module]:
            at = path.index(module)
            if len(path) - at > 1:
                found.add(frozenset(path[at:]))
            del path[at:]

    for module in sorted(imports):
        if module not in number:
            visit(module)
    return found


def test_no_modules_import_one_another_in_a_circle() -> None:
    modules = {_name(path): path for room in ROOMS for path in (ROOT / room).rglob("*.py")}
    found = circles({name: _imports(name, path, modules) for name, path in modules.items()})
    assert {tuple(sorted(one)) for one in found} == set()


def test_a_circle_is_found_whatever_leads_into_it() -> None:
    imports = {"a": {"b"}, "b": {"c", "d"}, "c": {"b"}, "d": {"e"}, "e": set(), "f": {"a"}}
    assert circles(imports) == {frozenset({"b", "c"})}
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == {frozenset({"a", "b", "c"})}
