"""Fields of events as JSON, for whole columns: the bytes that encoding each event would give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import inspect

from intake.files.columns import true_in
from intake.files.profiles import check_name, hold
from intake.files.vectors import NO_TEXT, UnsupportedError, Vector, Vectors, joined
from intake.mapping import targets
from streams.events.person import AttributeText

if TYPE_CHECKING:
    from intake.mapping.rules import Field, Rule
    from streams.people import Attributes

INT64_DIGITS = 18
INTEGER = pa.decimal128(38, 0)
WHOLE_MAX = 2**53  # of an attribute
_json = msgspec.json.encode
_FREE_TEXT: Any = inspect.type_info(AttributeText)


def data_of(rule: Rule, vectors: Vectors, attributes: Attributes) -> Any:
    """Return the fields of `data`, each with a comma before it, as texts, `(n,)` or a scalar.

    What has to be judged by itself is marked in `vectors.odd`; `attributes` are what those of
    people are held to.

    Raises:
        UnsupportedError: when a field is not made by columns.
    """
    pieces = []
    for name, field in targets.fields_of(rule.kind).items():
        own = [one for one in rule.fields if one.path[0] == name]
        if own:
            pieces.append(_piece(name, field, own, vectors, attributes))
    return joined(*pieces) if pieces else pa.scalar("")


def _piece(
    name: str, field: inspect.Field, own: list[Field], vectors: Vectors, attributes: Attributes
) -> Any:
    if len(own[0].path) == 1:
        written = _written(own[0], field.type, vectors)
    else:
        written = _nested(own, field.type, vectors, attributes)
    values = vectors.array(written) if _is_empty(written) else written
    if not isinstance(values, pa.Scalar):
        empty = values.is_null().to_numpy(zero_copy_only=False)
        if field.required:
            vectors.odd |= empty
    piece = joined(f',"{name}":', values)
    if field.default is msgspec.NODEFAULT or field.default is None:
        return _or_nothing(piece)
    default = _json(field.default).decode()
    is_default = pc.fill_null(pc.equal(vectors.array(values), default), fill_value=False)
    return _or_nothing(pc.if_else(is_default, NO_TEXT, vectors.array(piece)))


def _nested(
    own: list[Field], target: inspect.Type, vectors: Vectors, attributes: Attributes
) -> Any:
    """Return a person's attributes as an object; nothing where none of them has anything."""
    kind = _bare(target)
    if not isinstance(kind, inspect.DictType) or len(own) > (kind.max_length or len(own)):
        raise UnsupportedError
    pieces = []
    for field in own:
        if len(field.path) > 2:  # noqa: PLR2004 - deeper than any type has it
            raise UnsupportedError
        check_name(field.path[1], kind)
        hold(field.path[1], vectors.of(field.node), attributes, vectors)
        written = vectors.array(_written(field, None, vectors))
        key = _json(field.path[1]).decode()
        pieces.append(_or_nothing(joined(f",{key}:", written)))
    inside = vectors.array(joined(*pieces))
    body = joined("{", pc.utf8_slice_codeunits(inside, 1), "}")
    return pc.if_else(pc.equal(inside, ""), NO_TEXT, body)


def _or_nothing(piece: Any) -> Any:
    """Return a piece of text as an empty one where there is nothing."""
    if isinstance(piece, pa.Scalar):
        return piece if piece.is_valid else pa.scalar("")
    return pc.fill_null(piece, "")


def _is_empty(written: Any) -> bool:
    return isinstance(written, pa.Scalar) and not written.is_valid


def _written(field: Field, target: inspect.Type | None, vectors: Vectors) -> Any:
    """Return a field's values as JSON: texts, `(n,)`, or one for all rows."""
    found = vectors.of(field.node)
    form = field.form
    if form == "any":
        if found.kind == "text" and vectors.is_typed:
            raise UnsupportedError  # a number would have to stay one
        form = {"text": "text", "truth": "bool", "number": "any"}[found.kind]
        target = _FREE_TEXT
    if form == "text":
        return _text(found, target, vectors)
    if form == "bool":
        return _truth(found, vectors)
    numbers = vectors.array(vectors.as_number(found).values)
    match form:
        case "int":
            return _whole(numbers, target, vectors)
        case "float":
            return _real(numbers, target, vectors)
        case "any":
            return _number(numbers, vectors)
    raise UnsupportedError


