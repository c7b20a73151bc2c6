"""The front door: which raw records are worth parsing, told from their bytes.

Most records of a trail name an operation that no detection asks for. Their name is cut out of the
bytes and looked up; what the name rules out is not parsed. Of the rest, records that can only be
*related* to something wait: the raw value of their join key and their place are noted, and they are
parsed later if that key meets an anchor (see `waiting`).

The filter is sound. A name that is missing, cut off, escaped or oddly spaced means parsing, and so
do two names in one record, for the first might be nested and hide the real one. An intruder chooses
nested keys and texts, so the second is looked for in whatever way JSON may spell it: with blanks
behind it, with letters escaped (`"event\\u004eame"`), or inside a text that is JSON itself
(`\\"eventName\\"`). Only lines with a backslash need the closer look (`hidden_finder`).

Example: `{"eventVersion":…,"eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances",…` is
passed over, `…"eventName":"CreateFunction20150331"…` is parsed, `…"eventName":"Invoke"…` waits
under its function's name.
"""

from __future__ import annotations

import re
from io import BufferedReader, BytesIO
from typing import TYPE_CHECKING, Callable, NamedTuple

from .decode import fast_finder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flowtrap.model.feed import FeedSpec, RawKey

NAMES_KEPT = 20_000
LONGEST_NAME = 300  # bounds what the names kept take
BLOCK_BYTES = 256 * 1024
PROBE = 20_000
MOST_SURVIVORS = 0.5
_JOINED = re.compile(rb"\}\s*,\s*\{")
_PLAIN_NAME = re.compile(rb': ?"([\w.:/ -]*)"')
_BACKSLASH = ord("\\")


class Need(NamedTuple):
    """What some stages that a name leaves possible ask of the raw record.

    A record that lacks the `text` cannot match. Nor can one that bears no
    `key`; one that does waits in `group` under each value, or is parsed where `group` is None.
    Without `key` the record must be parsed.
    """

    key: RawKey | None = None
    group: int | None = None
    text: bytes = b""


NOTHING: tuple[Need, ...] = ()
Tell = Callable[[], int]
FindAll = Callable[[bytes], "list[tuple[int, int, int]]"]
Wait = Callable[[bytes, int, "list[tuple[int | None, bytes]]"], object]


