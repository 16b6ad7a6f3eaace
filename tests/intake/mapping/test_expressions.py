"""The expressions of a mapping: what they are worth, and what is said of those that can't be."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from intake.mapping.expressions import ExpressionError, columns_of, parse
from intake.mapping.refusals import ValueRefusedError
from intake.mapping.values import compiled

ROW = {
    "amount": "12.50",
    "n": 3,
    "name": " 王小明 ",
    "none": "",
    "null": "NULL",
    "order id": "7",
    "deep": {"er": {"x": "1"}},
    "code": "wx",
    "yes": "是",
    "price": "1,234.50",
    "tags": "a; b;",
}
TABLES = {"channels": {"wx": "wechat", "*": "other"}, "strict": {"a": "b"}}


def worth(text: str) -> Any:
    return compiled(parse(text), TABLES, frozenset({"NULL"}))(ROW)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("amount * 100", Decimal(1250)),
        ("1 + 2 * 3 - 4 / 2", Decimal(5)),
        ("-(n - 5) * 2", Decimal(4)),
        ("0.1 + 0.2", Decimal("0.3")),
        ("name", "王小明"),
        ("'cj:' & name & \"-\" & n + 1", "cj:王小明-4"),
        ("none", None),
        ("null", None),
        ("none * 2", None),
        ("'a' & none", None),
        ("default(none, 'x')", "x"),
        ("`order id`", "7"),
        ("deep.er.x", "1"),
        ("deep.missing.x", None),
        ("channels[code]", "wechat"),
        ("channels['tv']", "other"),
        ("channels[none]", "other"),
        ("number(replace(price, ',', ''))", Decimal("1234.50")),
        ("round(2.5)", Decimal(3)),
        ("upper(code) & lower('A')", "WXa"),
        ("list(tags, ';')", ["a", "b"]),
        ("truth(yes)", True),
        ("network('203.0.113.7')", "203.0.113.0/24"),
        ("network('2001:db8:1:2::7')", "2001:db8:1::/48"),
        ("network('::ffff:203.0.113.7')", "203.0.113.0/24"),
        ("network('203.0.113.7/32')", "203.0.113.0/24"),
        ("network(none)", None),
        ("year('1990-05-17')", Decimal(1990)),
        ("year('17.5.1990 08:00')", Decimal(1990)),
        ("year('1990年5月17日')", Decimal(1990)),
        ("year('19900517')", Decimal(1990)),
        ("year(1990)", Decimal(1990)),
        ("year(none)", None),
        ("amount == 12.5 and code == 'wx'", True),
        ("amount > 12.5 or not present(none)", True),
        ("code != 'wx'", False),
        ("yes == true", True),
        ("name == false", False),
        ("none == ''", False),
        ("n >= 3 and n < 4 and n <= 3", True),
    ],
)
def test_what_an_expression_is_worth(text: str, value: object) -> None:
    assert worth(text) == value


@pytest.mark.parametrize(
    "text", ["name * 2", "n / 0", "strict['c']", "truth(name)", "name < 3", "year('17.5.90')"]
)
def test_a_value_that_can_not_be_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(ValueRefusedError) as error:
        worth(text)
    assert error.value.problem
    assert error.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        *("", "1 +", "(1", "1)", "a b", "'open", "a ** 2", "lambda: 1", "__import__('os')"),
        *("eval(name)", "round()", "round(1, 2)", "channels[", "a = b", "and", "1 < 2 < 3", "; "),
        *("(" * 100 + "1" + ")" * 100, "1" * 3000),
    ],
)
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


def test_the_columns_of_an_expression_are_known() -> None:
    assert columns_of(parse("a.b * 2 & channels[code] & default(a.b, `x y`)")) == (
        *("a.b", "code", "x y"),
    )
