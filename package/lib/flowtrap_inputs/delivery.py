"""Events to splunkd: the XML stream of a modular input, on standard output.

    <stream><event stanza="flowtrap_workspace://corp"><time>1764000000.123</time>
    <sourcetype>gws:reports:drive</sourcetype><data>{"kind": …}</data></event></stream>

The vendor's bytes go out as they came, escaped as XML asks. What XML cannot hold at all (a control
character, which JSON may not hold either, or U+FFFE) goes as JSON's own `\\uXXXX`.

At most CHUNK_BYTES are kept back; then they are written, and the input waits as long as splunkd is
slow: that is the back-pressure, and why memory does not grow. What is in the pipe is splunkd's.
"""

from __future__ import annotations

import re
import threading
from typing import IO, TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from .errors import ClosedError

if TYPE_CHECKING:
    from re import Match

    from .health import Health

CHUNK_BYTES = 64 * 1024
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class EventStream:
    """The pipe to splunkd, in order of arrival; threads may share it.

    Raises ClosedError when nobody reads it any more.
    """

    def __init__(self, pipe: IO[bytes], stanza: str, health: Health) -> None:
        self._pipe, self._health = pipe, health
        self._begin = f"<event stanza={quoteattr(stanza)}>"
        self._lock = threading.Lock()
        self._waiting = bytearray(b"<stream>\n")
        self._closed = False

    def write(
        self,
        event: bytes,
        *,
        time_s: float | None,
        sourcetype: str,
        index: str = "",
        source: str = "",
        host: str = "",
    ) -> None:
        """Take one event; it may wait until `flush`. Without a time splunkd takes its own."""
        when = "" if time_s is None else f"<time>{time_s:.3f}</time>"
        tags = {"index": index, "sourcetype": sourcetype, "source": source, "host": host}
        about = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in tags.items() if text)
        text = f"{self._begin}{when}{about}<data>{_data(event)}</data></event>\n".encode()
        with self._lock:
            self._waiting += text
            if len(self._waiting) >= CHUNK_BYTES:
                self._write()
        self._health.delivered(len(event), time_s)

    def flush(self) -> None:
        """Return when all that was written is in the pipe."""
        with self._lock:
            self._write()

    def tell(self, event: bytes, **where: str) -> None:
        """Write an event of the input about itself, which its figures do not count."""
        about = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in where.items())
        with self._lock:
            self._waiting += f"{self._begin}{about}<data>{_data(event)}</data></event>\n".encode()
            self._write()

    def close(self) -> None:
        """End the stream."""
        with self._lock:
            self._waiting += b"</stream>\n"
            self._write()
            self._closed = True

    def _write(self) -> None:
        if self._closed:
            raise ClosedError("the stream of events has ended")
        try:
            self._pipe.write(self._waiting)
            self._pipe.flush()
        except (OSError, ValueError) as error:
            self._closed = True
            raise ClosedError(f"splunkd takes no more events: {error}") from None
        self._waiting.clear()


def _data(content: bytes) -> str:
    text = content.decode("utf-8", "surrogateescape")
    return escape(_NOT_XML.sub(_as_json, text), {"\r": "&#13;"})


def _as_json(found: Match[str]) -> str:
    """Return a character as JSON writes it; a byte that is no UTF-8 as U+FFFD."""
    code = ord(found.group())
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else f"\\u{code:04x}"
