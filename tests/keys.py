"""The keys of tests: the only ones that nobody has drawn at random."""

from __future__ import annotations

from pydantic import SecretStr

LEDGER = {"k1": b"\x11" * 32}
RULES = {"k1": b"\x22" * 32}


def listed(keys: dict[str, bytes]) -> str:
    """Return keys as a setting lists them."""
    return ",".join(f"{key}:{secret.hex()}" for key, secret in keys.items())


SETTINGS = {"ledger_keys": SecretStr(listed(LEDGER)), "rules_keys": SecretStr(listed(RULES))}
ENV = {f"FLOWDROP_{name.upper()}": text.get_secret_value() for name, text in SETTINGS.items()}
