"""Which anchors reach which hits, worked out once for all anchors that share a key.

Walking from each anchor over its parents to their hits costs anchors x parents. Seen from the other
side, a hit is related to the anchors of a few stretches of time, so that how many hits an anchor
reaches is the stretches begun at it less those ended: two bisections.

A `Piece` is such a stretch of anchors' heads, the end outside. Heads and not times, because an
event is never its own relation: its own head lies between two pieces.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from flowtrap.model.hit import hit_values
from flowtrap.model.window import bounds

from . import entry as entries_
from .views import Span, View

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from flowtrap.model.detection import Relation, Requirement
    from flowtrap.model.hit import Hit

Piece = tuple[bytes, bytes]
Pieces = list[Piece]
_OPPOSITE = {"after": "before", "before": "after", "around": "around"}


class Stretch(NamedTuple):
    """What of one log is reached: entries in order, and by which anchors each."""

    view: View
    entries: list[bytes]
    pieces: list[Pieces]


class Reach:
    """The hits of one stage that are related to anchors of one key."""

    def __init__(self, stretches: list[Stretch], window_ms: int) -> None:
        self.stretches = stretches
        self._window_ms = window_ms
        self._marks: dict[Requirement | None, tuple[list[bytes], list[bytes]]] = {}

    def hits(self) -> Iterator[tuple[bytes, Hit, Pieces]]:
        """Yield each entry that is reached, its hit and the anchors."""
        for stretch in self.stretches:
            for entry, pieces in zip(stretch.entries, stretch.pieces):
                yield entry, entries_.unpack(entry), pieces

    def knows(self, rule: Requirement | None) -> bool:
        """Tell whether `count` is prepared for a requirement."""
        return rule in self._marks

    def count(self, anchor: bytes, rule: Requirement | None) -> int:
        """Return how many events, or distinct values, an anchor reaches that pass a requirement."""
        firsts, ends = self._marks[rule]
        return bisect_right(firsts, anchor) - bisect_right(ends, anchor)

    def prepare(self, views: Sequence[View], rule: Requirement | None) -> None:
        """Make `count` ready for a requirement; `views` holds what passes it, by stretch."""
        distinct = rule.distinct if rule else None
        groups: dict[object, Pieces] = {}
        for stretch, view in zip(self.stretches, views):
            by_entry = dict(zip(stretch.entries, stretch.pieces))
            for entry in view.log:
                pieces = by_entry.get(entry, [])
                for name in _counted(entry, distinct) if pieces else ():
                    groups.setdefault(name, []).extend(pieces)
        joined = list(chain.from_iterable(map(joined_pieces, groups.values())))
        marks = sorted(first for first, _ in joined), sorted(end for _, end in joined)
        self._marks[rule] = marks

    def spans(self, anchors: list[bytes]) -> list[Span]:
        """Return as spans what any of some anchors reaches; they are sorted."""
        first_ms = entries_.time_ms(anchors[0]) - self._window_ms
        last_ms = entries_.time_ms(anchors[-1]) + self._window_ms
        found = []
        for view, entries, pieces in self.stretches:
            lo = bisect_left(entries, entries_.time_mark(first_ms))
            hi = bisect_left(entries, entries_.time_mark(last_ms + 1))
            kept = [entries[at] for at in range(lo, hi) if _meet(pieces[at], anchors)]
            if kept:
                times = entries_.time_ms(kept[0]), entries_.time_ms(kept[-1])
                found.append(Span(View(kept, view.place), *times))
        return found


class Seen(NamedTuple):
    """What one anchor reaches."""

    reach: Reach
    anchor: bytes

    def spans(self) -> list[Span]:
        """Return it as spans."""
        return self.reach.spans([self.anchor])


def _counted(entry: bytes, distinct: str | None) -> Sequence[object]:
    """Return what counts once: an entry's event, or its values of a name."""
    return hit_values(entries_.unpack(entry), distinct) if distinct else (entries_.head(entry),)


def direct(relation: Relation, views: Iterable[View], window_ms: int) -> Reach:
    """Return what anchors reach that ask for the logs themselves."""
    stretches = []
    for view in views:
        pieces = [_without([_limits(relation, entry, window_ms)], entry) for entry in view.log]
        stretches.append(Stretch(view, view.log, pieces))
    return Reach(stretches, window_ms)


