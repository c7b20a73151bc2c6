"""From a byte stream to the texts of its records: which layout is this, and where do records end?

    stream = source.open()
    framed = record_lines(stream, source.label, report)
    for line in framed.lines: ...

One record a line is by far the most common layout and costs nothing here: `lines` is then the
buffered stream itself. Documents are split by `documents`, tables by `csv_rows`.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from .csv_rows import csv_records, is_table
from .documents import Splitter
from .streams import MAX_RECORD_BYTES, GuardedRaw, TranscodedRaw, buffered, complainer
from .structure import is_one_value, list_opening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Callable

    from flowtrap.model.errors import FlowtrapError

LINES_LOOKED_AT = 4
_BLANK = b" \t\r\n\0"
_ARRAY = re.compile(rb'\[\s*[\[{"\]]').match


class Framed(NamedTuple):
    """The records' texts, one an item, without line ends inside.

    `plain`: the items are the bytes of the stream line by line, line ends included, so that a
    line's offset is the sum of the lengths before it. A plain line need not be a record: it may be
    blank, text, a wrapper, or an array.
    """

    lines: Iterator[bytes]
    plain: bool


def record_lines(
    stream: BinaryIO,
    place: str = "input",
    report: Callable[[FlowtrapError], None] | None = None,
    limit_bytes: int = MAX_RECORD_BYTES,
) -> Framed:
    """Tell the layout of a stream at its start and return its records.

    `report` gets an InputError for a cut or damaged document and for each record over
    `limit_bytes`, and the rest is still read; without `report` it is raised. A stream of
    `Source.open` is used as it is, any other is buffered first and must not be read meanwhile.
    """
    complain = complainer(place, report)
    lines: Any = _guarded(stream) or buffered(stream, complain)
    head = lines.peek(1)
    encoding = _encoding(head)
    if encoding:
        decoded: Any = TranscodedRaw(lines, encoding)
        return record_lines(decoded, place, report, limit_bytes)._replace(plain=False)
    start = head.lstrip(_BLANK)
    if start[:1] in (b"{", b"[") and is_document(start):
        return Framed(Splitter(lines, complain, limit_bytes).records(), plain=False)
    lines.raw.limit_lines(len(head) - head.rfind(b"\n") - 1, limit_bytes)
    if is_table(start):
        return Framed(csv_records(lines, complain), plain=False)
    return Framed(lines, plain=True)


def split_exact(text: bytes) -> Iterator[bytes]:
    """Yield the JSON texts that a piece holds which is not one JSON text itself.

    Nothing is lost: what is not JSON comes as it is.
    """
    return Splitter(io.BytesIO(text), lambda problem, cure: None, len(text) + 1).records()


def _guarded(stream: Any) -> Any:
    """Return the stream if it is one of `Source.open`."""
    return stream if isinstance(getattr(stream, "raw", None), GuardedRaw) else None


def _encoding(head: bytes) -> str:
    """Return the name of the encoding if it is UTF-16 or UTF-32, else "" (PowerShell's default)."""
    if head[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        return "utf-32"
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    sample = head[:64]
    if len(sample) < 4 or not sample.strip(b"\0"):
        return ""
    if not sample[1::2].strip(b"\0") and b"\0" not in sample[::2]:
        return "utf-16-le"
    if not sample[::2].strip(b"\0") and b"\0" not in sample[1::2]:
        return "utf-16-be"
    return ""


def is_document(start: bytes) -> bool:
    """Tell whether JSON that begins so must be split by structure rather than by lines.

    Lines it is if one of the first begins at the margin and is exactly one object, or if it is all
    there is. `{"Records": [` and its like are documents also where each fills a line.
    """
    if start[:1] == b"[":
        return _ARRAY(start) is not None
    if list_opening(start, 0):
        return True
    lines = start.split(b"\n", LINES_LOOKED_AT)
    if len(lines) == 1:
        return not is_one_value(start)
    return not any(line[:1] == b"{" and is_one_value(line) for line in lines[:LINES_LOOKED_AT])
