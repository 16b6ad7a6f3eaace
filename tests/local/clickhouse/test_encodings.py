from __future__ import annotations

import gzip
import zlib

import lz4.frame
import pytest
import zstandard

from local.clickhouse.encodings import Decoder, choose, encoder

ENCODE = {
    "lz4": lz4.frame.compress,
    "zstd": zstandard.compress,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
}


@pytest.mark.parametrize("name", ENCODE)
@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_frames_in_a_row_decode_wherever_they_are_cut(name: str, step: int) -> None:
    body = ENCODE[name](b"first " * 50) + ENCODE[name](b"second")
    decoder = Decoder(name)
    parts = [decoder.decode(body[at : at + step]) for at in range(0, len(body), step)]
    assert b"".join(parts) == b"first " * 50 + b"second"
    assert decoder.complete


@pytest.mark.parametrize("name", ENCODE)
def test_half_a_frame_is_not_complete(name: str) -> None:
    decoder = Decoder(name)
    decoder.decode(ENCODE[name](b"first " * 50)[:-5])
    assert not decoder.complete


@pytest.mark.parametrize("name", ENCODE)
def test_other_bytes_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Decoder(name).decode(b"no frame of any kind, but long enough to be one")


@pytest.mark.parametrize("name", ENCODE)
def test_an_answer_is_one_frame(name: str) -> None:
    answer = encoder(name)
    body = answer.encode(b"a" * 100) + answer.encode(b"b" * 100) + answer.end()
    decode = {
        "lz4": lz4.frame.LZ4FrameDecompressor().decompress,
        "zstd": zstandard.ZstdDecompressor().decompressobj().decompress,
        "gzip": gzip.decompress,
        "deflate": zlib.decompress,
    }
    assert decode[name](body) == b"a" * 100 + b"b" * 100


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("", None),
        ("gzip, deflate", "gzip"),
        ("lz4,zstd,gzip", "lz4"),
        ("zstd;q=0.5, lz4;q=0", "zstd"),
        ("br", None),
    ],
)
def test_the_cheapest_accepted_encoding_is_chosen(accepted: str, chosen: str | None) -> None:
    assert choose(accepted) == chosen
