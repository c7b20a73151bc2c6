"""The search command protocol, version 2: chunks of JSON and CSV over a pipe.

A chunk is `chunked 1.0,<metadata bytes>,<body bytes>\\n`, then the metadata as JSON and the body as
CSV with a header. splunkd sends one `getinfo`, then `execute` chunks, the last of which says
`finished`; each is answered by exactly one chunk. An empty value may still have a twin column
`__mv_<field>` with several: `$one$;$two$`, a dollar sign in them doubled.

Own code rather than splunklib, which makes a dictionary per row: see bench/splunk_protocol.py.
"""

from __future__ import annotations

import csv
import json
import re
from io import BytesIO, StringIO, TextIOWrapper
from typing import IO, TYPE_CHECKING, Any, Callable, NamedTuple

from .errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MAX_FIELD_CHARACTERS = 64 * 1024 * 1024
MAX_CHUNK_BYTES = 1 << 31
_START = re.compile(rb"chunked\s+1\.0\s*,\s*(\d{1,12})\s*,\s*(\d{1,12})\s*\n")
_MV = re.compile(r"\$((?:[^$]|\$\$)*)\$(?:;|$)")
csv.field_size_limit(MAX_FIELD_CHARACTERS)


class Chunk(NamedTuple):
    """One message of either side."""

    metadata: Mapping[str, Any]
    body: bytes


class Table(NamedTuple):
    """Rows under columns: what a body holds, and what a command gives back."""

    columns: Sequence[str]
    rows: Iterable[Sequence[str]]


NO_ROWS = Table((), ())


def read_chunk(stream: IO[bytes]) -> Chunk | None:
    """Return the next chunk, None where the stream has ended; raise ProtocolError."""
    line = stream.readline(200)
    if not line:
        return None
    found = _START.fullmatch(line)
    if not found:
        raise ProtocolError(f"{line[:60]!r} begins no chunk", cure="set chunked = true")
    sizes = int(found[1]), int(found[2])
    if max(sizes) > MAX_CHUNK_BYTES:
        raise ProtocolError(f"a chunk of {max(sizes)} bytes is too large")
    text, body = (_exactly(stream, size) for size in sizes)
    try:
        metadata = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise ProtocolError(f"a chunk's metadata is not JSON: {error}") from None
    if not isinstance(metadata, dict):
        raise ProtocolError("a chunk's metadata is not an object")
    return Chunk(metadata, body)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    pieces: list[bytes] = []
    while size:
        piece = stream.read(size)
        if not piece:
            raise ProtocolError("the stream ended in the middle of a chunk")
        pieces.append(piece)
        size -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def write_chunk(stream: IO[bytes], metadata: Mapping[str, Any], body: bytes = b"") -> None:
    """Write one chunk and see it off."""
    text = json.dumps(metadata, separators=(",", ":")).encode()
    stream.write(b"chunked 1.0,%d,%d\n" % (len(text), len(body)) + text + body)
    stream.flush()


PassOver = Callable[[bytes], bool]


def read_table(
    body: bytes, choose: Callable[[Sequence[str]], PassOver | None] = lambda columns: None
) -> Table:
    """Return a body's columns, and its rows one by one; rows may be short.

    `choose(columns)` may return what tells from a row's CSV text that it is not wanted: to take a
    row apart costs more than anything else that is done with most of them.
    """
    stream = BytesIO(body)
    columns = _next_row(csv.reader([stream.readline().decode("utf-8", "replace")]))
    pass_over = choose(columns)
    if pass_over is None:
        text = TextIOWrapper(stream, "utf-8", "replace", newline="")
        return Table(columns, _rows(csv.reader(text)))
    return Table(columns, _rows(csv.reader(_wanted(stream, pass_over))))


def _wanted(lines: Iterable[bytes], pass_over: PassOver) -> Iterator[str]:
    """Yield the rows to take apart; one whose quotes are not closed goes on in the next line."""
    begun = b""
    for line in lines:
        row = begun + line if begun else line
        if row.count(b'"') & 1:
            begun = row
        else:
            begun = b""
            if not pass_over(row):
                yield row.decode("utf-8", "replace")
    if begun:
        yield begun.decode("utf-8", "replace")


def _next_row(rows: Iterator[list[str]]) -> list[str]:
    try:
        return next(rows, [])
    except csv.Error as error:
        raise ProtocolError(f"a chunk's header is not CSV: {error}") from None


def _rows(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from rows
    except csv.Error as error:
        raise ProtocolError(f"a chunk's body is not CSV: {error}") from None


def table_bytes(table: Table) -> bytes:
    """Return a table as a body, empty where it has no columns."""
    if not table.columns:
        return b""
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(table.rows)
    return text.getvalue().encode("utf-8", "replace")


def mv_values(text: str) -> list[str]:
    """Return the values that a `__mv_` cell holds."""
    return [value.replace("$$", "$") for value in _MV.findall(text)]


def mv_text(values: Sequence[str]) -> str:
    """Return values as a `__mv_` cell, empty where there are not several."""
    if len(values) < 2:
        return ""
    return ";".join("$" + value.replace("$", "$$") + "$" for value in values)
