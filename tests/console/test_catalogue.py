"""The catalogue of words: whole, and nothing that a reader sees is missing from it."""

from __future__ import annotations

import ast
import re
from string import Formatter
from typing import TYPE_CHECKING, Any

import pytest
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

from console.i18n import FOLDER, N_, NP_, LocalizedText, Names, translator
from console.reporting.found import reports
from sql.client import description

if TYPE_CHECKING:
    from pathlib import Path

    from babel.messages.catalog import Catalog, Message

CONSOLE = FOLDER.parent
ROOT = CONSOLE.parent
PLURAL_FORMS = 1  # of Chinese
CHINESE = re.compile("[\u4e00-\u9fff]")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff] ?[,;:()!?.](?!\w)|[,;:()!?] ?[\u4e00-\u9fff]")
HALF_WIDTH_BESIDE = re.compile(r"[,;:()!?]\{|\}[,;:()!?](?![=\w])")


def read(path: Path, locale: str | None = None) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=locale, abort_invalid=True)


def messages(catalogue: Catalog) -> dict[tuple[str | None, Any], Message]:
    return {(each.context, each.id): each for each in catalogue if each.id}


@pytest.fixture(scope="module")
def chinese() -> Catalog:
    return read(FOLDER / "zh.po", "zh")


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What `pybabel extract` finds in code, templates and queries."""
    path = tmp_path_factory.mktemp("messages") / "messages.pot"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        CommandLineInterface().run(
            ["pybabel", "-q", "extract", "--mapping", "babel.cfg", "--output", str(path), "."]
        )
    return read(path)


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def ids(message: Message) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (message.id,)


def strings(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


def test_every_message_is_in_the_catalogue_and_nothing_else(
    extracted: Catalog, chinese: Catalog
) -> None:
    wanted, there = messages(extracted), messages(chinese)
    assert len(wanted) > 500
    assert not wanted.keys() - there.keys()
    assert not there.keys() - wanted.keys()
    assert not chinese.obsolete


def test_every_message_has_its_chinese(chinese: Catalog) -> None:
    assert not chinese.header_comment.startswith("# #, fuzzy")
    for key, message in messages(chinese).items():
        assert not message.fuzzy, key
        assert all(string.strip() for string in strings(message)), key


def test_a_translation_has_the_places_of_its_message(chinese: Catalog) -> None:
    for key, message in messages(chinese).items():
        one, *many = ids(message)
        wanted = places(many[0] if many else one)
        assert {name for string in strings(message) for name in places(string)} == wanted, key
        assert places(one) <= wanted, key


def test_chinese_has_one_plural_form(chinese: Catalog) -> None:
    assert (chinese.num_plurals, chinese.plural_expr) == (PLURAL_FORMS, "0")
    plurals = [message for message in messages(chinese).values() if isinstance(message.id, tuple)]
    assert len(plurals) > 10
    assert {len(strings(message)) for message in plurals} == {PLURAL_FORMS}


def test_chinese_has_its_own_punctuation(chinese: Catalog) -> None:
    texts = [string for message in messages(chinese).values() for string in strings(message)]
    texts = [re.sub(r"`[^`]*`|\{(\w+)[^}]*\}", r"{\1}", text) for text in texts]
    found = [text for text in texts if HALF_WIDTH.search(text) or HALF_WIDTH_BESIDE.search(text)]
    assert not [text for text in found if CHINESE.search(text)]


def test_no_chinese_stands_in_code_or_templates() -> None:
    own_name = {FOLDER / "__init__.py": 2}  # the language's own name, and the sign between names
    for path in (*CONSOLE.rglob("*.py"), *CONSOLE.glob("templates/*.html")):
        text = path.read_text("utf-8")
        texts = [text]
        if path.suffix == ".py":
            nodes = ast.walk(ast.parse(text))
            texts = [node.value for node in nodes if isinstance(node, ast.Constant)]
        found = [each for each in texts if isinstance(each, str) and CHINESE.search(each)]
        assert len(found) <= own_name.get(path, 0), (path, found)


def test_a_report_says_nothing_that_is_not_in_the_catalogue(chinese: Catalog) -> None:
    known = {each.id for each in chinese}
    for report in reports().values():
        if not report.served:
            continue
        assert {description(query) for query in report.queries} <= known, report.name
        assert {table.title for table in report.tables} <= known, report.name
        heads = {head for table in report.tables for head in table.heads.values()}
        assert {head for head in heads if re.search("[A-Za-z]", head)} <= known  # others are signs
        if report.page is None:
            assert report.summary in known, report.name


def test_every_call_in_code_is_found(extracted: Catalog) -> None:
    """What `pybabel` overlooks, as it does inside an f-string, would stay English."""
    known = {one for message in extracted if message.id for one in ids(message)}
    calls = {"_", "N_", "gettext", "ngettext", "LocalizedText", "plural"}
    for path in CONSOLE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            first = node.args[0]
            if name in calls and isinstance(first, ast.Constant) and isinstance(first.value, str):
                assert first.value in known, (path, node.lineno)


def test_a_text_is_in_both_languages() -> None:
    text = LocalizedText("no event names a campaign {name!r}; did you mean {close}?",
                         name="x", close=Names(("a", "b"), last="or"))  # fmt: skip
    assert text.of("en") == "no event names a campaign 'x'; did you mean a or b?"
    assert text.of("zh") == "没有事件提到活动 'x'；您要找的是 a、b 吗？"
    assert (text.en, text.zh) == (text.of("en"), text.of("zh"))


def test_a_very_long_value_is_quoted_by_its_beginning() -> None:
    words = LocalizedText("campaign {name!r} does not exist", name="x" * 10_000)
    assert len(words.en) < 400
    assert len(words.zh) < 400
    assert "x…'" in words.en
    names = LocalizedText("did you mean {alike}?", alike=Names(("y" * 10_000, "z"), last="or"))
    assert len(names.en) < 400
    assert names.en.endswith("y… or z?")


def test_one_thing_is_not_many() -> None:
    english, chinese = translator("en"), translator("zh")
    assert [english.ngettext("{n} coin", "{n} coins", n) for n in (0, 1, 1_000)] == [
        "0 coins",
        "1 coin",
        "1,000 coins",
    ]
    assert chinese.ngettext("{n} coin", "{n} coins", 1) == "1 流量币"
    assert LocalizedText.plural("{n} click", "{n} clicks", 1).en == "1 click"
    assert LocalizedText.plural("{n} click", "{n} clicks", 2_000).zh == "2,000 次点击"


def test_a_context_tells_equal_words_apart() -> None:
    say = translator("zh")
    assert say.pgettext("wallet history", "granted") == "获赠"
    assert say.gettext(NP_("statement line", "granted")) == "发放"
    assert translator("en").gettext(NP_("statement line", "granted")) == "granted"


def test_what_nobody_translated_stays_as_it_is() -> None:
    say = translator("zh")
    assert say.gettext(N_("brand {new}")) == "brand {new}"
    assert say.gettext("") == ""
    assert LocalizedText.untranslated("as it came").zh == ""
