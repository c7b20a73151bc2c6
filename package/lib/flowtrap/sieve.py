"""Which records are parsed at once, which wait, and which nothing can come of.

    sieve = Sieve(engine, matcher, intake, room)
    sieve.begin("trail.json", None, 0)
    for line in sieve.door("aws_cloudtrail").sift(lines):
        intake.take_line(line, sieve.context, 0)
    sieve.settle()                       # what waits and meets something is let in
    engine.flush()

The front door of a feed (feed.front_door) knows bytes alone, the waiting room (feed.waiting) only
hashes and places, the semi-join (correlation.semi_join) only keys; this is where they meet.
"""

from __future__ import annotations

from functools import partial
from typing import IO, TYPE_CHECKING, Callable, NamedTuple

from flowtrap.correlation.expiry import reach_ms
from flowtrap.correlation.semi_join import Waits, join_fields, learning_tables
from flowtrap.feed import decode
from flowtrap.feed.front_door import FrontDoor, Need
from flowtrap.feed.oldest import Oldest
from flowtrap.feed.wrappers import unwrap
from flowtrap.match.literals import required
from flowtrap.normalise.table import FEEDS, recognise

from .intake import UNFORESEEN, Context

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flowtrap.correlation.engine import Engine
    from flowtrap.feed.waiting import WaitingRoom
    from flowtrap.match.matcher import Matcher
    from flowtrap.model.feed import FeedSpec

    from .intake import Intake


class Waiting(NamedTuple):
    """Records that wait, as plain data: their feed, where they are from, when the last came."""

    feed: str
    label: str
    came_ms: int | None
    texts: list[str]


class _Arrival(NamedTuple):
    """How records came that wait: what reads them, when, and where the watermark stood."""

    context: Context
    feed: str
    came_ms: int | None
    late_before_ms: int | None