class Parents:
    """Hits of a parent that lead to one log, and who reaches any of a stretch of them.

    Unions are kept of 1, 2, 4, … neighbours, so that any stretch is made of O(log n) of them.
    """

    def __init__(self, parents: list[tuple[bytes, Pieces]]) -> None:
        parents.sort()
        self._heads = [head for head, _ in parents]
        self._levels = [[pieces for _, pieces in parents]]
        while len(self._levels[-1]) > 1:
            low = self._levels[-1]
            pairs = zip(low[::2], low[1::2])
            self._levels.append([joined_pieces(one + other) for one, other in pairs])

    def pieces(self, relation: Relation, entry: bytes, window_ms: int) -> Pieces:
        """Return which anchors reach an entry over any parent but its own event."""
        head = entries_.head(entry)
        limits = first, end = _limits(relation, entry, window_ms)
        lo, hi = 0, len(self._heads)
        if not relation.of_anchor:
            lo, hi = bisect_left(self._heads, first), bisect_left(self._heads, end)
        own = bisect_left(self._heads, head), bisect_right(self._heads, head)
        found = self._clipped(lo, min(hi, own[0]), limits)
        found += self._clipped(max(lo, own[1]), hi, limits)
        return _without(joined_pieces(found), entry)

    def _clipped(self, lo: int, hi: int, limits: Piece) -> Pieces:
        found: Pieces = []
        level = 0
        while lo < hi:
            if lo & 1:
                found += _clip(self._levels[level][lo], limits)
                lo += 1
            if hi & 1:
                hi -= 1
                found += _clip(self._levels[level][hi], limits)
            lo, hi, level = lo >> 1, hi >> 1, level + 1
        return found


def over(relation: Relation, targets: Iterable[tuple[View, Parents]], window_ms: int) -> Reach:
    """Return what anchors reach over the hits of a parent."""
    stretches = []
    for view, parents in targets:
        found = [(entry, parents.pieces(relation, entry, window_ms)) for entry in view.log]
        reached = [(entry, pieces) for entry, pieces in found if pieces]
        if reached:
            entries, pieces = zip(*reached)
            stretches.append(Stretch(view, list(entries), list(pieces)))
    return Reach(stretches, window_ms)


def _limits(relation: Relation, entry: bytes, window_ms: int) -> Piece:
    """Return the anchors, or parents, that may have an entry in their window."""
    first, last = bounds(_OPPOSITE[relation.when], entries_.time_ms(entry), window_ms)
    return entries_.time_mark(first), entries_.time_mark(last + 1)


def _without(pieces: Pieces, entry: bytes) -> Pieces:
    """Return pieces less the head of an entry."""
    head = entries_.head(entry)
    kept: Pieces = []
    for first, end in pieces:
        if first <= head < end:
            halves = (first, head), (head + b"\0", end)
            kept += [half for half in halves if half[0] < half[1]]
        else:
            kept.append((first, end))
    return kept


def _clip(pieces: Pieces, limits: Piece) -> Pieces:
    first, end = limits
    at = bisect_left(pieces, (first,))
    if at and pieces[at - 1][1] > first:
        at -= 1
    kept: Pieces = []
    while at < len(pieces) and pieces[at][0] < end:
        kept.append((max(first, pieces[at][0]), min(end, pieces[at][1])))
        at += 1
    return kept


def joined_pieces(pieces: Pieces) -> Pieces:
    """Return the same heads in the fewest pieces."""
    if len(pieces) < 2:
        return pieces
    joined: Pieces = []
    for first, end in sorted(pieces):
        if joined and first <= joined[-1][1]:
            if end > joined[-1][1]:
                joined[-1] = joined[-1][0], end
        else:
            joined.append((first, end))
    return joined


def _meet(pieces: Pieces, anchors: list[bytes]) -> bool:
    """Tell whether any anchor lies in a piece."""
    return any(bisect_left(anchors, first) < bisect_left(anchors, end) for first, end in pieces)
