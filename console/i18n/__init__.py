"""One catalogue of messages: English is in code and templates, its Chinese in `zh.po` beside this.

`pybabel extract` finds every message (`babel.cfg`); `docs/extending.md` has the commands. The
catalogue is read when first used, so that a command's help waits for no library.
"""

from __future__ import annotations

import gettext
import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FOLDER = Path(__file__).parent
LANGUAGES = {"en": "English", "zh": "中文"}
QUOTED_MAX = 300  # characters of what somebody sent that a message repeats
CONTEXT_END = "\x04"  # between a context and its message, as gettext has them


def N_(message: str) -> str:  # noqa: N802 - as gettext's own tools call it
    """Mark a message that is translated later."""
    return message


def NP_(context: str, message: str) -> str:  # noqa: N802 - likewise
    """Mark a message that has its own translation in `context`."""
    return f"{context}{CONTEXT_END}{message}"


class Translator:
    """Says messages in one language."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def gettext(self, message: str, /, **values: Any) -> str:
        """Return a message with `values` in its places; an untranslated one is itself."""
        return self._filled(_catalogue(self.lang).gettext(message) if message else "", values)

    def pgettext(self, context: str, message: str, /, **values: Any) -> str:
        """Return a message that has its own translation in `context`."""
        return self.gettext(f"{context}{CONTEXT_END}{message}", **values)

    def ngettext(self, one: str, many: str, n: int, /, **values: Any) -> str:
        """Return the message about `n` things; `n` itself is among the values."""
        found = _catalogue(self.lang).ngettext(one, many, n)
        return self._filled(found, {"n": f"{n:,}", **values})

    def paragraph(self, said: Iterable[str]) -> str:
        """Return sentences, one after the other; in Chinese nothing is between them."""
        return ("" if self.lang == "zh" else " ").join(said)

    def _filled(self, text: str, values: dict[str, Any]) -> str:
        text = text.rpartition(CONTEXT_END)[2]
        return (
            text.format(**{k: self.said(_short(v)) for k, v in values.items()}) if values else text
        )

    def said(self, value: Any) -> Any:
        """Return a value as this language has it: a text that knows both, or itself."""
        known = LocalizedText | EnglishText | Names | EnglishOnly
        return value.of(self.lang) if isinstance(value, known) else value


def _short(value: Any) -> Any:
    """Return a value as a message quotes it: of a very long text the beginning."""
    is_long = isinstance(value, str) and len(value) > QUOTED_MAX
    return f"{value[:QUOTED_MAX]}…" if is_long else value


@cache
def translator(lang: str) -> Translator:
    """Return the translator of messages into `lang`: `en` or `zh`."""
    return Translator(lang)


@cache
def _catalogue(lang: str) -> gettext.NullTranslations:
    """Return the translations of `lang`, read once; English has none."""
    path = FOLDER / f"{lang}.po"
    if not path.exists():
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=lang))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@dataclass(frozen=True, init=False)
class LocalizedText:
    """A text in both languages; `zh` comes from the catalogue when it is first asked for.

    Its values may be such texts themselves.
    """

    en: str
    zh: str

    def __init__(self, message: str, /, **values: Any) -> None:
        self.__dict__.update(_parts(lambda say: say.gettext(message, **values)))

    @classmethod
    def plural(cls, one: str, many: str, n: int, /, **values: Any) -> LocalizedText:
        """Return the text about `n` things."""
        made = cls.__new__(cls)
        made.__dict__.update(_parts(lambda say: say.ngettext(one, many, n, **values)))
        return made

    @classmethod
    def untranslated(cls, text: str, instead: LocalizedText | None = None) -> LocalizedText:
        """Return a text that another program gives in English; Chinese has `instead`, if any."""
        made = cls.__new__(cls)
        made.__dict__.update(en=text, zh=instead.zh if instead else "")
        return made

    def __getattr__(self, name: str) -> str:
        if name != "zh" or "said" not in self.__dict__:
            raise AttributeError(name)
        zh: str = self.__dict__["said"](translator("zh"))
        self.__dict__["zh"] = zh
        return zh

    def of(self, lang: str) -> str:
        """Return the text in `lang`: `en` or `zh`."""
        return self.zh if lang == "zh" else self.en


def _parts(said: Callable[[Translator], str]) -> dict[str, Any]:
    return {"said": said, "en": said(translator("en"))}


class EnglishText(str):
    """A text that is its English wherever a string is wanted, as in JSON; `of` says it in both."""

    __slots__ = ("text",)
    text: LocalizedText

    def __new__(cls, text: LocalizedText) -> Self:
        """Return the English of `text`, which remembers it."""
        made = super().__new__(cls, text.en)
        made.text = text
        return made

    def __deepcopy__(self, _memo: dict[int, Any]) -> Self:
        return self

    def of(self, lang: str) -> str:
        """Return the text in `lang`."""
        return self.text.of(lang)


@dataclass(frozen=True)
class Names:
    """A list inside a text, as its language lists things; in English the last may follow `last`."""

    names: tuple[str | LocalizedText, ...]
    last: str = ""  # and, or

    def of(self, lang: str) -> str:
        """Return the list in `lang`."""
        said = [
            name.of(lang) if isinstance(name, LocalizedText) else _short(name)
            for name in self.names
        ]
        if lang == "zh":
            return "、".join(said)
        if self.last and len(said) > 1:
            return f"{', '.join(said[:-1])} {self.last} {said[-1]}"
        return ", ".join(said)


@dataclass(frozen=True)
class EnglishOnly:
    """A part of a text that exists only in English; the Chinese does without."""

    text: str

    def of(self, lang: str) -> str:
        """Return the part in `lang`."""
        return "" if lang == "zh" else self.text
