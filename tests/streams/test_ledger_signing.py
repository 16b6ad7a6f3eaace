"""Signatures are HMAC-SHA256, for keys of any length."""

from __future__ import annotations

import hmac

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from streams.ledger.signing import is_signed, signature_of

SECRETS = st.binary(max_size=200)  # a key longer than a block of 64 bytes is hashed first
CONTENTS = st.tuples(st.text(max_size=300), st.integers(0, 2**60))


@given(SECRETS, CONTENTS)
def test_a_signature_is_the_standard_librarys(secret: bytes, content: tuple[object, ...]) -> None:
    expected = hmac.digest(secret, msgspec.msgpack.encode(content), "sha256").hex()
    assert signature_of(content, secret) == expected
    assert signature_of(content, secret) == expected, "what is kept of a key must not change"


@given(SECRETS, SECRETS, CONTENTS, CONTENTS)
def test_only_the_same_key_over_the_same_content_signs(
    secret: bytes, other: bytes, content: tuple[object, ...], altered: tuple[object, ...]
) -> None:
    signature = signature_of(content, secret)
    assert is_signed(content, signature, secret)
    assert is_signed(altered, signature, secret) == (altered == content)
    # HMAC itself pads a short key with zeros
    assert is_signed(content, signature, other) == (padded(other) == padded(secret))


def padded(secret: bytes) -> bytes:
    return secret.rstrip(b"\0") if len(secret) <= 64 else secret
