"""A small bar chart, written directly as SVG: no library is needed to draw four panels."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 360, 220
LEFT, TOP, BOTTOM = 12, 34, 28
STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#444}.title{font-size:13px;fill:#111}"
    "rect{fill:#2f6f8f}.mid{text-anchor:middle}"
)


class Panel(NamedTuple):
    """One set of bars: a title, and for each bar its label and value."""

    title: str
    points: list[tuple[str, float]]


def figure(panels: Sequence[Panel]) -> str:
    """Return the panels, two in a row, as one SVG document; each begins at zero."""
    rows = (len(panels) + 1) // 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {rows * HEIGHT}">',
        f"<style>{STYLE}</style>",
    ]
    for number, panel in enumerate(panels):
        x, y = number % 2 * WIDTH, number // 2 * HEIGHT
        parts.append(f'<g transform="translate({x},{y})">{_panel(panel)}</g>')
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel) -> str:
    most = max(value for _, value in panel.points) or 1.0
    step = (WIDTH - 2 * LEFT) / len(panel.points)
    room = HEIGHT - TOP - BOTTOM - 14
    parts = [f'<text class="title" x="{LEFT}" y="18">{escape(panel.title)}</text>']
    for number, (label, value) in enumerate(panel.points):
        middle = LEFT + (number + 0.5) * step
        height, width = room * value / most, step * 0.64
        top = HEIGHT - BOTTOM - height
        parts += [
            f'<rect x="{middle - width / 2:.1f}" y="{top:.1f}" {_size(width, height)}/>',
            f'<text class="mid" x="{middle:.1f}" y="{top - 4:.1f}">{value:,.0f}</text>',
            f'<text class="mid" x="{middle:.1f}" y="{HEIGHT - BOTTOM + 15}">{escape(label)}</text>',
        ]
    return "".join(parts)


def _size(width: float, height: float) -> str:
    return f'width="{width:.1f}" height="{height:.1f}"'
