"""The part of a stream that a splitter has in hand, and moves along.

Example: after `window.skip_blank()`, the next value begins at `window.text[window.at]`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from .structure import list_opening

if TYPE_CHECKING:
    from .structure import Opening

LOOK_BYTES = 64 * 1024  # an envelope is shorter than this
_BETWEEN = re.compile(rb"[^\s\0,\x1e]")  # commas, and the separator of RFC 7464


class Window:
    """`text` is in hand; all of it before `at` is done with. `ended`: the stream has no more."""

    def __init__(self, stream: BinaryIO, chunk_bytes: int) -> None:
        self._stream, self._chunk_bytes = stream, chunk_bytes
        self.text, self.at, self.ended = b"", 0, False

    def more(self) -> bool:
        """Read on; the amount grows with what is held, so that scanning again stays linear."""
        held = len(self.text) - self.at
        chunk = self._stream.read(max(self._chunk_bytes, held))
        self.text, self.at = self.text[self.at :] + chunk, 0
        self.ended = not chunk
        return not self.ended

    def skip_blank(self) -> bytes:
        """Pass over what is between values; return the next byte, b"" at the end."""
        while True:
            found = _BETWEEN.search(self.text, self.at)
            if found:
                self.at = found.start()
                return found[0]
            self.at = len(self.text)
            if not self.more():
                return b""

    def look_for_list(self) -> Opening | None:
        """Return where a list of records begins in the value at `at`."""
        while len(self.text) - self.at < LOOK_BYTES and not self.ended and self.more():
            pass
        return list_opening(self.text, self.at)

    def take(self, end: int) -> bytes:
        """Return the text up to `end` on one line, and be done with it."""
        piece = self.text[self.at : end]
        self.at = end
        return one_line(piece)


def one_line(piece: bytes) -> bytes:
    """Return a JSON text without line ends; they mean nothing in it."""
    return piece.replace(b"\r", b" ").replace(b"\n", b" ") if b"\n" in piece else piece
