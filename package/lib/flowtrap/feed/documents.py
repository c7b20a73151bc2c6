"""Splits JSON documents into the texts of their records, without decoding, a chunk at a time.

Read are, one after another and in any mix: `{"Records": [...]}` and its like, bare arrays, single
objects, compact or indented. Memory is bounded by a chunk and a record.

A list of records is split in two ways, in turn. *Exactly*: the end of the first record is found by
its brackets (`structure.value_end`). What stands between it and the next one, and the next one's
first key, make the separator, e.g. `},{"eventVersion"`. *Fast*: the following records are cut at
the separator by `bytes.find`. Three things end the fast run, so that the exact way settles the
record in doubt: the first key inside a record (there the separator might be nested); one of the
first pieces, which are checked, that is not one record; and the end of the text. Where records
begin with different keys, the whole list is split exactly, about 15 times slower.

What this cannot see, behind those first pieces: a record that begins with another key than all
before stays joined to the one before it (`framing.split_exact` parts them); and a list inside a
record in which the first object begins with another key but a later one with the records' own is
cut. Both give pieces that are not one JSON text: they fail to decode and are counted, not lost.

Example: `{"Records":[{"a":1},{"a":2}]}` gives `{"a":1}` and `{"a":2}`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Callable

from .separator import Separator, cut, is_one_record, separator_at
from .streams import over_long
from .structure import INCOMPLETE, BrokenJson, scalar_end, value_end
from .window import LOOK_BYTES, Window, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .streams import Complain

CHUNK_BYTES = 128 * 1024  # a chunk that stays in the processor's cache: 1 MiB was 1.5 times slower
HELD_BYTES = 4 * 1024 * 1024  # a record beyond this is settled exactly
SAMPLE = 32
_LONGEST_SEPARATOR = 4096
_FIRST_KEY = re.compile(rb'\{\s*"(?:[^"\\\n]|\\.)*"').match
_CURE = "what could be read was read; fetch the file again"


class Splitter:
    """Splits the documents of one stream. `records()` yields each record's text."""

    def __init__(
        self, stream: BinaryIO, complain: Complain, limit_bytes: int, chunk_bytes: int = CHUNK_BYTES
    ) -> None:
        self._window = Window(stream, chunk_bytes)
        self._complain = complain
        self._limit_bytes = limit_bytes
        self._held_bytes = min(HELD_BYTES, limit_bytes)
        self._separator: Separator | None = None  # of the list at hand
        self._sample = 0
        self._end_told = False

    def records(self) -> Iterator[bytes]:
        """Yield the records; text that is not JSON comes as it is, to be counted by the caller."""
        window = self._window
        while True:
            first = window.skip_blank()
            if not first:
                return
            if first in b"{[":
                opening = window.look_for_list()
                self._separator = None
                if opening is None:
                    yield from self._value()
                else:
                    window.at = opening.at
                    yield from self._list(opening.depth)
            elif first in b"}]":
                window.at += 1
            else:
                yield from self._odd_text()

    def _odd_text(self) -> Iterator[bytes]:
        """Yield a stretch that is not JSON: up to the end of the line."""
        end = self._until(lambda text, at: text.find(b"\n", at))
        if end is not None:
            yield self._window.take(end).strip()

    def _list(self, depth: int) -> Iterator[bytes]:
        """Yield the elements of the list at hand, and pass over the rest of its envelope."""
        mixed = False
        self._sample = SAMPLE
        while True:
            first = self._window.skip_blank()
            if first in (b"", b"]", b"}"):
                self._close(first, depth)
                return
            yield from self._element(first)
            following = self._following()
            if following is None:
                continue
            mixed = mixed or self._separator not in (None, following)
            self._separator = following
            if not mixed and self._window.skip_blank() == b"{":
                yield from self._fast(following)

    def _element(self, first: bytes) -> Iterator[bytes]:
        if first in (b"{", b"["):
            yield from self._value()
            return
        window = self._window
        end = scalar_end(window.text, window.at)
        while end == len(window.text) and window.more():
            end = scalar_end(window.text, window.at)
        yield window.take(max(end, window.at + 1))

    def _close(self, first: bytes, depth: int) -> None:
        """Pass over the end of the list and of what is around it."""
        if first != b"]":
            self._complain_of_end("a list of records is not closed: cut off?")
            return
        try:
            end = self._until(lambda text, at: value_end(text, at, depth))
        except BrokenJson as broken:
            end = self._resume(broken.at)
        if end is not None:
            self._window.at = end

    def _following(self) -> Separator | None:
        """Return what separates the record that ends here from the next, if one follows."""
        window = self._window
        found = separator_at(window.text, window.at)
        if found is None and len(window.text) - window.at < LOOK_BYTES and not window.ended:
            window.more()
            found = separator_at(window.text, window.at)
        return found

    def _fast(self, separator: Separator) -> Iterator[bytes]:
        """Yield records up to one that is in doubt; the window is then at its start."""
        window = self._window
        while True:
            pieces, start, doubt = cut(window.text, window.at, separator)
            for number, piece in enumerate(pieces[: self._sample]):
                if not is_one_record(piece, separator):
                    yield from map(one_line, pieces[:number])
                    window.at += sum(len(p) + separator.gap for p in pieces[:number])
                    return
            window.at = start
            yield from map(one_line, pieces) if b"\n" in window.text else pieces
            self._sample = max(0, self._sample - len(pieces))
            if doubt or len(window.text) - start > self._held_bytes or not window.more():
                return

    def _value(self) -> Iterator[bytes]:
        """Yield the object or array at hand; if it is broken, its text up to the next one."""
        window = self._window
        try:
            end = self._until(value_end)
        except BrokenJson as broken:
            yield window.take(self._resume(broken.at)).strip()
            return
        if end is None:
            return
        if end - window.at <= self._limit_bytes:
            yield window.take(end)
        else:
            self._complain(*over_long(self._limit_bytes))
            window.at = end

    def _resume(self, broken_at: int) -> int:
        """Return where reading goes on: at the damage, or where the next record begins."""
        text, at = self._window.text, self._window.at
        places = [broken_at] if text[broken_at : broken_at + 1] in b"{[" else []
        found = self._next_record().search(text, at + 1)
        return min(places + ([found.end()] if found else []), default=len(text))

    def _next_record(self) -> re.Pattern[bytes]:
        """Return what ends just where a record begins: a line, or an object like this or the last.

        For use behind damage, where brackets tell nothing.
        """
        window = self._window
        own = _FIRST_KEY(window.text, window.at)
        openings = [own[0]] if own else []
        openings += [self._separator.opening] if self._separator else []
        alike = b"|".join(map(re.escape, openings)) or rb"\Z"
        return re.compile(rb"\n(?=[\[{])|\}[\s,]*(?=" + alike + rb")")

    def _until(self, find_end: Callable[[bytes, int], int]) -> int | None:
        """Return the end that is found, reading on as needed; None if there is none in reach."""
        window = self._window
        while True:
            end = find_end(window.text, window.at)
            if end != INCOMPLETE:
                return end
            if len(window.text) - window.at > self._limit_bytes:
                self._skip()
                return None
            if not window.more():
                return self._last_end()

    def _last_end(self) -> int:
        """Return the end of a value that the stream cuts off: where the next one may begin."""
        window = self._window
        found = self._next_record().search(window.text, window.at + 1)
        if found:
            return found.end()
        if window.text[window.at : window.at + 1] in b"{[]":
            self._complain_of_end("the last record is not complete: cut off?")
        return len(window.text)

    def _complain_of_end(self, problem: str) -> None:
        if not self._end_told:
            self._complain(problem, _CURE)
        self._end_told = True

    def _skip(self) -> None:
        """Pass over a value without end, up to where the next one may begin."""
        self._complain(*over_long(self._limit_bytes))
        window, next_record = self._window, self._next_record()
        window.at += 1
        while True:
            found = next_record.search(window.text, window.at)
            if found:
                window.at = found.end()
                return
            window.at = max(window.at, len(window.text) - _LONGEST_SEPARATOR)
            if not window.more():
                window.at = len(window.text)
                return
