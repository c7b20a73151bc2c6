"""The waiting room: records that matter only if their join key meets an anchor.

Of each only the hash of its key and its place in the input are kept, 16 bytes in flat arrays, and
beyond a cap those go to a temporary file. A place in a plain file is read again from the file;
records from streams (stdin, gzip, documents) are copied to a spool when they come to wait.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from functools import partial
from itertools import groupby
from typing import IO, TYPE_CHECKING, Any, Callable, NamedTuple

from flowtrap.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ENTRIES_KEPT = 3_000_000
CHUNK = 100_000
SPOOL = 1 << 62  # places from here on are offsets in the spool


class _Source(NamedTuple):
    """Where a source's places begin; `context` is what its records need to be read."""

    base: int
    open: Callable[[], IO[bytes]] | None
    label: str
    context: Any


class WaitingRoom:
    """Takes records in, and gives back those whose key is wanted.

    `open_spill` opens a scratch file; `report` is told of a source that cannot be read again.
    """

    def __init__(
        self, open_spill: Callable[[], IO[bytes]], report: Callable[[InputError], None]
    ) -> None:
        self._open_spill = open_spill
        self._report = report
        self._hashes, self._places = array("q"), array("Q")
        self._overflow: list[tuple[IO[bytes], int]] = []
        self._files: list[_Source] = []
        self._streams: list[_Source] = []
        self._spool: IO[bytes] | None = None
        self._spooling = False
        self._base = self._end_of_files = 0
        self._done: set[int] = set()

    def begin(
        self, label: str, open_again: Callable[[], IO[bytes]] | None, size: int, context: Any
    ) -> None:
        """Start a source of `size` bytes; what waits from now on is of it.

        `open_again` is None for a stream; `context` comes back with each of its records.
        """
        self._spooling = open_again is None
        if self._spooling:
            if self._spool is None:
                self._spool = self._open_spill()
            start = SPOOL + self._spool.seek(0, 2)
            self._streams.append(_Source(start, None, label, context))
            return
        self._base = self._end_of_files
        self._files.append(_Source(self._base, open_again, label, context))
        self._end_of_files += size + 1

    def wait(self, line: bytes, offset: int, keys: list[tuple[str, bytes]]) -> None:
        """Let a record wait under its keys; O(1). `offset` is where it begins in a file."""
        place = self._base + offset
        if self._spooling and self._spool is not None:
            place = SPOOL + self._spool.tell()
            self._spool.write(line if line.endswith(b"\n") else line + b"\n")
        for key in keys:
            self._hashes.append(hash(key))
            self._places.append(place)
        if len(self._hashes) >= ENTRIES_KEPT:
            self._overflow_to_disk()

    def _overflow_to_disk(self) -> None:
        scratch = self._open_spill()
        self._hashes.tofile(scratch)
        self._places.tofile(scratch)
        self._overflow.append((scratch, len(self._hashes)))
        self._hashes, self._places = array("q"), array("Q")

    def take(self, wanted: Iterable[tuple[str, bytes]]) -> Iterator[tuple[bytes, Any]]:
        """Yield (record, context) for the records that wait under a wanted key, each once."""
        hashes = {hash(key) for key in wanted}
        places = sorted({p for p in self._places_of(hashes) if p not in self._done})
        self._done.update(places)
        yield from self._read(places)

    @property
    def taken(self) -> int:
        """Return how many records were given back."""
        return len(self._done)

    def _places_of(self, wanted: set[int]) -> Iterator[int]:
        if not wanted:
            return
        for hashes, places in self._arrays():
            yield from (place for key, place in zip(hashes, places) if key in wanted)

    def _arrays(self) -> Iterator[tuple[array[int], array[int]]]:
        for scratch, count in self._overflow:
            for start in range(0, count, CHUNK):
                size = min(CHUNK, count - start)
                hashes, places = array("q"), array("Q")
                scratch.seek(8 * start)
                hashes.fromfile(scratch, size)
                scratch.seek(8 * (count + start))
                places.fromfile(scratch, size)
                yield hashes, places
        yield self._hashes, self._places

    def _read(self, places: list[int]) -> Iterator[tuple[bytes, Any]]:
        """Yield the records at some places, in order; O(1) memory."""
        for sources, floor in ((self._files, 0), (self._streams, SPOOL)):
            bases = [source.base for source in sources]
            chosen = [place for place in places if (place >= SPOOL) == (floor == SPOOL)]
            for number, group in groupby(chosen, partial(bisect_right, bases)):
                yield from self._read_source(sources[number - 1], group)

    def _read_source(self, source: _Source, places: Iterable[int]) -> Iterator[tuple[bytes, Any]]:
        stream = self._spool if source.open is None else self._reopened(source)
        if stream is None:
            return
        base = SPOOL if stream is self._spool else source.base
        for place in places:
            stream.seek(place - base)
            yield stream.readline(), source.context
        if stream is not self._spool:
            stream.close()

    def _reopened(self, source: _Source) -> IO[bytes] | None:
        try:
            return source.open() if source.open else None
        except OSError as error:
            self._report(
                InputError(
                    f"cannot be read again ({error.strerror or error})",
                    place=source.label,
                    cure="what waited in it is lost: run again on files that stay",
                )
            )
            return None

    def close(self) -> None:
        """Let go of the scratch files."""
        for scratch, _ in self._overflow:
            scratch.close()
        if self._spool is not None:
            self._spool.close()