def _text(found: Vector, target: Any, vectors: Vectors) -> Any:
    if found.kind != "text":
        raise UnsupportedError
    kind = _bare(target)
    values = found.values
    if isinstance(kind, inspect.LiteralType):
        known = pa.array([one for one in kind.values if isinstance(one, str)])
        given = vectors.array(values)
        vectors.odd |= true_in(
            pc.and_(given.is_valid(), pc.invert(pc.is_in(given, value_set=known)))
        )
    elif isinstance(kind, inspect.StrType) and kind.pattern is None:
        check_length(values, kind.min_length or 0, kind.max_length or 500, vectors)
    else:
        raise UnsupportedError
    if isinstance(values, pa.Scalar):
        return pa.scalar(_json(values.as_py()).decode()) if values.is_valid else values
    return joined('"', values, '"')


def check_length(values: Any, least: int, most: int, vectors: Vectors) -> None:
    """Mark the rows whose text is shorter or longer, in characters."""
    lengths = pc.utf8_length(vectors.array(values))
    if not len(lengths):
        return
    bounds = pc.min_max(lengths)
    if (bounds["min"].as_py() or least) < least or (bounds["max"].as_py() or 0) > most:
        wrong = pc.or_(pc.less(lengths, least), pc.greater(lengths, most))
        vectors.odd |= true_in(wrong)


def _truth(found: Vector, vectors: Vectors) -> Any:
    values = vectors.array(found.values)
    truths = pa.array(vectors.as_truth(found))
    return pc.if_else(values.is_valid(), pc.if_else(truths, "true", "false"), NO_TEXT)


def _whole(numbers: Any, target: Any, vectors: Vectors) -> Any:
    kind = _bare(target)
    if not isinstance(kind, inspect.IntType):
        raise UnsupportedError
    whole = pc.trunc(numbers)
    broken = true_in(pc.not_equal(whole, numbers))
    large = whole.cast(INTEGER)
    broken |= true_in(pc.greater_equal(pc.abs(large), pa.scalar(10**INT64_DIGITS).cast(INTEGER)))
    if broken.any():
        vectors.odd |= broken
        large = pc.if_else(pa.array(broken), pa.scalar(None, INTEGER), large)
    whole = large.cast(pa.int64())
    for bound, is_wrong in ((kind.ge, pc.less), (kind.le, pc.greater)):
        if bound is not None:
            vectors.odd |= true_in(is_wrong(whole, bound))
    if kind.gt is not None or kind.lt is not None or kind.multiple_of is not None:
        raise UnsupportedError
    return whole.cast(pa.string())


def _real(numbers: Any, target: Any, vectors: Vectors) -> Any:
    kind = _bare(target)
    if not isinstance(kind, inspect.FloatType):
        raise UnsupportedError
    values = _floats(numbers)
    checks = (
        *((kind.ge, np.less), (kind.le, np.greater)),
        *((kind.gt, np.less_equal), (kind.lt, np.greater_equal)),
    )
    for bound, is_wrong in checks:
        if bound is not None:
            vectors.odd |= is_wrong(values, bound)  # what is no number is neither
    return pc.if_else(numbers.is_valid(), _float_texts(values), NO_TEXT)


def _number(numbers: Any, vectors: Vectors) -> Any:
    """Return whole numbers as such, and others with a point."""
    whole = pc.trunc(numbers)
    is_whole = pc.equal(whole, numbers)
    most = pa.scalar(WHOLE_MAX).cast(INTEGER)
    vectors.odd |= true_in(pc.greater(pc.abs(whole.cast(INTEGER)), most))
    if pc.all(is_whole, skip_nulls=True).as_py() is not False:
        return whole.cast(pa.int64()).cast(pa.string())
    return pc.if_else(
        is_whole, whole.cast(pa.int64()).cast(pa.string()), _float_texts(_floats(numbers))
    )


def _floats(numbers: Any) -> Any:
    """Return exact numbers as the floats nearest to them, NaN for nothing."""
    return numbers.cast(pa.string()).cast(pa.float64()).to_numpy(zero_copy_only=False)


def _float_texts(values: Any) -> pa.StringArray:
    written = _json(np.nan_to_num(values).tolist())[1:-1].split(b",")
    return pa.array([text.decode() for text in written] if len(values) else [], pa.string())


def _bare(target: Any) -> Any:
    """Return a type without what says that it may be left out."""
    if isinstance(target, inspect.Metadata):
        return _bare(target.type)
    if isinstance(target, inspect.UnionType):
        others = [one for one in target.types if not isinstance(one, inspect.NoneType)]
        return _bare(others[0]) if len(others) == 1 else target
    return target
