"""Attributes of people in whole columns: which rows hold to the catalogue, the others are odd."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from intake.files.columns import true_in
from intake.files.moments import microseconds_of
from intake.files.vectors import UnsupportedError
from intake.mapping.times import zone_named

if TYPE_CHECKING:
    from msgspec import inspect

    from intake.files.vectors import Vector, Vectors
    from streams.people import Attribute, Attributes

_KINDS = {
    "text": "text",
    "choice": "text",
    "date": "text",
    "integer": "number",
    "number": "number",
    "boolean": "truth",
}
_UTC = zone_named("UTC")


def check_name(name: str, target: Any) -> None:
    """Return if an attribute may have a name; `target` is the type of all of them.

    Raises:
        UnsupportedError: when it may not, which is said row by row.
    """
    kind: inspect.StrType = target.key_type
    is_short = len(name) <= (kind.max_length or len(name))
    if not (is_short and re.search(kind.pattern or "", name)):
        raise UnsupportedError


def hold(name: str, found: Vector, attributes: Attributes, vectors: Vectors) -> None:
    """Mark the rows whose attribute is not what the catalogue says.

    Raises:
        UnsupportedError: when none can be, or the catalogue has no such attribute and has to.
    """
    attribute = attributes.catalogue.attributes.get(name)
    if attribute is None:
        if attributes.unknown == "refuse":
            raise UnsupportedError
        return
    if _KINDS.get(attribute.type) != found.kind:
        raise UnsupportedError
    values = vectors.array(found.values)
    if attribute.type == "choice":
        known = pc.is_in(values, value_set=pa.array(attribute.values, pa.string()))
        vectors.odd |= true_in(pc.and_(values.is_valid(), pc.invert(known)))
    elif attribute.type == "date":
        _, wrong = microseconds_of(pc.fill_null(values, ""), "%Y-%m-%d", _UTC)
        vectors.odd |= wrong & true_in(values.is_valid())
    elif found.kind == "number":
        _hold_number(attribute, values, vectors)


def _hold_number(attribute: Attribute, values: Any, vectors: Vectors) -> None:
    if attribute.type == "integer":
        vectors.odd |= true_in(pc.not_equal(pc.trunc(values), values))
    numbers = values.cast(pa.float64())
    for bound, is_wrong in ((attribute.min, pc.less), (attribute.max, pc.greater)):
        if bound is not None:
            vectors.odd |= true_in(is_wrong(numbers, bound))
