"""A report's own words: it is written in English, and each has its Chinese beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def in_language(english: str, lang: str, chinese: Mapping[str, str]) -> str:
    """Return a word in `lang`: `en` or `zh`; one without Chinese (a name) stays as it is."""
    return chinese.get(english, english) if lang == "zh" else english