class FrontDoor:
    """Sifts the records of one feed. `needs_of(name)` says what the stages ask for a name.

    A name is only trusted once `is_ours(line)` told of a record that bears it that it is of this
    feed: files may mix feeds. `wait(line, offset, keys)` takes a record that is to wait. `filtered`
    and `waiting` count the records that were not yielded; `off` tells that too few were passed over
    for sifting to pay.
    """

    def __init__(
        self,
        spec: FeedSpec,
        needs_of: Callable[[str], tuple[Need, ...]],
        wait: Wait,
        is_ours: Callable[[bytes], bool],
    ) -> None:
        self._token = b'"' + spec.name_field.encode() + b'"'
        self._hidden = hidden_finder(spec.name_field.encode())
        self._needs_of = needs_of
        self._wait = wait
        self._is_ours = is_ours
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
        self.number = 0
        if self._all_alike:
            return self._sift_alike(lines, tell)
        find_all = fast_finder(self._token)
        if find_all and isinstance(lines, BufferedReader):
            return self._sift_blocks(lines, tell(), find_all)
        return self._sift_by_name(iter(lines), tell)

    def _sift_by_name(self, lines: Iterator[bytes], tell: Tell) -> Iterator[bytes]:
        token, skip, backslash = self._token, len(self._token), _BACKSLASH
        known = {} if self._of_documents else self._known
        number = passed = yielded = 0
        for number, line in enumerate(lines, 1):
            found = line.find(token)
            name = found + skip
            needs = known.get(line[name : line.find(b'"', name + 3) + 1])
            alone = found >= 0 and line.find(token, name) < 0
            if needs is NOTHING and alone and backslash not in line:
                passed += 1
                continue
            if not alone or (backslash in line and self._hidden(line)):
                needs, name = None, -1
            keys = self._keys_of(line, name, needs)
            if keys is not None:
                self._put(line, keys, tell() - len(line) if keys else 0)
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

    def _sift_blocks(
        self, stream: BufferedReader, offset: int, find_all: FindAll
    ) -> Iterator[bytes]:
        """Sift a plain stream by the block: all names in one call, and few lines are cut out."""
        before = yielded = 0
        for block in _blocks(stream):
            if self.off:
                for line in BytesIO(block.bytes[block.start : block.end]):
                    self.number += 1
                    yield line
                continue
            lines, count = self._not_boring(block, find_all(block.bytes))
            lines = self._with_hidden(block, lines)
            self.filtered += count - len(lines)
            for number, start, end, name, needs in lines:
                line = block.bytes[start:end]
                keys = self._keys_of(line, name - start, needs)
                if keys is None:
                    yielded += 1
                    self.number = before + number
                    yield line
                else:
                    self._put(line, keys, offset + start - block.start)
            before += count
            offset += block.end - block.start
            self.number = before
            self.off = before >= PROBE and yielded > before * MOST_SURVIVORS

    def _not_boring(
        self, block: _Block, tokens: list[tuple[int, int, int]]
    ) -> tuple[list[_Line], int]:
        """Return the lines whose one name does not rule them out, and how many lines there are."""
        text, start, stop = block
        find, known = text.find, self._known
        lines: list[_Line] = []
        number, last, name = 1, start, -1
        needs: tuple[Need, ...] | None = None
        for _, at, behind in _within(tokens, start, stop):
            end = find(b"\n", last, at)
            if end < 0 and last > start:  # a second name in the line
                last, name, needs = behind, -1, None
                continue
            while end >= 0:
                if needs is not NOTHING:
                    lines.append((number, start, end + 1, name, needs))
                number, start, name, needs = number + 1, end + 1, -1, None
                end = find(b"\n", start, at)
            last = name = behind
            needs = known.get(text[name : find(b'"', name + 3) + 1])
        while start < stop:
            end = find(b"\n", max(last, start), stop) + 1 or stop
            if needs is not NOTHING:
                lines.append((number, start, end, name, needs))
            number, start, name, needs = number + 1, end, -1, None
        return lines, number - 1

    def _with_hidden(self, block: _Block, lines: list[_Line]) -> list[_Line]:
        """Return the lines with those that hide a name, untold; O(lines with a backslash)."""
        text, first, stop = block
        at = text.find(b"\\", first, stop)
        if at < 0:
            return lines
        hidden: dict[int, _Line] = {}
        while at >= 0:
            start = max(first, text.rfind(b"\n", first, at) + 1)
            end = text.find(b"\n", at, stop) + 1 or stop
            if self._hidden(text[start:end]):
                hidden[start] = text.count(b"\n", first, start) + 1, start, end, -1, None
            at = text.find(b"\\", end, stop)
        if not hidden:
            return lines
        told = (line for line in lines if line[1] not in hidden)
        return sorted([*told, *hidden.values()], key=lambda line: line[0])

    def _keys_of(
        self, line: bytes, name: int, needs: tuple[Need, ...] | None
    ) -> list[tuple[int | None, bytes]] | None:
        """Return the (group, key)s that the record waits under, none if no stage can match it.

        None says that it must be parsed. `name` is where its only name begins, -1 if that is not
        told, `needs` what is known of that name.
        """
        if self._of_documents and _JOINED.search(line):
            return None
        if needs is None:
            needs = self._learn(line, name) if name >= 0 else None
        return None if needs is None else self._keys(needs, line)

    def _learn(self, line: bytes, name: int) -> tuple[Need, ...] | None:
        """Return the needs of the name at a place, None where it cannot be trusted."""
        raw = line[name : line.find(b'"', name + 3) + 1]
        needs = self._known.get(raw)
        if needs is not None:
            return needs
        found = _PLAIN_NAME.fullmatch(raw) if len(raw) <= LONGEST_NAME else None
        if not found or not self._is_ours(line):
            return None
        if len(self._known) >= NAMES_KEPT:
            self._known.clear()
        needs = self._known[raw] = self._needs_of(found[1].decode("ascii")) or NOTHING
        return needs

    def _keys(self, needs: tuple[Need, ...], line: bytes) -> list[tuple[int | None, bytes]] | None:
        if not needs:
            return []
        if _BACKSLASH in line and (b"\\u" in line or b"\\/" in line):
            return None  # an escaped letter or slash may hide what is looked for
        if 0 in line:
            return None  # nor does a NUL, which is read as a space, stand in a name
        keys: list[tuple[int | None, bytes]] = []
        for key, group, text in needs:
            if text and text not in line:
                continue
            if key is None:
                return None
            values = key.values(line)
            if values is None or (values and group is None):
                return None
            keys += [(group, value) for value in values]
        return keys

    def _put(self, line: bytes, keys: list[tuple[int | None, bytes]], offset: int) -> None:
        """Let a record wait under its keys, or pass it over if it has none."""
        if keys:
            self.waiting += 1
            self._wait(line, offset, keys)
        else:
            self.filtered += 1

    def _sift_alike(self, lines: Iterable[bytes], tell: Tell) -> Iterator[bytes]:
        """Sift a feed without names: lines of text ask all the same, JSON may be of any feed."""
        needs = self._needs_of("")
        for self.number, line in enumerate(lines, 1):
            text = line.strip()
            keys = None if text[:1] == b"{" else self._keys(needs, line)
            if keys is None:
                yield line
            elif text:
                self._put(line, keys, tell() - len(line) if keys else 0)


