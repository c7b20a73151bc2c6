"""Byte streams that survive what log files are made of: bad disks, encodings, endless lines.

Each is a raw stream for `io.BufferedReader`, so that the consumer iterates lines at C speed. None
of them raises for bad input: it complains, once, and then behaves as if the stream had ended.

Example: `buffered(io.FileIO("a.jsonl"), complainer("a.jsonl", report))` is a buffered reader.
"""

from __future__ import annotations

import codecs
import io
import re
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, BinaryIO, Callable

from flowtrap.model.errors import InputError

from .decode import BOM

if TYPE_CHECKING:
    from flowtrap.model.errors import FlowtrapError

Complain = Callable[[str, str], None]  # (problem, cure)
BUFFER_BYTES = 256 * 1024
MAX_RECORD_BYTES = 16_000_000  # vendors end at 1 MB; reading one takes some six times its size
_NEWLINE = re.compile(b"\n")
_TAIL_BYTES = 4096


def complainer(place: str, report: Callable[[FlowtrapError], None] | None) -> Complain:
    """Return a function that reports an InputError at this place, or raises it if none listens."""

    def complain(problem: str, cure: str) -> None:
        error = InputError(problem, place=place, cure=cure)
        if report is None:
            raise error
        report(error)

    return complain


def buffered(inner: Any, complain: Complain, size_bytes: int = BUFFER_BYTES) -> io.BufferedReader:
    """Return a buffered reader over a guarded `inner` (anything with readinto)."""
    return io.BufferedReader(GuardedRaw(inner, complain), size_bytes)


def over_long(limit_bytes: int) -> tuple[str, str]:
    """Return problem and cure for a record beyond the limit; one wording for all layouts."""
    return (
        f"a line or record of more than {limit_bytes:,} bytes was left out; the rest is read",
        "write one record a line",
    )


class GuardedRaw(io.RawIOBase):
    """A raw stream that keeps offsets true and any line within `limit_bytes`.

    The first read goes on until a whole line is in the buffer, so that `peek` shows enough to tell
    the layout, also on a slow pipe. A UTF-8 byte-order mark becomes spaces. Of a line beyond the
    limit (once `limit_lines` was called) the rest is overwritten with blank lines of equal length.
    Cost: a few microseconds per 256 KiB. The limit is checked per buffer, not per byte.
    """

    def __init__(self, inner: Any, complain: Complain) -> None:
        super().__init__()
        self.complain = complain
        self._inner = inner
        self._read = getattr(inner, "readinto1", inner.readinto)
        self._begun = False
        self._limit_bytes = 0
        self._run_bytes = 0  # since the last newline
        self._skipping = False

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self._inner.seekable())

    def tell(self) -> int:
        return int(self._inner.tell())

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._begun, self._run_bytes, self._skipping = True, 0, False
        return int(self._inner.seek(offset, whence))

    def close(self) -> None:
        if not self.closed:
            self._inner.close()
        super().close()

    def limit_lines(self, run_bytes: int, limit_bytes: int = MAX_RECORD_BYTES) -> None:
        """Guard the lines from here on; `run_bytes` of the present line have been read."""
        self._run_bytes, self._limit_bytes = run_bytes, limit_bytes

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        count = self._some(view) if self._begun else self._first(view)
        if count and self._limit_bytes:
            self._hold(view[:count])
        return count

    def _some(self, view: memoryview) -> int:
        try:
            return self._read(view) or 0
        except OSError as error:
            self.complain(f"reading stopped: {error.strerror or error}", "check the file or disk")
            return 0

    def _first(self, view: memoryview) -> int:
        self._begun = True
        count = more = self._some(view)
        while more and count < len(view) and _NEWLINE.search(view[:count]) is None:
            more = self._some(view[count:])
            count += more
        if view[:3] == BOM:
            view[:3] = b"   "
        return count

    def _hold(self, view: memoryview) -> None:
        if self._skipping and self._still_skipping(view):
            return
        last = _last_newline(view)
        self._run_bytes = self._run_bytes + len(view) if last < 0 else len(view) - last - 1
        if self._run_bytes > self._limit_bytes:
            self.complain(*over_long(self._limit_bytes))
            _blank(view[last + 1 :])
            self._skipping, self._run_bytes = True, 0

    def _still_skipping(self, view: memoryview) -> bool:
        newline = _NEWLINE.search(view)
        _blank(view[: newline.end()] if newline else view)
        self._skipping = newline is None
        return self._skipping


def _last_newline(view: memoryview) -> int:
    start = max(0, len(view) - _TAIL_BYTES)
    at = bytes(view[start:]).rfind(b"\n")
    return at + start if at >= 0 else bytes(view[:start]).rfind(b"\n")


def _blank(view: memoryview) -> None:
    view[:] = b" " * (len(view) - 1) + b"\n"


class DerivedRaw(io.RawIOBase):
    """A raw stream made of another: `_next` returns the next bytes, and at the end sets `_done`."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        self._source = source
        self._ready = memoryview(b"")
        self._done = False

    @abstractmethod
    def _next(self) -> bytes: ...

    def readable(self) -> bool:
        """Return True."""
        return True

    def close(self) -> None:
        """Close the stream beneath as well."""
        if not self.closed:
            self._source.close()
        super().close()

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer; 0 at the end of what can be read."""
        while not self._ready and not self._done:
            self._ready = memoryview(self._next())
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count


class TranscodedRaw(DerivedRaw):
    """A stream in another encoding, as UTF-8; bytes that cannot be read become U+FFFD."""

    def __init__(self, source: BinaryIO, encoding: str) -> None:
        super().__init__(source)
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")

    def _next(self) -> bytes:
        chunk = self._source.read(64 * 1024)
        self._done = not chunk
        return self._decoder.decode(chunk, self._done).encode("utf-8", "replace")
