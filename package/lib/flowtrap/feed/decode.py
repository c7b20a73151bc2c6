"""The one place that decodes a record's text, and that knows of optional third-party modules.

Everything works without them. `ahocorasick_rs` only makes finding faster, and `orjson` decoding: a
text that it refuses is tried again with the standard library, so that what counts as JSON does not
depend on what is installed (one known difference: orjson reads integers beyond 64 bits as floats).
zstandard, or Python 3.14's own `compression.zstd`, is needed to read .zst files at all.

Example: `loads(b'{"eventName": "Invoke"}')` is `{"eventName": "Invoke"}`; `loads(b"NaN")` raises.
"""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any, Callable, NoReturn

if TYPE_CHECKING:
    from typing import Protocol

    class Decompressor(Protocol):
        """What zlib, zstandard and compression.zstd have in common."""

        @property
        def eof(self) -> bool: ...

        @property
        def unused_data(self) -> bytes: ...

        def decompress(self, data: bytes, /) -> bytes: ...


def _optional(name: str) -> Any:
    """Return a module that may be absent, or None."""
    try:
        return import_module(name)
    except ImportError:
        return None


ahocorasick = _optional("ahocorasick_rs")
orjson = _optional("orjson")
zstandard = _optional("zstandard")
own_zstd = _optional("compression.zstd")  # Python 3.14

ZSTD_ERRORS: tuple[type[Exception], ...] = tuple(
    module.ZstdError for module in (zstandard, own_zstd) if module is not None
)
BOM = b"\xef\xbb\xbf"
LONG_BYTES = 1_000_000
MOST_VALUES = 500_000  # in one text; each takes up to 240 bytes of memory
_SLICE_BYTES = 64 * 1024


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


class _Choice:
    """Which decoder is tried first, and whether anything but the standard library is used."""

    fast: Callable[[bytes], object] | None = orjson.loads if orjson is not None else None
    accelerated = True


def set_accelerators(on: bool) -> None:
    """Use orjson and ahocorasick_rs where installed, or (False) the standard library alone."""
    _Choice.fast = orjson.loads if on and orjson is not None else None
    _Choice.accelerated = on


def fast_finder(text: bytes) -> Callable[[bytes], list[tuple[int, int, int]]] | None:
    """Return what finds all places of a text as (0, start, end) in one call, if it is installed."""
    if ahocorasick is None or not _Choice.accelerated:
        return None
    return ahocorasick.BytesAhoCorasick([text]).find_matches_as_indexes  # type: ignore[no-any-return]


def loads(text: bytes) -> object:
    """Decode one JSON text.

    Of equal keys the last wins. Bytes that are not UTF-8 become U+FFFD, NUL bytes become spaces
    and a byte-order mark is dropped, but only in a text that cannot be decoded as it is. Raises
    ValueError for what is not JSON, NaN and Infinity included, for nesting without end, and for a
    long text of so many values that it would swell to a multiple of its size.
    """
    if len(text) > LONG_BYTES and _count_values(text) > MOST_VALUES:
        raise ValueError(f"more than {MOST_VALUES:,} values in one record")
    if _Choice.fast is not None:
        try:
            return _Choice.fast(text)
        except ValueError:
            pass
    return _standard(text)


def _standard(text: bytes) -> object:
    try:
        return _DECODER.decode(_as_text(text))
    except RecursionError:
        raise ValueError("nested too deep") from None


def _count_values(text: bytes) -> int:
    """Return how many values a JSON text may hold: brackets and commas outside of strings."""
    text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    count, inside = 0, False
    for start in range(0, len(text), _SLICE_BYTES):
        parts = text[start : start + _SLICE_BYTES].split(b'"')
        outside = b"".join(parts[inside::2])
        count += sum(map(outside.count, (b",", b"[", b"{")))
        inside ^= len(parts) % 2 == 0
    return count


def _as_text(text: bytes) -> str:
    if b"\0" in text:
        text = text.replace(b"\0", b" ")
    return text.decode("utf-8-sig", "replace") if _is_damaged(text) else text.decode("utf-8")


def _is_damaged(text: bytes) -> bool:
    if text.startswith(BOM):
        return True
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def can_read_zstd() -> bool:
    """True if a module that reads zstd is installed."""
    return zstandard is not None or own_zstd is not None


def zstd_decompressor() -> Decompressor:
    """Return a decompressor for one zstd frame. Ask `can_read_zstd` first."""
    if own_zstd is not None:
        return own_zstd.ZstdDecompressor()  # type: ignore[no-any-return]
    return zstandard.ZstdDecompressor().decompressobj()  # type: ignore[no-any-return]
