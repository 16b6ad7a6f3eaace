"""What `docs/extending.md` names is there: files, names in them, headings, tests."""

from __future__ import annotations

import re

import pytest

from tests.extending_tree import BLOCK, PAGE, ROOT

WHOLE = PAGE.read_text(encoding="utf-8")
# Without its report, whose files `tests/test_extending.py` writes.
TEXT = "".join(WHOLE.partition("\n## An operation\n")[1:])
# What the page has one write.
WRITTEN = {block["path"] for block in BLOCK.finditer(TEXT)}
PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)*/(?:[\w.-]+\.\w+)?)`")
IN = re.compile(r"`(\w+)` (?:of|in) `([\w./-]+\.py)`")
TESTS = re.compile(r"^python -m pytest (.*)$", re.MULTILINE)
SECTIONS = (
    *("A report", "An operation", "A program", "An event type", "A page", "A feature"),
    *("A learner", "A Kafka topic", "A migration"),
)


@pytest.mark.parametrize("path", sorted(set(PATH.findall(TEXT)) - WRITTEN))
def test_a_file_that_the_page_names_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize(("name", "path"), sorted(set(IN.findall(TEXT.replace("\n", " ")))))
def test_a_name_that_the_page_says_is_in_a_file_is_in_it(name: str, path: str) -> None:
    assert re.search(rf"\b{name}\b", (ROOT / path).read_text(encoding="utf-8"))


def test_the_page_has_a_section_for_each() -> None:
    assert set(SECTIONS) <= set(re.findall(r"^## (.+)$", WHOLE, re.MULTILINE))


@pytest.mark.parametrize("command", sorted(set(TESTS.findall(TEXT))))
def test_the_tests_that_tell_what_is_missing_are_there(command: str) -> None:
    files = [word for word in command.partition(" -k ")[0].split() if word.endswith(".py")]
    assert files
    for file in files:
        assert (ROOT / file).exists(), file


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)]+)\)", TEXT))))
def test_a_link_leads_somewhere(target: str) -> None:
    path, _, heading = target.partition("#")
    page = PAGE.parent / path if path else PAGE
    assert page.exists()
    if heading:
        titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert heading in {re.sub(r"[^\w -]", "", t.lower()).replace(" ", "-") for t in titles}