class Sieve:
    """Sifts the raw records of every feed, and lets in what waits once it is asked for."""

    def __init__(self, engine: Engine, matcher: Matcher, intake: Intake, room: WaitingRoom) -> None:
        self._engine = engine
        self._matcher = matcher
        self._intake = intake
        self._room = room
        self._waits = Waits(engine, room)
        self._doors = {
            spec.name: FrontDoor(
                spec, partial(self._needs, spec), partial(self._wait, spec), partial(_is_of, spec)
            )
            for spec in FEEDS
        }
        self._oldest: dict[int, Oldest] = {}  # by group, where a known history counts
        self._counted = 0

    def begin(
        self,
        context: Context,
        open_again: Callable[[], IO[bytes]] | None = None,
        size_bytes: int = 0,
        *,
        feed: str = "",
        came_ms: int | None = None,
    ) -> None:
        """Start a source; what waits from now on is of it, and none of it is later than `came_ms`.

        `open_again` opens the plain file that it is; None copies what waits. A feed is needed for
        what is to wait again in another run.
        """
        arrival = _Arrival(context, feed, came_ms, self._engine.late_before_ms)
        self._room.begin(context.label, open_again, size_bytes, arrival)

    def door(self, feed: str) -> FrontDoor:
        """Return what sifts the lines of a feed."""
        return self._doors[feed]

    def settle(self) -> None:
        """Let in what waits and meets something, hop by hop."""
        for group, oldest in self._oldest.items():
            self._let_in_oldest(group, oldest)
        self._waits.settle(self._let_in)
        self._count()

    def waiting(self, watermark_ms: int) -> Iterator[Waiting]:
        """Yield what an event after the watermark may still ask for, some records at a time.

        `wait_again` takes them up in a later run.
        """
        places: set[int] = set()
        for number, group in enumerate(self._waits.groups):
            uses = (use for index in group.stages for use in self._engine.plan.uses[index])
            oldest_ms = watermark_ms - max(reach_ms(self._engine.plan, use) for use in uses)
            places.update(self._room.rest(number, partial(_came_since, oldest_ms)))
        for arrival, lines in self._room.copies(sorted(places)):
            texts = [line.decode("utf-8", "surrogatepass").rstrip("\n") for line in lines]
            yield Waiting(arrival.feed, arrival.context.label, arrival.came_ms, texts)

    def wait_again(self, portions: Iterable[Waiting]) -> None:
        """Take up what `waiting` yielded in a run before, which has counted it and came in time."""
        mark_ms, self._engine.late_before_ms = self._engine.late_before_ms, None
        for feed, label, came_ms, texts in portions:
            context = Context(label)
            self.begin(context, feed=feed, came_ms=came_ms)
            lines = [text.encode("utf-8", "surrogatepass") for text in texts]
            for line in self._doors[feed].sift(lines) if feed in self._doors else lines:
                self._intake.take_line(line, context, 0)
        self._engine.late_before_ms = mark_ms
        self._counted = self._passed_over()

    def _wait(
        self, spec: FeedSpec, line: bytes, offset: int, keys: list[tuple[int | None, bytes]]
    ) -> None:
        place = self._room.wait(line, offset, keys)
        for group, _ in keys:
            oldest = None if group is None else self._oldest.get(group)
            if oldest and spec.least_ms:
                oldest.add(spec.least_ms(line), place)

    def _let_in_oldest(self, group: int, oldest: Oldest) -> None:
        """Let in a group's oldest records until the first hits of its stages are among them."""
        stages = self._waits.groups[group].stages
        tables = [t for index in stages for t in learning_tables(self._engine.plan, index)]

        def known_since(time_ms: int) -> bool:
            return all(self._engine.known_since(table, time_ms) for table in tables)

        for time_ms, place in oldest.first():
            if known_since(time_ms):
                return
            self._let_in([place])
        if oldest.others_ms is not None and not known_since(oldest.others_ms):
            self._let_in(self._room.rest(group, lambda arrival: True))

    def _let_in(self, places: Iterable[int]) -> None:
        mark_ms = self._engine.late_before_ms
        for line, arrival in self._room.take(places):
            self._engine.late_before_ms = arrival.late_before_ms
            if line.strip():
                self._intake.take_line(line, arrival.context, 0)
            else:
                self._intake.spoil("a record is no longer there", arrival.context.label)
        self._engine.late_before_ms = mark_ms

    def _count(self) -> None:
        """Count what was passed over, and what waits or waited in vain, as filtered out."""
        passed_over = self._passed_over()
        counters = self._engine.counters
        counters.read += passed_over - self._counted
        counters.filtered_out += passed_over - self._counted
        self._counted = passed_over

    def _passed_over(self) -> int:
        doors = self._doors.values()
        return sum(door.filtered + door.waiting for door in doors) - self._room.taken

    def _needs(self, spec: FeedSpec, name: str) -> tuple[Need, ...]:
        """Return what the stages that a name leaves possible ask of a raw record."""
        if spec.name_field:
            stages = self._matcher.possible(spec.name, {spec.name_field: name})
        else:
            stages = tuple(n for n, s in enumerate(self._engine.stages) if s.feed == spec.name)
        alike: dict[tuple[str, bool, bytes], list[int]] = {}
        for index in stages:
            field, waits = self._key_of(spec, index)
            texts = required(self._engine.stages[index].condition, spec.raw_fields)
            text = max(texts, key=lambda text: (len(text), text), default=b"")
            alike.setdefault((field, waits, text), []).append(index)
        needs = [
            Need(
                spec.raw_keys.get(field), self._group(field, tuple(chosen)) if waits else None, text
            )
            for (field, waits, text), chosen in sorted(alike.items())
        ]
        return tuple(sorted(needs, key=lambda need: (need.key is not None, need.group is not None)))

    def _group(self, field: str, stages: tuple[int, ...]) -> int:
        number = self._waits.group(field, stages)
        if any(learning_tables(self._engine.plan, index) for index in stages):
            self._oldest.setdefault(number, Oldest())
        return number

    def _key_of(self, spec: FeedSpec, index: int) -> tuple[str, bool]:
        """Return a field of a stage that raw bytes show, or "", and whether it may wait by it."""
        joins = join_fields(self._engine.plan, index)
        if learning_tables(self._engine.plan, index) and not spec.least_ms:
            joins = frozenset()
        keys = self._engine.stages[index].keys.values()
        for field in spec.raw_keys:
            if field in joins:
                return field, True
        return next((field for field in spec.raw_keys if field in keys), ""), False


def _is_of(spec: FeedSpec, line: bytes) -> bool:
    """Tell whether all that a line holds is of a feed."""
    try:
        records = list(unwrap(decode.loads(line)))
    except UNFORESEEN:
        return False
    return bool(records) and all(
        isinstance(record, dict) and recognise(record, spec) is spec for record in records
    )


def _came_since(oldest_ms: int, arrival: _Arrival) -> bool:
    return arrival.came_ms is None or arrival.came_ms >= oldest_ms
