"""The front door: which raw records are worth parsing, told from their bytes.

Most records of a trail name an operation that no detection asks for. Their name is cut out of the
bytes and looked up; what the name rules out is not parsed. Of the rest, records that can only be
*related* to something wait: the raw value of their join key and their place are noted, and they are
parsed later if that key meets an anchor (see `waiting`).

The filter is sound. A name that is missing, escaped or oddly spaced means parsing. So does a name
found anywhere but in the vendor's own order (right behind eventSource), unless it is the only one
in the record, for then it might be nested and hide the real one.

Example: `{"eventVersion":…,"eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances",…` is
passed over, `…"eventName":"CreateFunction20150331"…` is parsed, `…"eventName":"Invoke"…` waits
under its function's name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Callable, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flowtrap.model.feed import FeedSpec, RawKey

NAMES_KEPT = 20_000
PROBE = 20_000
MOST_SURVIVORS = 0.5
TICK = 8_191
_PLAIN_NAME = re.compile(rb' ?"[\w.:/ -]*')
_NATIVE_START = b'{"eventVersion"'
_NATIVE_ORDER = (b'.amazonaws.com",', b'.amazonaws.com", ')


class Need(NamedTuple):
    """What a stage that a name leaves possible asks of the raw record.

    Without `raw` the record must be parsed. With it, a record that bears no such key cannot match;
    one that does waits under `field` and its value (`may_wait`), or is parsed.
    """

    field: str
    raw: RawKey | None
    may_wait: bool


NOTHING: tuple[Need, ...] = ()
Tick = Callable[[int], None]
Wait = Callable[[bytes, int, "list[tuple[str, bytes]]"], None]


class FrontDoor:
    """Sifts the records of one feed. `needs_of(name)` says what the stages ask for a name.

    `wait(line, place, keys)` takes a record that is to wait. `filtered` and `waiting` count the
    records that were not yielded; `off` tells that too few were passed over for sifting to pay.
    """

    def __init__(
        self, spec: FeedSpec, needs_of: Callable[[str], tuple[Need, ...]], wait: Wait
    ) -> None:
        self._token = b'"' + spec.name_field.encode() + b'":'
        self._needs_of = needs_of
        self._wait = wait
        self._known: dict[bytes, tuple[Need, ...]] = {}
        self._all_alike = not spec.name_field
        self.number = self.filtered = self.waiting = 0
        self.off = False

    def sift(
        self, lines: Iterable[bytes], base: int = 0, tick: Tick = lambda size_bytes: None
    ) -> Iterator[bytes]:
        """Yield the records to parse; `number` is then how many were read of these lines.

        `base` is the place of the first byte; `tick` is told now and then how many were read.
        """
        if self._all_alike:
            return self._sift_alike(lines, base, tick)
        return self._sift_by_name(iter(lines), base, tick)

    def _sift_by_name(self, lines: Iterator[bytes], base: int, tick: Tick) -> Iterator[bytes]:
        token, skip, known = self._token, len(self._token), self._known
        place, read, passed, yielded = base, 0, 0, 0
        for line in lines:
            start = place
            place += len(line)
            read += 1
            if not read & TICK:
                tick(place - base)
            found = line.find(token)
            name = found + skip
            needs = known.get(line[name : line.find(b'"', name + 2)]) if found >= 0 else None
            if needs is None:
                needs = self._learn(line, found, name)
            if needs is NOTHING:
                if (
                    line.endswith(_NATIVE_ORDER, 0, found) and line.startswith(_NATIVE_START)
                ) or line.find(token, name) < 0:
                    passed += 1
                    continue
            elif needs and line.find(token, name) < 0 and self._settled(needs, line, start):
                continue
            yielded += 1
            self.number = read
            yield line
            if read >= PROBE and yielded > read * MOST_SURVIVORS:
                self.off = True
                break
        for line in lines if self.off else ():
            read += 1
            self.number = read
            yield line
        self.number = read
        self.filtered += passed

    def _learn(self, line: bytes, found: int, name: int) -> tuple[Need, ...] | None:
        """Return the needs of a name met for the first time, None where it cannot be trusted."""
        if found < 0:
            return None
        raw = line[name : line.find(b'"', name + 2)]
        if not _PLAIN_NAME.fullmatch(raw):
            return None
        if len(self._known) >= NAMES_KEPT:
            self._known.clear()
        needs = self._needs_of(raw.lstrip(b' "').decode("ascii", "replace")) or NOTHING
        self._known[raw] = needs
        return needs

    def _settled(self, needs: tuple[Need, ...], line: bytes, place: int) -> bool:
        """Tell whether the record need not be parsed now: it waits, or no stage can match it."""
        keys: list[tuple[str, bytes]] = []
        for need in needs:
            if need.raw is None:
                return False
            values = need.raw.pattern.findall(line)
            if not values and need.raw.guard is not None and need.raw.guard.search(line):
                return False
            if values and not need.may_wait:
                return False
            keys += [(need.field, value) for value in values]
        if keys:
            self.waiting += 1
            self._wait(line, place, keys)
        else:
            self.filtered += 1
        return True

    def _sift_alike(self, lines: Iterable[bytes], base: int, tick: Tick) -> Iterator[bytes]:
        """Sift a feed whose records all ask the same."""
        needs, place = self._needs_of(""), base
        for self.number, line in enumerate(lines, 1):
            start = place
            place += len(line)
            if not self.number & TICK:
                tick(place - base)
            if not needs:
                self.filtered += 1
            elif not self._settled(needs, line, start):
                yield line
