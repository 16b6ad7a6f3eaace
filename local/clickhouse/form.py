"""Multipart forms: a statement and its parameters as fields, external tables as files."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import python_multipart
from python_multipart.exceptions import FormParserError

from local.clickhouse.errors import refusal

if TYPE_CHECKING:
    from python_multipart.multipart import Field, File

_COMMA = re.compile(r",(?![^(]*\))")  # between types, not inside Decimal(9, 2)


@dataclass(frozen=True)
class Table:
    """An external table: a file whose columns the URL declares."""

    name: str
    structure: str
    format: str
    data: bytes


@dataclass
class Form:
    """What a form held."""

    values: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def tables(self, url: dict[str, str]) -> list[Table]:
        """Take the tables' declarations `<name>_structure|types|format` out of `url`."""
        return [_table(name, data, url) for name, data in self.files.items()]


def parse_form(content_type: str, body: bytes) -> Form:
    """Return the fields and files of a multipart body.

    Raises:
        EngineError: 36 when it is not what its Content-Type says.
    """
    form = Form()

    def on_field(part: Field) -> None:
        form.values[_text(part.field_name)] = _text(part.value)

    def on_file(part: File) -> None:
        part.file_object.seek(0)
        form.files[_text(part.field_name)] = part.file_object.read()

    headers = {"Content-Type": content_type.encode("latin-1")}
    try:
        python_multipart.parse_form(headers, io.BytesIO(body), on_field, on_file)
    except (FormParserError, UnicodeDecodeError) as error:
        raise refusal(36, f"Cannot read the form: {error}", "BAD_ARGUMENTS") from error
    return form


def _table(name: str, data: bytes, url: dict[str, str]) -> Table:
    structure = url.pop(f"{name}_structure", "")
    types = url.pop(f"{name}_types", "")
    format_name = url.pop(f"{name}_format", "TabSeparated")
    if not structure:
        kinds = [kind for kind in _COMMA.split(types) if kind]
        structure = ", ".join(f"_{n} {kind}" for n, kind in enumerate(kinds, 1))
    if not structure:
        sentence = f"External table {name} has no columns: give {name}_structure or {name}_types"
        raise refusal(36, sentence, "BAD_ARGUMENTS")
    return Table(name, structure, format_name, data)


def _text(value: bytes | None) -> str:
    return (value or b"").decode()
