"""What arms are called: those that every drop draws have Chinese names, others are as given."""

from __future__ import annotations

CHINESE = {"drop": "发放组", "holdout": "保留组", "control": "对照组"}


def arm_name(arm: str, lang: str) -> str:
    """Return what `arm` is called in `lang`: `en` or `zh`."""
    return CHINESE.get(arm, f"{arm} 组") if lang == "zh" else arm
