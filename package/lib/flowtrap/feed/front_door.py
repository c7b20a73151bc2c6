"""The front door: which raw records are worth parsing, told from their bytes.

Most records of a trail name an operation that no detection asks for. Their name is cut out of the
bytes and looked up; what the name rules out is not parsed. Of the rest, records that can only be
*related* to something wait: the raw value of their join key and their place are noted, and they are
parsed later if that key meets an anchor (see `waiting`).

The filter is sound. A name that is missing, escaped or oddly spaced means parsing, and so do two
names in one record, for the first might be nested and hide the real one.

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
_JOINED = re.compile(rb"\}\s*,\s*\{")
_PLAIN_NAME = re.compile(rb' ?"[\w.:/ -]*')


class Need(NamedTuple):
    """What some stages that a name leaves possible ask of the raw record.

    A record that lacks one of the `texts` cannot match. Nor can one that bears no
    `key`; one that does waits in `group` under each value, or is parsed where `group` is None.
    Without `key` the record must be parsed.
    """

    key: RawKey | None = None
    group: int | None = None
    texts: tuple[bytes, ...] = ()


NOTHING: tuple[Need, ...] = ()
Tell = Callable[[], int]
Wait = Callable[[bytes, int, "list[tuple[int | None, bytes]]"], None]


class FrontDoor:
    """Sifts the records of one feed. `needs_of(name)` says what the stages ask for a name.

    `wait(line, offset, keys)` takes a record that is to wait. `filtered` and `waiting` count the
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
        self._of_documents = False

    def sift(
        self, lines: Iterable[bytes], tell: Tell = lambda: 0, *, of_documents: bool = False
    ) -> Iterator[bytes]:
        """Yield the records to parse; `number` is then how many were read of these lines.

        `tell` returns the offset behind the last line that was read. Records split from documents
        may come joined, one hidden behind another: what could be two is parsed.
        """
        self.off, self._of_documents = False, of_documents
        if self._all_alike:
            return self._sift_alike(lines, tell)
        return self._sift_by_name(iter(lines), tell)

    def _sift_by_name(self, lines: Iterator[bytes], tell: Tell) -> Iterator[bytes]:
        token, skip, known = self._token, len(self._token), self._known
        number = passed = yielded = 0
        for number, line in enumerate(lines, 1):
            found = line.find(token)
            name = found + skip
            needs = known.get(line[name : line.find(b'"', name + 2)]) if found >= 0 else None
            if needs is None:
                needs = self._learn(line, found, name)
            if (
                needs is not None
                and line.find(token, name) < 0
                and not (self._of_documents and _JOINED.search(line))
            ):
                if needs is NOTHING:
                    passed += 1
                    continue
                if self._settled(needs, line, tell):
                    continue
            yielded += 1
            self.number = number
            yield line
            if number >= PROBE and yielded > number * MOST_SURVIVORS:
                self.off = True
                break
        for line in lines if self.off else ():
            self.number += 1
            yield line
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

    def _settled(self, needs: tuple[Need, ...], line: bytes, tell: Tell) -> bool:
        """Tell whether the record need not be parsed now: it waits, or no stage can match it."""
        if line.find(b"\\") >= 0 and (b"\\u" in line or b"\\/" in line):
            return False  # an escaped letter or slash may hide what is looked for
        keys: list[tuple[int | None, bytes]] = []
        for key, group, texts in needs:
            if texts and not all(text in line for text in texts):
                continue
            if key is None:
                return False
            values = key.values(line)
            if values is None or (values and group is None):
                return False
            keys += [(group, value) for value in values]
        if keys:
            self.waiting += 1
            self._wait(line, tell() - len(line), keys)
        else:
            self.filtered += 1
        return True

    def _sift_alike(self, lines: Iterable[bytes], tell: Tell) -> Iterator[bytes]:
        """Sift a feed whose records all ask the same."""
        needs = self._needs_of("")
        for self.number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            if not needs:
                self.filtered += 1
            elif not self._settled(needs, line, tell):
                yield line
