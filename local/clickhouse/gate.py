"""What a user may run: kinds of statements, and functions that reach nothing outside the engine.

The engine's own parser says what a statement is (`EXPLAIN AST`), so that comments, quotes, case and
nesting hide nothing. Text inside a name can add lines to that tree, but never remove one, and
everything here refuses by what is there. Behind it is a second barrier: a reading user's statements
run with `readonly = 1`, with which the engine itself blocks files, addresses and settings.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from local.clickhouse import sql_text
from local.clickhouse.errors import EngineError, refusal
from local.clickhouse.users import ACCESS_DENIED, READONLY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local.clickhouse.users import User

READS = frozenset(
    {
        "SelectWithUnionQuery", "SelectIntersectExceptQuery", "Explain", "DescribeQuery",
        "ShowTables", "ShowColumns", "ShowIndexes", "ShowFunctions", "ShowCreateTableQuery",
        "ShowCreateViewQuery", "ShowCreateDatabaseQuery", "ShowProcesslistQuery",
        "ExistsTableQuery", "ExistsViewQuery", "ExistsDatabaseQuery",
    }
)  # fmt: skip
WRITES = READS | {"InsertQuery", "DeleteQuery", "AlterQuery", "CheckQuery"}
CHANGES = WRITES | {
    "CreateQuery", "DropQuery", "TruncateQuery", "OptimizeQuery", "Rename", "KillQueryQuery",
    "UpdateQuery", "Set", "UseQuery",
}  # fmt: skip
_MAY = {"read": READS, "feed": WRITES, "admin": CHANGES}
# Of ALTER TABLE: what the models' staging tables need and what sets broken parts aside (DETACH is a
# DROP that keeps); and what would leave the engine's folder.
_FEED_ALTERS = frozenset({"DROP_PARTITION", "REPLACE_PARTITION", "DROP_DETACHED_PARTITION"})
_NO_ALTERS = re.compile(r"FREEZE|FETCH|MOVE_PARTITION|EXPORT")

# Table functions that make rows of nothing, or of the statement itself.
_TABLE_FUNCTIONS = frozenset(
    {"numbers", "numbers_mt", "zeros", "zeros_mt", "generateseries", "generate_series", "primes"}
    | {"values", "sqlstandardvalues", "null", "generaterandom", "format"}
)
# Functions of values that read files, query other machines, or load models and programs from a
# disk.
_FUNCTIONS = frozenset(
    {"file", "hascolumnintable", "catboostevaluate", "evalmlmethod", "executable"}
    | {"aigenerate", "aiclassify", "aiembed", "aiextract", "aifilter", "airedact"}
    | {"aisimilarity", "aitranslate", "naivebayesclassifier", "naivebayesclassifierwithprob"}
    | {"naivebayesclassifierwithallprobs"}
)
_ENGINES = re.compile(
    r"(\w*mergetree|memory|null|log|tinylog|stripelog|set|join|view|materializedview|atomic)"
)

_FUNCTION = re.compile(r"^ *Function(?:WithKeyValueArguments)? +(\S+)", re.MULTILINE)
_COMMAND = re.compile(r"^ *AlterCommand (\S+)", re.MULTILINE)
_FILE = re.compile(r"^ Literal ", re.MULTILINE)  # INTO OUTFILE, FROM INFILE: a child of the root
_SETTINGS = re.compile(r"^ *Set\b", re.MULTILINE)
_EXPLAINED = re.compile(r"Explain .*\n SelectWithUnionQuery ")
_DISKS = {"DISK", "STORAGE_POLICY"}


class Gate:
    """Built once from what the engine has, by name."""

    def __init__(self, table_functions: Iterable[str], engines: Iterable[str]) -> None:
        """Forbid the engine's `table_functions` and `engines` except those known as harmless."""
        functions = {name.lower() for name in table_functions} - _TABLE_FUNCTIONS
        self._functions = functions | _FUNCTIONS
        alternatives = "|".join(map(re.escape, sorted(self._functions)))
        self._names = re.compile(rf"(?i){alternatives}|[`\"]".encode())
        self._engines = {
            name.lower() for name in engines if not _ENGINES.fullmatch(name.lower())
        }  # fmt: skip

    def check(self, user: User, tree: str, text: bytes, *, reads: bool) -> None:
        """Refuse a statement that `user` may not run.

        Args:
            user: who asks.
            tree: the statement as the engine's parser sees it.
            text: the statement.
            reads: it may only read, whoever asks (GET).

        Raises:
            EngineError: 497 or 164.
        """
        kind = tree.partition("\n")[0].split(" ", 1)[0]
        if kind not in _MAY[user.name]:
            raise _refused(user, f"a statement of this kind ({kind}) is not for this user")
        if reads and kind not in READS:
            raise readonly()
        if kind == "Explain" and not _EXPLAINED.match(tree):
            raise _refused(user, "only a SELECT may be explained")
        if (kind in READS or kind == "InsertQuery") and _FILE.search(tree):
            raise _refused(user, "INTO OUTFILE and FROM INFILE name files of a client")
        if user.limited and len(_SETTINGS.findall(tree)) > bool(sql_text.settings(text)):
            raise _refused(user, "SETTINGS may appear once, at the end of a statement")
        if kind == "AlterQuery":
            self._check_alter(user, tree)
        if kind == "CreateQuery":
            self._check_create(user, tree)
        if kind in ("CreateQuery", "AlterQuery"):
            _check_disks(user, text)
        self._check_functions(user, _FUNCTION.findall(tree))

    def check_table(self, user: User, tree: str) -> None:
        """Refuse a table that came along with a request and is more than columns."""
        if not tree.startswith("CreateQuery ") or re.search(
            "^ (Storage|Select|Function|ViewTargets|Dictionary)", tree, re.MULTILINE
        ):
            raise _refused(user, "a table that comes with a request has columns, and nothing else")
        self._check_functions(user, _FUNCTION.findall(tree))

    def may_call(self, data: bytes) -> bool:
        """Return whether the data of an INSERT ... VALUES might call what nobody may."""
        return self._names.search(data) is not None

    def check_calls(self, user: User, names: Iterable[str]) -> None:
        """Refuse the data of INSERT ... VALUES, which are expressions, if they call these names."""
        names = list(names)
        if any("\\" in name for name in names):
            raise _refused(user, "a function's name must be written without escapes")
        self._check_functions(user, names)

    def _check_functions(self, user: User, names: Iterable[str]) -> None:
        for name in names:
            if name.strip('`"').lower() in self._functions:
                raise _refused(
                    user, f"function {name} is not allowed to anyone: it reaches outside the engine"
                )

    def _check_create(self, user: User, tree: str) -> None:
        if "\n Dictionary definition" in tree:
            raise _refused(user, "dictionaries read from outside the engine")
        for name in _FUNCTION.findall(tree):
            if name.lower() in self._engines:
                raise _refused(
                    user, f"engine {name} is not allowed to anyone: it reaches outside the engine"
                )

    @staticmethod
    def _check_alter(user: User, tree: str) -> None:
        for command in _COMMAND.findall(tree):
            allowed = command in _FEED_ALTERS if user.name == "feed" else True
            if not allowed or _NO_ALTERS.match(command):
                raise _refused(user, f"ALTER ... {command.replace('_', ' ')} is not for this user")


def readonly() -> EngineError:
    """Return the refusal of a GET that would change something."""
    sentence = (
        "Cannot execute query in readonly mode. For queries over HTTP, method GET implies "
        "readonly. You should use method POST for modifying queries"
    )
    return refusal(READONLY, sentence, "READONLY")


def _check_disks(user: User, text: bytes) -> None:
    """Refuse a table's own disk, which could be anywhere; the tree does not show settings."""
    if any(name.upper() in _DISKS for name in sql_text.names(text)):
        raise _refused(user, "a table is stored with the engine's tables, not on a disk of its own")


def _refused(user: User, sentence: str) -> EngineError:
    return refusal(
        ACCESS_DENIED, f"{user.name}: Not enough privileges: {sentence}", "ACCESS_DENIED"
    )
