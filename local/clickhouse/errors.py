"""The engine's errors, with the code and the HTTP status that a ClickHouse server would give."""

from __future__ import annotations

import re

_CODE = re.compile(r"Code: (\d+)\. DB::Exception: ")
_VERSION = re.compile(r"\s*\(version [^)]*\)?\s*$")

_NOT_FOUND = frozenset(
    # UNKNOWN_FUNCTION, _IDENTIFIER, _TYPE, _STORAGE, _TABLE, _AGGREGATE_FUNCTION, _FORMAT,
    # _TYPE_OF_QUERY, _DATABASE, _SETTING, _DATABASE_ENGINE, SESSION_NOT_FOUND
    {46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 336, 372}
)
_BAD_REQUEST = frozenset(
    # CANNOT_PARSE_... (6, 26, 27, 38, 41, 72, 467), CANNOT_READ_... (33, 130), SYNTAX_ERROR (62),
    # BAD_ARGUMENTS (36), TYPE_MISMATCH (53), INCORRECT_DATA (117), query parameters (456, 457),
    # and what else is wrong with arguments and columns
    {6, 16, 20, 26, 27, 33, 34, 36, 38, 41, 42, 43, 53, 62, 69, 70, 72, 117, 130, 184, 190}
    | {321, 456, 457, 467}
)
_STATUS = {
    **dict.fromkeys(_NOT_FOUND, 404),
    **dict.fromkeys(_BAD_REQUEST, 400),
    48: 501,  # NOT_IMPLEMENTED
    159: 408,  # TIMEOUT_EXCEEDED
    202: 503,  # TOO_MANY_SIMULTANEOUS_QUERIES: clients may try again
    497: 403,  # ACCESS_DENIED
    516: 403,  # AUTHENTICATION_FAILED
    229: 413,  # QUERY_IS_TOO_LARGE
}


class EngineError(Exception):
    """An error with ClickHouse's code.

    Attributes:
        code: ClickHouse's number for it.
        message: `Code: 60. DB::Exception: ... (UNKNOWN_TABLE)`.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @classmethod
    def of(cls, error: Exception) -> EngineError:
        """Extract code and message from what chDB raised."""
        text = str(error)
        found = _CODE.search(text)
        if found is None:
            return cls(1002, f"Code: 1002. DB::Exception: {text} (UNKNOWN_EXCEPTION)")
        return cls(int(found[1]), _VERSION.sub("", text[found.start() :]))

    @property
    def status(self) -> int:
        """Its HTTP status."""
        return _STATUS.get(self.code, 500)


def refusal(code: int, sentence: str, name: str) -> EngineError:
    """Return an error of this server's own, in the engine's words."""
    return EngineError(code, f"Code: {code}. DB::Exception: {sentence}. ({name})")
