"""An UpSet picture: how many people are in exactly which sets, as bars over a matrix of dots.

It is drawn on the server as SVG, so that it is on paper and without scripts what it is on a screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.web.formats import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.i18n import Translator

COLUMNS_MAX = 15  # combinations shown; all others are totalled in one more
NAME_MAX = 24  # characters of a set's name; its title has them all

# Sizes in the picture's units, which are pixels where it is not made smaller.
LETTER, WIDE_LETTER = 7, 13
BARS_HEIGHT = 170
ROW, COLUMN_MIN = 26, 30
SIZES_WIDTH = 90
GAP = 14


def upset(
    sets: Sequence[tuple[str, int]],
    combinations: Sequence[tuple[frozenset[str], int]],
    say: Translator,
) -> dict[str, Any]:
    """Return the picture's shapes.

    Args:
        sets: names and how many people each has.
        combinations: exactly which sets, and how many people are in these and no other.
        say: the translator of its words.
    """
    ordered = sorted(combinations, key=lambda each: -each[1])
    shown, rest = ordered[:COLUMNS_MAX], ordered[COLUMNS_MAX:]
    bars: list[dict[str, Any]] = [{"of": of, "people": people} for of, people in shown]
    if rest:
        bars.append({"of": frozenset(), "people": sum(people for _, people in rest)})
    most = max((bar["people"] for bar in bars), default=0) or 1
    largest = max((people for _, people in sets), default=0) or 1
    names = [name if len(name) <= NAME_MAX else f"{name[: NAME_MAX - 1]}…" for name, _ in sets]
    pitch = max([COLUMN_MIN, *(len(number(bar["people"])) * LETTER + 8 for bar in bars)])
    sizes = max(len(number(people)) for _, people in sets) * LETTER + 8
    left = max(map(_width, names)) + GAP + sizes + SIZES_WIDTH
    top = BARS_HEIGHT + 2 * GAP + 8
    width = left + GAP + len(bars) * pitch + (GAP if rest else 0)
    places = {name: at for at, (name, _) in enumerate(sets)}
    for at, bar in enumerate(bars):
        is_rest = bool(rest) and at == len(bars) - 1
        height = round(BARS_HEIGHT * bar["people"] / most, 1)
        bar |= {
            "x": left + GAP + at * pitch + pitch / 2 + (GAP if is_rest else 0),
            "y": top - GAP - height,
            "height": height,
            "is_rest": is_rest,
            "label": number(bar["people"]),
            **_dots(sorted(places[name] for name in bar["of"]), 0 if is_rest else len(sets), top),
            "said": say.ngettext("{n} other combination", "{n} other combinations", len(rest))
            if is_rest
            else " + ".join(name for name, _ in sets if name in bar["of"]),
        }
    return {
        "kind": "upset",
        "width": round(width),
        "height": top + len(sets) * ROW + GAP,
        "left": left,
        "top": top,
        "bar": min(round(pitch * 0.62), 34),
        "rest": len(rest),
        "bars": bars,
        "rows": [
            {
                "name": name,
                "full": full,
                "y": _middle(top, at),
                "band": top + at * ROW,
                "width": round(SIZES_WIDTH * people / largest, 1),
                "label": number(people),
            }
            for at, (name, (full, people)) in enumerate(zip(names, sets, strict=True))
        ],
        "said": _said([people for _, people in ordered], say),
    }


def _dots(rows: Sequence[int], count: int, top: int) -> dict[str, Any]:
    """Return which dots of a column are in its combination, and the line that joins them."""
    return {
        "dots": [(row in rows, _middle(top, row)) for row in range(count)],
        "line": (_middle(top, rows[0]), _middle(top, rows[-1])) if len(rows) > 1 else None,
    }


def _width(text: str) -> int:
    return sum(LETTER if letter.isascii() else WIDE_LETTER for letter in text)


def _middle(top: int, row: int) -> float:
    return top + (row + 0.5) * ROW


def _said(people: Sequence[int], say: Translator) -> str:
    """Return the picture in a sentence."""
    if len(people) <= COLUMNS_MAX:
        return say.gettext(
            "Each column is a combination of campaigns, marked by dots: its bar are the people "
            "whom just these reached. On the left is each campaign's own reach."
        )
    share = sum(people[:COLUMNS_MAX]) / (sum(people) or 1)
    return say.gettext(
        "Each column is a combination of campaigns, marked by dots: its bar are the people "
        "whom just these reached. The {shown} largest of {n} combinations hold {share} % of all "
        "people; the last column totals the rest. On the left is each campaign's own reach.",
        shown=COLUMNS_MAX,
        n=number(len(people)),
        share=f"{100 * share:.1f}",
    )
