"""Runs one search command: answers splunkd's chunks until the last one.

    sys.exit(serve(ChainDetect, "chaindetect", sys.stdin.buffer, sys.stdout.buffer))

What goes wrong is told as one message in the search's own job, and the search fails. A pipe that
ends before the last chunk means that the search was ended: nothing is finished, nothing is saved.
"""

from __future__ import annotations

import contextlib
import math
import sys
import traceback
from typing import IO, TYPE_CHECKING, Any, Callable, NamedTuple, Protocol

from flowtrap.model.errors import FlowtrapError

from .protocol import Table, read_chunk, read_table, table_bytes, write_chunk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .protocol import Chunk, PassOver

MESSAGE_CHARACTERS = 2_000


class SearchInfo(NamedTuple):
    """What splunkd says of the search: arguments, who runs it, and how to reach splunkd."""

    args: tuple[str, ...]
    preview: bool = False
    session_key: str = ""
    splunkd_uri: str = ""
    sid: str = ""
    latest_s: float = 0.0  # where its time range ends; 0 where it does not

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any]) -> SearchInfo:
        """Read the metadata of a getinfo chunk."""
        info = metadata.get("searchinfo")
        info = info if isinstance(info, dict) else {}
        args = info.get("args")
        return cls(
            tuple(map(str, args)) if isinstance(args, list) else (),
            bool(metadata.get("preview")),
            str(info.get("session_key") or ""),
            str(info.get("splunkd_uri") or ""),
            str(info.get("sid") or ""),
            _seconds(info.get("latest_time")),
        )


def _seconds(value: object) -> float:
    """Return a time as splunkd writes it, 0 where it is none (`0`, `+Infinity`, nothing)."""
    try:
        seconds = float(str(value))
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) else 0.0


class Messages:
    """What a command tells the person who runs the search, besides rows."""

    def __init__(self) -> None:
        self._rows: list[list[str]] = []

    def info(self, text: str) -> None:
        """Tell a fact."""
        self._rows.append(["INFO", text[:MESSAGE_CHARACTERS]])

    def warn(self, text: str) -> None:
        """Tell of something that may make the result wrong."""
        self._rows.append(["WARN", text[:MESSAGE_CHARACTERS]])

    def take(self) -> dict[str, Any]:
        """Return what is to be told now, as a part of a chunk's metadata."""
        rows, self._rows = self._rows, []
        return {"inspector": {"messages": rows}} if rows else {}


class Command(Protocol):
    """A search command. `kind` is splunkd's word for its type; `preview` whether it runs then."""

    kind: str
    preview: bool

    def __init__(self, info: SearchInfo, messages: Messages) -> None:
        """Check the arguments; raises FlowtrapError."""

    def choose(self, columns: Sequence[str]) -> PassOver | None:
        """Return what tells from a row's CSV text that it need not be taken apart, or None."""

    def take(self, table: Table) -> Table:
        """Take the rows of one chunk; return those that are ready to go."""

    def finish(self) -> Table:
        """Return the rows that are left when all input is in."""

    def settle(self) -> None:
        """Do what must wait until all rows are out."""


def serve(
    make: Callable[[SearchInfo, Messages], Command], name: str, read: IO[bytes], write: IO[bytes]
) -> int:
    """Run a command over a pair of pipes; return the exit code."""
    messages = Messages()
    try:
        return _serve(make, messages, read, write)
    except BrokenPipeError:
        return 0  # the search needs no more rows
    except FlowtrapError as error:
        return _fail(write, f"{name}: {error}")
    except Exception as error:
        traceback.print_exc()  # stderr: splunkd writes it into search.log
        return _fail(write, f"{name}: internal error, please report it: {error!r} (see search.log)")


def _serve(
    make: Callable[[SearchInfo, Messages], Command],
    messages: Messages,
    read: IO[bytes],
    write: IO[bytes],
) -> int:
    first = read_chunk(read)
    if first is None:
        return 0
    command = make(SearchInfo.from_metadata(first.metadata), messages)
    fields = {"required_fields": ["*"], "run_in_preview": command.preview}
    write_chunk(write, {"type": command.kind, "generating": False, **fields, **messages.take()})
    while True:
        chunk = read_chunk(read)
        if chunk is None:
            return 0
        if _answer(chunk, command, messages, write):
            command.settle()
            return 0


def _answer(chunk: Chunk, command: Command, messages: Messages, write: IO[bytes]) -> bool:
    """Answer one chunk; tell whether it was the last."""
    finished = bool(chunk.metadata.get("finished"))
    table = command.take(read_table(chunk.body, command.choose)) if chunk.body else Table((), ())
    body = table_bytes(table)
    if finished:
        last = command.finish()
        body = table_bytes(joined(table, last)) if last.columns else body
    write_chunk(write, {"finished": finished, **messages.take()}, body)
    return finished


def joined(one: Table, other: Table) -> Table:
    """Return two tables as one, with the columns of both."""
    if not one.columns or list(one.columns) == list(other.columns):
        return Table(other.columns, [*one.rows, *other.rows])
    columns = list(dict.fromkeys([*one.columns, *other.columns]))
    rows = [
        [cells.get(name, "") for name in columns]
        for table in (one, other)
        for cells in (dict(zip(table.columns, row)) for row in table.rows)
    ]
    return Table(columns, rows)


def _fail(write: IO[bytes], text: str) -> int:
    """Tell an error as the one and last message."""
    sys.stderr.write(text + "\n")
    messages = {"inspector": {"messages": [["ERROR", text[:MESSAGE_CHARACTERS]]]}}
    with contextlib.suppress(OSError):
        write_chunk(write, {"finished": True, **messages})
    return 1
