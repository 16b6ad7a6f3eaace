"""The demo's rules: the shipped programs, with one carrier's gate closed for a day."""

from __future__ import annotations

from pathlib import Path

SHIPPED = Path(__file__).parents[2] / "programs"
PROGRAM = "liuliangbao"
SINCE, UNTIL = "2026-01-07T12:00:00+00:00", "2026-01-08T12:00:00+00:00"
GATE = f"""
[[carriers.unicom.gates]]
closed = "all"
from = {SINCE}
until = {UNTIL}
assumption = "the demo's: Unicom maintains its systems for a day"
"""
TOLD = f"unicom is closed for everyone since {SINCE} until {UNTIL}; open: telecom, mobile"


def close_gate(folder: Path) -> None:
    """Copy the programs' files to `folder`, and close Unicom's gate there for a day."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(SHIPPED.glob("*.toml")):
        text = path.read_text(encoding="utf-8")
        gate = GATE if path.stem == PROGRAM else ""
        (folder / path.name).write_text(text + gate, encoding="utf-8")
