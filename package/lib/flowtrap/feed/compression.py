"""Compressed streams: told by their first bytes, read member by member, in bounded memory.

A stream that unpacks to more than 64 MiB and to more than 200 times its size is no log but a bomb:
it is read up to there.

Example: `io.BufferedReader(DecompressedRaw(stream, codec_of(head), complain))`.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, BinaryIO, Callable, NamedTuple

from . import decode
from .streams import DerivedRaw

if TYPE_CHECKING:
    from .streams import Complain

_STOPPED = "the rest was not read; if it is a log, unpack it and give the file"
_CURE = "what could be read was read; fetch the file again"
BOMB_BYTES, BOMB_RATIO = 64 * 1024 * 1024, 200  # logs shrink to a tenth, rarely to a fiftieth
_ERRORS: tuple[type[Exception], ...] = (zlib.error, EOFError, *decode.ZSTD_ERRORS)


class Codec(NamedTuple):
    """A compression: how its members begin, and how much to feed at once.

    The feed bounds memory: one kilobyte of hostile zstd grows to some 32 MB, 16 KB of deflate to
    16 MB (RFC 8878: 128 KiB blocks of 4 bytes; RFC 1951: at most 1032 to 1).
    """

    name: str
    begins: re.Pattern[bytes]
    new: Callable[[], decode.Decompressor]
    feed_bytes: int


def _inflate() -> decode.Decompressor:
    return zlib.decompressobj(wbits=31)


GZIP = Codec("gzip", re.compile(rb"\x1f\x8b\x08"), _inflate, 16 * 1024)
ZSTD = Codec(
    "zstd",
    re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"),  # a frame, a skippable frame
    decode.zstd_decompressor,
    1024,
)


def codec_of(head: bytes) -> Codec | None:
    """Return the codec of a stream that begins so, None if it is not compressed."""
    return next((codec for codec in (GZIP, ZSTD) if codec.begins.match(head)), None)


class DecompressedRaw(DerivedRaw):
    """What a compressed stream holds: all members, and of a cut one all that can be read."""

    def __init__(self, source: BinaryIO, codec: Codec, complain: Complain) -> None:
        super().__init__(source)
        self._codec, self._complain = codec, complain
        self._decoder: decode.Decompressor | None = codec.new()
        self._rest = b""  # compressed, read but not fed
        self._taken = self._given = 0  # bytes in and out

    def _next(self) -> bytes:
        fed = self._rest or self._source.read(self._codec.feed_bytes)
        self._rest = b""
        if not fed:
            return self._end("" if self._decoder is None else "ends in the middle: cut off?")
        if self._decoder is None:
            fed = self._begin_member(fed)
        return self._decompress(fed) if fed else b""

    def _begin_member(self, fed: bytes) -> bytes:
        """Return the bytes of the next member; b"" if these are only padding, or the end."""
        fed = fed.lstrip(b"\0")  # tapes and some writers pad with zeros
        if not fed:
            return b""
        if len(fed) < 4:
            fed += self._source.read(4)
        if self._codec.begins.match(fed) is None:
            return self._end("has other bytes behind it, which were not read")
        self._decoder = self._codec.new()
        return fed

    def _decompress(self, fed: bytes) -> bytes:
        decoder = self._decoder
        if decoder is None:
            return b""
        if self._given > BOMB_BYTES and self._given > BOMB_RATIO * self._taken:
            return self._end(f"unpacks to more than {BOMB_RATIO} times its size: a bomb?", _STOPPED)
        try:
            text = decoder.decompress(fed)
        except _ERRORS as error:
            return self._end(f"is damaged: {error}")
        if decoder.eof:
            self._rest, self._decoder = decoder.unused_data, None
        self._taken += len(fed) - len(self._rest)
        self._given += len(text)
        return text

    def _end(self, problem: str, cure: str = _CURE) -> bytes:
        self._done = True
        if problem:
            self._complain(f"the {self._codec.name} stream {problem}", cure)
        return b""