def _within(
    tokens: list[tuple[int, int, int]], start: int, stop: int
) -> list[tuple[int, int, int]]:
    """Return the tokens that begin between two places; few do not."""
    first, last = 0, len(tokens)
    while first < last and tokens[first][1] < start:
        first += 1
    while first < last and tokens[last - 1][1] >= stop:
        last -= 1
    return tokens[first:last]


def hidden_finder(name: bytes) -> Callable[[bytes], bool]:
    """Return what tells whether a text may hold a key of this name beside its plain spelling.

    That is a key with escaped letters, or one inside a text that is JSON itself.
    Example: `hidden_finder(b"eventName")(rb'{"event\u004eame":1}')` is True.
    """
    quoted = name + b"\\"
    letters = (b"(?:%c|\\\\+u00(?i:%02x))" % (letter, letter) for letter in name)
    spelt = re.compile(b"".join(letters)).finditer

    def hidden(text: bytes) -> bool:
        if quoted in text:
            return True
        return b"\\u00" in text and any(found[0] != name for found in spelt(text))

    return hidden


# A line's number, begin and end in the block; where its only name begins (-1: not told), and what
# is known of that name.
_Line = tuple[int, int, int, int, "tuple[Need, ...] | None"]


class _Block(NamedTuple):
    """Whole lines: a part of what was read at once."""

    bytes: bytes
    start: int
    end: int


def _blocks(stream: BufferedReader) -> Iterator[_Block]:
    """Yield a stream as blocks; a line that lies across two reads is a block by itself."""
    rest: list[bytes] = []
    while True:
        piece = stream.read1(BLOCK_BYTES)
        first = piece.find(b"\n") + 1
        rest.append(piece[:first] if first else piece)
        if first or not piece:
            line = b"".join(rest)
            rest.clear()
            if line:
                yield _Block(line, 0, len(line))
        if not piece:
            return
        if first:
            last = piece.rfind(b"\n") + 1
            if last > first:
                yield _Block(piece, first, last)
            rest.append(piece[last:])
