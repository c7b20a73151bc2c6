"""The waiting room: records that matter only if their join key meets that of something else.

Records wait in groups: those of one group bear the same kind of key and may match the same stages.
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
    from collections.abc import Iterable, Iterator, Set

ENTRIES_KEPT = 3_000_000
WRITE_BYTES = 256 * 1024
CHUNK = 100_000
SPOOL = 1 << 62  # places from here on are offsets in the spool


class _Source(NamedTuple):
    """Where a source's places begin; `context` is what its records need to be read."""

    base: int
    open: Callable[[], IO[bytes]] | None
    label: str
    context: Any


class _Entries(NamedTuple):
    """Hashes of keys, and beside each the place of the record that bears it."""

    hashes: array[int]
    places: array[int]

    @classmethod
    def none(cls) -> _Entries:
        return cls(array("q"), array("Q"))


class _Stored(NamedTuple):
    """Entries of a group on disk: `size` hashes from `start` on, then their places."""

    file: IO[bytes]
    start: int
    size: int

    def chunks(self) -> Iterator[_Entries]:
        for first in range(0, self.size, CHUNK):
            count = min(CHUNK, self.size - first)
            entries = _Entries.none()
            self.file.seek(self.start + 8 * first)
            entries.hashes.fromfile(self.file, count)
            self.file.seek(self.start + 8 * (self.size + first))
            entries.places.fromfile(self.file, count)
            yield entries


class WaitingRoom:
    """Takes records in, and gives back those whose key is wanted.

    `open_spill` opens a scratch file; `report` is told of a source that cannot be read again.
    """

    def __init__(
        self, open_spill: Callable[[], IO[bytes]], report: Callable[[InputError], None]
    ) -> None:
        self._open_spill = open_spill
        self._report = report
        self._groups: dict[int | None, _Entries] = {}
        self._stored: dict[int | None, list[_Stored]] = {}
        self._held = 0
        self._distinct: dict[int, tuple[int, set[int]]] = {}
        self._asked: dict[int, tuple[tuple[int, Set[int]], list[int]]] = {}
        self._files: list[_Source] = []
        self._streams: list[_Source] = []
        self._spool: IO[bytes] | None = None
        self._spooling = False
        self._spool_end = self._written_to = SPOOL
        self._unwritten: list[bytes] = []  # the spool's end: many small writes are slow
        self._base = self._end_of_files = 0
        self._last = -1
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
            self._streams.append(_Source(self._spool_end, None, label, context))
            return
        self._base = max(self._end_of_files, self._last + 1)  # a file may have grown
        self._files.append(_Source(self._base, open_again, label, context))
        self._end_of_files = self._base + size + 1

    def wait(self, line: bytes, offset: int, keys: list[tuple[int | None, bytes]]) -> int:
        """Let a record wait under its (group, key)s, and return its place; O(1).

        `offset` is where it begins in a file.
        """
        place = self._base + offset
        if self._spooling and self._spool is not None:
            place = self._spool_end
            whole = line if line.endswith(b"\n") else line + b"\n"
            self._spool_end += len(whole)
            self._unwritten.append(whole)
            if self._spool_end - self._written_to >= WRITE_BYTES:
                self._write(self._spool)
        else:
            self._last = place
        for group, key in keys:
            entries = self._groups.get(group)
            if entries is None:
                entries = self._groups[group] = _Entries.none()
            entries.hashes.append(hash(key))
            entries.places.append(place)
        self._held += len(keys)
        if self._held >= ENTRIES_KEPT:
            self._overflow_to_disk()
        return place

    def _write(self, spool: IO[bytes]) -> None:
        spool.seek(0, 2)
        spool.writelines(self._unwritten)
        self._unwritten.clear()
        self._written_to = self._spool_end

    def _overflow_to_disk(self) -> None:
        scratch = self._open_spill()
        for group, (hashes, places) in self._groups.items():
            stored = _Stored(scratch, scratch.tell(), len(hashes))
            hashes.tofile(scratch)
            places.tofile(scratch)
            self._stored.setdefault(group, []).append(stored)
        self._groups.clear()
        self._held = 0

    def hashes(self, group: int) -> set[int]:
        """Return the hashes of all keys in a group."""
        count = self._count(group)
        if group not in self._distinct or self._distinct[group][0] != count:
            found = {key for entries in self._entries(group) for key in entries.hashes}
            self._distinct[group] = count, found
        return self._distinct[group][1]

    def places(self, group: int, wanted: Set[int]) -> list[int]:
        """Return the places in a group that bear a wanted key and were not taken yet, in order."""
        asked = self._count(group), wanted
        if self._asked.get(group, (None, []))[0] != asked:
            found = {
                place
                for hashes, places in (self._entries(group) if wanted else ())
                for key, place in zip(hashes, places)
                if key in wanted
            }
            self._asked[group] = asked, sorted(found)
        return [place for place in self._asked[group][1] if place not in self._done]

    def rest(self, group: int, chosen: Callable[[Any], bool]) -> list[int]:
        """Return the places in a group that were not taken yet, of sources with chosen contexts."""
        found = {place for entries in self._entries(group) for place in entries.places}
        stretches = self._by_source(sorted(found - self._done))
        return [p for source, places in stretches if chosen(source.context) for p in places]

    def copies(self, places: list[int]) -> Iterator[tuple[Any, list[bytes]]]:
        """Yield (context, records) for places of one source after another; they go on waiting."""
        for source, stretch in self._by_source(places):
            yield source.context, [line for line, _ in self._read(source, stretch)]

    def take(self, places: Iterable[int]) -> Iterator[tuple[bytes, Any]]:
        """Yield (record, context) for places that `places` told, each once in all.

        A record that is no longer there comes as an empty one.
        """
        chosen = [place for place in places if place not in self._done]
        self._done.update(chosen)
        for source, stretch in self._by_source(chosen):
            yield from self._read(source, stretch)

    @property
    def taken(self) -> int:
        """Return how many records were given back."""
        return len(self._done)

    def _count(self, group: int) -> int:
        stored = sum(found.size for found in self._stored.get(group, ()))
        return stored + len(self._groups.get(group, _Entries.none()).hashes)

    def _entries(self, group: int) -> Iterator[_Entries]:
        for stored in self._stored.get(group, ()):
            yield from stored.chunks()
        if group in self._groups:
            yield self._groups[group]

    def _by_source(self, places: list[int]) -> Iterator[tuple[_Source, Iterator[int]]]:
        """Yield each source with those of some places that are in it; O(1) memory."""
        for sources, floor in ((self._files, 0), (self._streams, SPOOL)):
            bases = [source.base for source in sources]
            chosen = [place for place in places if (place >= SPOOL) == (floor == SPOOL)]
            for number, group in groupby(chosen, partial(bisect_right, bases)):
                yield sources[number - 1], group

    def _read(self, source: _Source, places: Iterable[int]) -> Iterator[tuple[bytes, Any]]:
        stream = self._spool if source.open is None else self._reopened(source)
        if stream is None:
            yield from ((b"", source.context) for _ in places)
            return
        if stream is self._spool:
            self._write(stream)
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
        for file in {id(s.file): s.file for found in self._stored.values() for s in found}.values():
            file.close()
        if self._spool is not None:
            self._spool.close()
