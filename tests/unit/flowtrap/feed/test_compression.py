"""Compressed streams: several members, padding, damage, cut ends."""

from __future__ import annotations

import gzip
import io

import pytest

from flowtrap.feed import decode
from flowtrap.feed.compression import BOMB_BYTES, GZIP, ZSTD, DecompressedRaw, codec_of

LINES = b"".join(b'{"n": %d}\n' % n for n in range(20_000))


def zstd(content: bytes) -> bytes:
    return pytest.importorskip("zstandard").ZstdCompressor().compress(content)


PACK = {"gzip": (gzip.compress, GZIP), "zstd": (zstd, ZSTD)}


@pytest.fixture(params=PACK)
def packing(request):
    if request.param == "zstd" and not decode.can_read_zstd():
        pytest.skip("no zstd module")
    return PACK[request.param]


def unpack(content: bytes, codec):
    seen = []
    raw = DecompressedRaw(io.BytesIO(content), codec, lambda problem, cure: seen.append(problem))
    return io.BufferedReader(raw).read(), seen


def test_one_member(packing):
    pack, codec = packing
    assert codec_of(pack(LINES)) is codec
    assert unpack(pack(LINES), codec) == (LINES, [])


def test_several_members_with_padding(packing):
    pack, codec = packing
    padding = b"\0" * 40_000
    text, seen = unpack(
        pack(LINES) + pack(b"") + pack(b"b") + padding + pack(b"c") + padding, codec
    )
    assert (text, seen) == (LINES + b"bc", [])


@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_cut_stream_gives_what_it_holds_and_one_complaint(packing, kept):
    pack, codec = packing
    packed = pack(bytes(range(256)) * 4 + LINES)
    packed = pack(b"".join(b"%d\n" % (n * 7919 % 100_003) for n in range(200_000)))
    text, seen = unpack(packed[: int(len(packed) * kept)], codec)
    assert text.startswith(b"0\n7919\n")
    assert len(text) > 100_000
    assert seen == [f"the {codec.name} stream ends in the middle: cut off?"]


def test_foreign_bytes_behind_it_are_reported(packing):
    pack, codec = packing
    text, seen = unpack(pack(b"a") + b"trailing", codec)
    assert text == b"a"
    assert seen == [f"the {codec.name} stream has other bytes behind it, which were not read"]


def test_damage_is_reported(packing):
    pack, codec = packing
    packed = bytearray(pack(LINES))
    packed[len(packed) // 2 : len(packed) // 2 + 20] = b"\xff" * 20
    _, seen = unpack(bytes(packed), codec)
    assert len(seen) == 1


def test_a_bomb_is_read_in_small_pieces_and_not_to_its_end(packing):
    pack, codec = packing
    packed = pack(b" " * 200_000_000)
    seen: list = []
    raw = DecompressedRaw(io.BytesIO(packed), codec, lambda problem, cure: seen.append(problem))
    buffer, total, largest = bytearray(256 * 1024), 0, 0
    while True:
        count = raw.readinto(buffer)
        if not count:
            break
        total += count
        largest = max(largest, len(raw._ready))
    assert BOMB_BYTES < total < 200_000_000
    assert seen == [f"the {codec.name} stream unpacks to more than 200 times its size: a bomb?"]
    assert largest < 40_000_000


def test_plain_text_has_no_codec():
    assert codec_of(b'{"a": 1}') is None
    assert codec_of(b"") is None
