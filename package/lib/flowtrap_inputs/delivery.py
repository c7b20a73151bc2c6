"""Events to splunkd: the XML stream of a modular input, on standard output.

    <stream><event stanza="flowtrap_gws://corp"><time>1764000000.123</time>
    <sourcetype>gws:reports:drive</sourcetype><data>{"kind": …}</data></event></stream>

The vendor's bytes go out as they came, escaped as XML asks. What XML cannot hold at all (a control
character, which JSON may not hold either, or U+FFFE) goes as JSON's own `\\uXXXX`.

All inputs of a process write to one `Stream`, in order of arrival. It keeps at most CHUNK_BYTES
back, then writes, and the writer waits as long as splunkd is slow: that is the back-pressure.
"""

from __future__ import annotations

import re
import threading
from typing import IO, TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from .errors import DeliveryClosed

if TYPE_CHECKING:
    from re import Match

CHUNK_BYTES = 64 * 1024
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Event(NamedTuple):
    """One event: the vendor's bytes, when it happened (ms since 1970, UTC; None: unknown)."""

    content: bytes
    time_ms: int | None
    sourcetype: str
    index: str = ""


class Stream:
    """The pipe to splunkd. Raises DeliveryClosed when nobody reads it any more."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()
        self._waiting = bytearray(b"<stream>")
        self._closed = False

    def put(self, stanza: str, event: Event) -> int:
        """Take an event; write what waits if it is a chunk or more. Return its bytes, as written."""
        text = _xml(stanza, event)
        with self._lock:
            self._waiting += text
            if len(self._waiting) >= CHUNK_BYTES:
                self._write()
        return len(text)

    def flush(self) -> None:
        """Return when all that was put is in the pipe."""
        with self._lock:
            self._write()

    def close(self) -> None:
        """End the stream; nothing happens where splunkd has closed it already."""
        with self._lock:
            if not self._closed:
                self._waiting += b"</stream>\n"
                try:
                    self._write()
                except DeliveryClosed:
                    return  # it is gone, which is what was wanted
                self._closed = True

    def _write(self) -> None:
        if self._closed:
            raise DeliveryClosed("the stream of events is closed")
        try:
            self._pipe.write(self._waiting)
            self._pipe.flush()
        except (OSError, ValueError) as error:
            self._closed = True
            raise DeliveryClosed(f"splunkd takes no more events: {error}") from None
        self._waiting.clear()


def _xml(stanza: str, event: Event) -> bytes:
    parts = [f"<event stanza={quoteattr(stanza)}>"]
    if event.time_ms is not None:
        parts.append(f"<time>{event.time_ms // 1000}.{event.time_ms % 1000:03d}</time>")
    if event.index:
        parts.append(f"<index>{escape(event.index)}</index>")
    parts.append(f"<sourcetype>{escape(event.sourcetype)}</sourcetype><data>")
    parts.append(_data(event.content))
    parts.append("</data></event>\n")
    return "".join(parts).encode()


def _data(content: bytes) -> str:
    text = content.decode("utf-8", "surrogateescape")
    return escape(_NOT_XML.sub(_as_json, text), {"\r": "&#13;"})


def _as_json(found: Match[str]) -> str:
    """Return a character as JSON writes it; a byte that is no UTF-8 as the character U+FFFD."""
    code = ord(found.group())
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else f"\\u{code:04x}"
