"""Sorted logs with what is worked out of them once: subsets that pass a condition, hop targets.

A `Span` is a stretch of one log that is related to an anchor, both ends inside, but for the heads
it leaves out because no event is its own relation.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from flowtrap.model.hit import hit_values

from . import entry as entries_

if TYPE_CHECKING:
    from flowtrap.model.hit import Hit


class View:
    """One sorted log; `place` is its table and key.

    Questions about a stretch of time are answered by bisection, O(log n).
    """

    def __init__(self, log: list[bytes], place: tuple[int, int] = (0, 0)) -> None:
        self.log = log
        self.place = place
        self._heads: list[bytes] | None = None
        self._hits: list[Hit] | None = None
        self._passing: dict[object, View] = {}
        self._upcoming: dict[tuple[str, int], dict[int, list[tuple[str, int]]]] = {}
        self.memo: dict[object, Any] = {}

    @property
    def heads(self) -> list[bytes]:
        """Return each event's head once."""
        if self._heads is None:
            heads = [entries_.head(entry) for entry in self.log]
            self._heads = entries_.in_order(heads)
        return self._heads

    @property
    def hits(self) -> list[Hit]:
        """Return the log's hits, unpacked once."""
        if self._hits is None:
            self._hits = [entries_.unpack(entry) for entry in self.log]
        return self._hits

    def hit(self, at: int) -> Hit:
        """Return one of the hits, unpacked alone unless all are already."""
        return self._hits[at] if self._hits is not None else entries_.unpack(self.log[at])

    def passing(self, rule: object, test: Callable[[Hit], bool]) -> View:
        """Return the view of the hits that pass a rule, worked out once per rule."""
        if rule not in self._passing:
            kept = [entry for entry, hit in zip(self.log, self.hits) if test(hit)]
            self._passing[rule] = View(kept)
        return self._passing[rule]

    def heads_in(self, first_ms: int, last_ms: int) -> list[bytes]:
        """Return the events' heads of a stretch of time."""
        lo, hi = _slice(self.heads, first_ms, last_ms)
        return self.heads[lo:hi]

    def count_in(self, first_ms: int, last_ms: int) -> int:
        """Return how many events lie in a stretch of time."""
        lo, hi = _slice(self.heads, first_ms, last_ms)
        return hi - lo

    def values(self, name: str, wanted: int, lo: int, hi: int) -> set[str]:
        """Return the distinct values on the log from `lo` up to `hi`, or at least `wanted` of them.

        By every so many hits it is kept which values come next, so that no question scans the log.
        """
        if (name, wanted) not in self._upcoming:
            self._upcoming[name, wanted] = self._next_values(name, wanted)
        mark = lo + -lo % wanted
        found = {value for hit in self.hits[lo : min(mark, hi)] for value in hit_values(hit, name)}
        upcoming = self._upcoming[name, wanted].get(mark, ())
        return found.union(value for value, at in upcoming if at < hi)

    def _next_values(self, name: str, wanted: int) -> dict[int, list[tuple[str, int]]]:
        marks: dict[int, list[tuple[str, int]]] = {}
        ahead: dict[str, int] = {}
        for at in range(len(self.log) - 1, -1, -1):
            for value in hit_values(self.hits[at], name):
                ahead.pop(value, None)
                ahead[value] = at
            if not at % wanted:
                marks[at] = list(islice(reversed(ahead.items()), wanted))
        return marks

    def holds_event(self, head: bytes) -> bool:
        """Tell whether the event is in this view."""
        heads = self.heads
        at = bisect_left(heads, head)
        return at < len(heads) and heads[at] == head


