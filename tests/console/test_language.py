from __future__ import annotations

import re
from string import Formatter
from typing import TYPE_CHECKING, Any, get_args

import pytest

from console.drops.selection import REASONS
from console.reports.effects import METRICS
from console.web.app import FAILURES
from console.web.language import FOLDER, LANGUAGES, language, phrases
from console.web.rendering import FOLDER as TEMPLATES
from features.sample_ratio import Way
from streams.events import WalletEvent, kinds_of
from streams.ledger.refusals import REFUSALS

if TYPE_CHECKING:
    from pathlib import Path

CODE = FOLDER.parent
NEVER_A_LINE = {"rules", "key"}  # of a settlement
USED = re.compile(r"""\b(?:t|say)(?:\.n)?\(\s*["']([a-z_]+\.[a-z_]+)["']""")
ERRORS = re.compile(r"""["'](error\.(?!html)[a-z_]+)["']""")
LABELLED = re.compile(r"""\.label\(\s*["']([a-z_]+)["']""")
IN_LOOPS = re.compile(r"""["']((?:nav|overlap|common)\.(?!html)[a-z_]+)["']""")


def sources() -> list[Path]:
    code = [path for room in ("web", "reports") for path in (CODE / room).glob("*.py")]
    return [*TEMPLATES.glob("*.html"), *code]


def used_keys() -> set[str]:
    texts = [path.read_text("utf-8") for path in sources()]
    return {
        key for text in texts for found in (USED, IN_LOOPS, ERRORS) for key in found.findall(text)
    }


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_say_the_same_things() -> None:
    english, chinese = phrases("en"), phrases("zh")
    singular = {key for key in english.keys() if key.endswith("_one")}  # noqa: SIM118
    assert english.keys() - singular == chinese.keys()
    assert {key.removesuffix("_one") for key in singular} <= english.keys()
    for key in chinese.keys():  # noqa: SIM118 - a method of ours, not a dictionary's
        assert places(english.text(key)) == places(chinese.text(key)), key
        assert english.text(key).strip(), key
        assert chinese.text(key).strip(), key


def test_pages_use_only_phrases_that_exist() -> None:
    missing = used_keys() - phrases("en").keys()
    assert not missing
    assert len(used_keys()) > 100


def test_every_phrase_is_used() -> None:
    kinds = {k for path in sources() for k in LABELLED.findall(path.read_text("utf-8"))}
    spoken = {key for key in phrases("zh").keys() if key.partition(".")[0] not in kinds}  # noqa: SIM118
    raised = {key for key in spoken if key.startswith("error.") and key.endswith("_why")}
    raised |= {key for key in spoken if key.startswith("error.forbidden_why.")}
    assert spoken - raised == used_keys() & (spoken - raised)


def test_one_thing_is_not_many() -> None:
    say = phrases("en")
    assert say.n("reach.conversions_hint", 1) == "by 1 person, after contact"
    assert say.n("reach.conversions_hint", 1_000) == "by 1,000 people, after contact"
    assert phrases("zh").n("reach.conversions_hint", 1) == "来自 1 人，均在联系之后"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_refusal_and_operation_has_words(lang: str) -> None:
    keys = phrases(lang).keys()
    assert {f"reason.{refusal.name}" for refusal in REFUSALS} <= keys
    types = {event.__struct_config__.tag.rpartition(".")[2] for event in kinds_of(WalletEvent)}
    assert {f"type.{kind}" for kind in types} <= keys
    assert {f"operation.{kind}" for kind in types - NEVER_A_LINE} <= keys


def test_names_that_code_gives_have_words() -> None:
    keys = phrases("en").keys()
    assert {f"reason.{reason}" for reason in REASONS} <= keys
    assert {f"metric.{metric}" for metric in METRICS} <= keys
    assert {f"split_method.{method}" for method in get_args(Way)} <= keys
    assert {f"error.{kind}" for _, _, kind in FAILURES} <= keys
    for state in ("draft", "launching", "launched", "cancelled"):
        assert f"state.{state}" in keys


def test_an_unknown_name_is_shown_as_it_is() -> None:
    assert phrases("zh").label("reason", "brand_new") == "brand_new"
    assert phrases("zh").label("state", "draft") == "草稿"


class Asked:
    """The parts of a request that choose a language."""

    def __init__(self, query: str = "", cookie: str = "", accept: str = "") -> None:
        self.query_params = {"lang": query} if query else {}
        self.cookies = {"flowdrop_lang": cookie} if cookie else {}
        self.headers = {"accept-language": accept} if accept else {}


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (Asked(), "en"),
        (Asked(accept="zh-CN,zh;q=0.9,en;q=0.8"), "zh"),
        (Asked(accept="fr-FR,zh;q=0.5"), "zh"),
        (Asked(accept="fr"), "en"),
        (Asked(cookie="zh", accept="en"), "zh"),
        (Asked(query="en", cookie="zh"), "en"),
        (Asked(query="../../etc", cookie="xx"), "en"),
    ],
)
def test_the_language_is_asked_for_kept_or_the_browsers(asked: Any, answer: str) -> None:
    assert language(asked) == answer
    assert answer in LANGUAGES
