from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

import pytest

from console.drops.selection import REASONS
from console.i18n import LANGUAGES, translator
from console.i18n.labels import LABELS, label
from console.reports.metrics import METRICS
from console.web.app import FAILURES
from console.web.language import language
from console.web.rendering import FOLDER as TEMPLATES
from features.statistics.sample_ratio import Way
from streams.events import WalletEvent, kinds_of
from streams.ledger.refusals import REFUSALS

if TYPE_CHECKING:
    from pathlib import Path

NEVER_A_LINE = {"rules", "key"}  # of a settlement
LABELLED = re.compile(r"""\blabel\((?:say, )?["']([a-z_]+)["']""")


def sources() -> list[Path]:
    console = TEMPLATES.parent
    return [*TEMPLATES.glob("*.html"), *console.rglob("*.py")]


def test_every_kind_of_label_is_used() -> None:
    used = {kind for path in sources() for kind in LABELLED.findall(path.read_text("utf-8"))}
    assert used == set(LABELS)


def test_every_refusal_and_operation_has_words() -> None:
    assert {refusal.name for refusal in REFUSALS} <= LABELS["reason"].keys()
    types = {event.__struct_config__.tag.rpartition(".")[2] for event in kinds_of(WalletEvent)}
    assert types <= LABELS["type"].keys()
    assert types - NEVER_A_LINE <= LABELS["operation"].keys()


def test_names_that_code_gives_have_words() -> None:
    assert set(REASONS) <= LABELS["reason"].keys()
    assert set(METRICS) == LABELS["metric"].keys()
    assert set(get_args(Way)) == LABELS["split_method"].keys()
    assert {kind for _, _, kind in FAILURES} <= LABELS["error"].keys()
    assert {*("draft", "in_review", "approved", "launching", "launched", "cancelled")} == LABELS[
        "state"
    ].keys()


def test_an_unknown_name_is_shown_as_it_is() -> None:
    assert label(translator("zh"), "reason", "brand_new") == "brand_new"
    assert label(translator("zh"), "state", "draft") == "草稿"


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
