"""A small reader of workbooks, so that what wrote them does not judge them."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any
from xml.etree import ElementTree as ET

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def read(content: bytes) -> dict[str, list[list[Any]]]:
    """Return each sheet's rows by its name; an empty cell is none."""
    book = zipfile.ZipFile(io.BytesIO(content))
    texts = []
    if "xl/sharedStrings.xml" in book.namelist():
        shared = ET.fromstring(book.read("xl/sharedStrings.xml"))
        texts = ["".join(item.itertext()) for item in shared]
    sheets = ET.fromstring(book.read("xl/workbook.xml")).iter(f"{MAIN}sheet")
    return {
        sheet.attrib["name"]: _rows(book.read(f"xl/worksheets/sheet{n}.xml"), texts)
        for n, sheet in enumerate(sheets, 1)
    }


def _rows(xml: bytes, texts: list[str]) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for row in ET.fromstring(xml).iter(f"{MAIN}row"):
        cells: dict[int, Any] = {}
        for cell in row.iter(f"{MAIN}c"):
            value = cell.find(f"{MAIN}v")
            written = cell.find(f"{MAIN}is")
            if written is not None:
                cells[_column(cell.attrib["r"])] = "".join(written.itertext())
            elif value is not None and value.text is not None:
                cells[_column(cell.attrib["r"])] = _value(cell.get("t", "n"), value.text, texts)
        rows.append([cells.get(n) for n in range(max(cells) + 1)] if cells else [])
    width = max((len(row) for row in rows), default=0)
    return [row + [None] * (width - len(row)) for row in rows]


def _column(place: str) -> int:
    number = 0
    for letter in re.sub(r"\d", "", place):
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _value(kind: str, text: str, texts: list[str]) -> Any:
    if kind == "s":
        return texts[int(text)]
    return text == "1" if kind == "b" else float(text)
