"""Logs of hits, one per (table, key): the engine's only memory of the past.

A table is one use of a stage: its anchors by case key, its hits by a relation's key, or its past
by a first_seen key. Adding costs O(1); a log is sorted when it is asked for. Beyond the cap the
logs move to a temporary file as one segment, and per key 16 bytes stay in memory, or (`evict`)
the oldest tenth is dropped and counted.
"""

from __future__ import annotations

import heapq
import marshal
from array import array
from bisect import bisect_left
from typing import IO, TYPE_CHECKING, Any, Callable, NamedTuple

from . import entry as entries_

if TYPE_CHECKING:
    from collections.abc import Iterator

OpenSpill = Callable[[], "IO[bytes]"]


class Limits(NamedTuple):
    """How many hits stay in memory, and whether the oldest are dropped (or spilled) beyond it."""

    hits_in_memory: int = 60_000
    evict: bool = False


DEFAULT_LIMITS = Limits()
DEAD = (1 << 64) - 1  # the offset of a log on disk that has been replaced
_NO_LOGS: dict[int, Any] = {}


class _Segment(NamedTuple):
    """One table's logs as written at one moment: sorted key hashes, and where each log lies."""

    keys: array[int]
    offsets: array[int]


def _is_at(segment: _Segment, at: int, key: int) -> bool:
    return at < len(segment.keys) and segment.keys[at] == key


class HitLogs:
    """All logs of an engine. `spill` opens the temporary file, once, if it is ever needed."""

    def __init__(self, limits: Limits, spill: OpenSpill | None = None) -> None:
        self._limits = limits
        self._open_spill = spill
        self._file: IO[bytes] | None = None
        self._tables: dict[int, dict[int, Any]] = {}
        self._segments: dict[int, list[_Segment]] = {}
        self._held = 0
        self.appended: dict[int, int] = {}  # entries ever added, by table
        self.spilled = 0
        self.evicted = 0

    def append(self, table: int, key: int, entry: bytes) -> None:
        """Add an entry to a log; `key` is the 64-bit hash of the key's values."""
        logs = self._tables.get(table)
        if logs is None:
            logs = self._tables[table] = {}
            self.appended.setdefault(table, 0)
        self.appended[table] += 1
        log = logs.get(key)
        if log is None:
            logs[key] = entry
        elif isinstance(log, list):
            log.append(entry)
        else:
            logs[key] = [log, entry]
        self._held += 1
        if self._held > self._limits.hits_in_memory:
            self._make_room()

    def has(self, table: int, key: int) -> bool:
        """Tell whether a log may have entries; False is certain."""
        return key in self._tables.get(table, _NO_LOGS) or bool(self._segments.get(table))

    def log(self, table: int, key: int) -> list[bytes]:
        """Return one log in order of time and event id, each entry once."""
        held = self._tables.get(table, {}).get(key, ())
        found = list(held) if isinstance(held, list) else [held] if held else []
        for segment in self._segments.get(table, ()):
            at = bisect_left(segment.keys, key)
            if _is_at(segment, at, key) and segment.offsets[at] != DEAD:
                found += self._read(segment.offsets[at])
        return entries_.in_order(found)

    def scan(self, table: int) -> Iterator[tuple[int, list[bytes]]]:
        """Yield every (key, log) of a table; logs in pieces on disk come as one."""
        segments = self._segments.get(table)
        if not segments:
            for key in list(self._tables.get(table, ())):
                yield key, self.log(table, key)
            return
        last = None
        for key in heapq.merge(sorted(self._tables.get(table, ())), *(s.keys for s in segments)):
            if key != last:
                last = key
                yield key, self.log(table, key)

    def keep(self, table: int, key: int, log: list[bytes]) -> None:
        """Put a shortened log in the place of what is held, in memory and on disk."""
        for segment in self._segments.get(table, ()):
            at = bisect_left(segment.keys, key)
            if _is_at(segment, at, key):
                segment.offsets[at] = DEAD
        logs = self._tables.setdefault(table, {})
        held = logs.pop(key, ())
        self._held += len(log) - (len(held) if not isinstance(held, bytes) else 1)
        if log:
            logs[key] = log

    def close(self) -> None:
        """Let go of the temporary file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _make_room(self) -> None:
        if self._limits.evict:
            self._evict()
        elif self._open_spill is not None:
            self._spill()

    def _spill(self) -> None:
        if self._file is None and self._open_spill is not None:
            self._file = self._open_spill()
        assert self._file is not None
        self._file.seek(0, 2)
        for table, logs in self._tables.items():
            segment = _Segment(array("q"), array("Q"))
            for key in sorted(logs):
                segment.keys.append(key)
                segment.offsets.append(self._file.tell())
                held = logs[key]
                blob = marshal.dumps(held if isinstance(held, list) else [held])
                self._file.write(len(blob).to_bytes(8, "big") + blob)
            self._segments.setdefault(table, []).append(segment)
        self.spilled += self._held
        self._tables.clear()
        self._held = 0

    def _read(self, offset: int) -> list[bytes]:
        assert self._file is not None
        self._file.seek(offset)
        length = int.from_bytes(self._file.read(8), "big")
        log: list[bytes] = marshal.loads(self._file.read(length))
        return log

    def _evict(self) -> None:
        """Drop the oldest tenth of all hits; cost is O(n log n) once per n/10 hits."""
        marks = sorted(
            entry[:8]
            for logs in self._tables.values()
            for held in logs.values()
            for entry in (held if isinstance(held, list) else [held])
        )
        limit = marks[len(marks) // 10]
        before = self._held
        for table in list(self._tables):
            for key, held in list(self._tables[table].items()):
                log = held if isinstance(held, list) else [held]
                kept = [entry for entry in log if entry[:8] > limit]
                if len(kept) < len(log):
                    self.keep(table, key, kept)
        self.evicted += before - self._held