class Span(NamedTuple):
    """A related stretch of a view."""

    view: View
    first_ms: int
    last_ms: int
    without: tuple[bytes, ...] = ()

    def total(self) -> int:
        """Return how many events the span relates."""
        if not self.without:
            return self.view.count_in(self.first_ms, self.last_ms)
        left_out = sum(
            self._spans(head) and self.view.holds_event(head) for head in set(self.without)
        )
        return self.view.count_in(self.first_ms, self.last_ms) - left_out

    def values(self, name: str, wanted: int) -> set[str]:
        """Return the distinct values of the span's hits, or at least `wanted` of them."""
        log = self.view.log
        lo, last = _slice(log, self.first_ms, self.last_ms)
        found: set[str] = set()
        for head in sorted({head for head in self.without if self._spans(head)}):
            hi = bisect_left(log, head, lo)
            found |= self.view.values(name, wanted, lo, hi)
            lo = bisect_left(log, entries_.after(head), hi)
        return found | self.view.values(name, wanted, lo, last)

    def _spans(self, head: bytes) -> bool:
        return self.first_ms <= entries_.time_ms(head) <= self.last_ms


def span_without(view: View, first_ms: int, last_ms: int, heads: tuple[bytes, ...]) -> Span:
    """Return a span that leaves out those of the events that the view holds."""
    return Span(view, first_ms, last_ms, tuple([h for h in heads if view.holds_event(h)]))


def _slice(ordered: list[bytes], first_ms: int, last_ms: int) -> tuple[int, int]:
    lo = bisect_left(ordered, entries_.time_mark(first_ms))
    return lo, bisect_left(ordered, entries_.time_mark(last_ms + 1), lo)


def span_heads(spans: list[Span]) -> list[bytes]:
    """Return the heads of all events of some spans, sorted, each once."""
    if len(spans) == 1 and not spans[0].without:
        return spans[0].view.heads_in(spans[0].first_ms, spans[0].last_ms)
    found: set[bytes] = set()
    for span in spans:
        heads = span.view.heads_in(span.first_ms, span.last_ms)
        found.update(set(heads).difference(span.without))
    return sorted(found)


def union(spans: list[Span]) -> list[Span]:
    """Return the same hits in the fewest spans, each from its first hit to its last."""
    found = []
    for view, group in _by_view(spans).items():
        left_out = _left_out(group)
        for stretch in merged([(span.first_ms, span.last_ms) for span in group]):
            lo, hi = _slice(view.heads, *stretch)
            if lo < hi:
                first, last = view.heads[lo], view.heads[hi - 1]
                without = tuple(head for head in left_out if first <= head <= last)
                times = entries_.time_ms(first), entries_.time_ms(last)
                found.append(Span(view, *times, without))
    return found


def _left_out(spans: list[Span]) -> list[bytes]:
    """Return the heads that every span leaves out whose time covers them."""
    without = Counter(head for span in spans for head in set(span.without) if span._spans(head))
    firsts = sorted(span.first_ms for span in spans) if without else []
    lasts = sorted(span.last_ms for span in spans) if without else []
    return sorted(
        head
        for head, times in without.items()
        if times == bisect_right(firsts, when := entries_.time_ms(head)) - bisect_left(lasts, when)
    )


def _by_view(spans: list[Span]) -> dict[View, list[Span]]:
    groups: dict[View, list[Span]] = {}
    for span in spans:
        groups.setdefault(span.view, []).append(span)
    return groups


def merged(stretches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the same milliseconds in the fewest stretches."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(stretches):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


def span_hits(spans: list[Span], most: int | None = None) -> list[Hit]:
    """Return the hits of some spans in order of time and event id, the first `most` events."""
    heads = span_heads(spans)[:most]
    if not heads:
        return []
    if len(spans) == 1 and not spans[0].without:
        view = spans[0].view
        return [view.hit(at) for at in range(*_from_to(view.log, heads[0], heads[-1]))]
    wanted = set(heads)
    found: dict[bytes, Hit] = {}
    for view, group in _by_view(spans).items():
        inside = wanted.intersection(span_heads(group))
        for at in range(*_from_to(view.log, min(inside), max(inside))) if inside else ():
            entry = view.log[at]
            if entry not in found and entries_.head(entry) in inside:
                found[entry] = view.hit(at)
    return [found[entry] for entry in sorted(found)]


def _from_to(log: list[bytes], first: bytes, last: bytes) -> tuple[int, int]:
    """Return where the hits from one event to another lie in a log, the end outside."""
    lo = bisect_left(log, first)
    return lo, bisect_left(log, entries_.after(last), lo)
