"""`elastic run`: the cluster selects the events, the core judges them, the findings go back.

A run reads one step of time after another, from where the saved state ends, less the lateness, to
now. After each step the findings that are new or say more are written; at the end, and on the way
where that took long, the state is saved. A run that dies in between reads again what came since the
last saved state, which changes nothing. Where a step could not be read whole, what was found is
written, but the state stays, so that the next run reads it again.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from typing import TYPE_CHECKING, NamedTuple

from flowtrap.correlation.engine import Engine
from flowtrap.feed import decode
from flowtrap.feed.waiting import WaitingRoom
from flowtrap.intake import ALWAYS, Context, Intake, every_default
from flowtrap.match.matcher import Matcher
from flowtrap.sieve import Sieve

from .errors import ClusterError, RedIndexError
from .originals import latest_ms, original_of
from .paging import Reading
from .selection import Window, day_of, oldest_ms, select
from .sink import Written
from .state import Saved
from .survey import survey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from flowtrap.model.counters import Counters
    from flowtrap.model.detection import Detection
    from flowtrap.model.errors import FlowtrapError
    from flowtrap.model.tunable import Tunables

    from .boring import Query
    from .client import Cluster
    from .paging import Hit
    from .selection import Selection
    from .sink import Sink
    from .sources import Source
    from .state import IndexState
    from .survey import Fields, Survey

MOST_NOTES = 20
LEAST_STEP_MS = 600_000  # a step is not cut shorter, however much it holds


class Times(NamedTuple):
    """Which time a run covers, in milliseconds; `since_ms` counts where no state is saved."""

    since_ms: int
    now_ms: int
    step_ms: int
    lateness_ms: int
    save_ms: int  # how long to work, at least, between two saved states


class _Mapped(NamedTuple):
    source: Source
    fields: Fields


_Chosen = list[tuple["Source", "Selection"]]  # what to read of each source


class Run:
    """One run; `go` does it.

    `batch` is how many documents are read at most before cases are judged, as far as shorter steps
    hold fewer; `say` takes what a person should know, one line each.
    """

    def __init__(
        self,
        cluster: Cluster,
        sources: Sequence[Source],
        detections: Sequence[Detection],
        tunables: Tunables,
        *,
        state: IndexState,
        sink: Sink,
        times: Times,
        slices: int,
        batch: int,
        final: bool,
        say: Callable[[str], None],
    ) -> None:
        self._cluster = cluster
        self._sources = sources
        self._state = state
        self._sink = sink
        self._times = times
        self._slices = slices
        self._batch = batch
        self._final = final
        self._say = say
        decode.set_accelerators(True)
        spill = tempfile.TemporaryFile
        self._engine = Engine(detections, tunables, lateness_ms=times.lateness_ms, spill=spill)
        self._matcher = Matcher(self._engine.stages, every_default(detections, tunables))
        self._intake = Intake(self._engine, self._matcher, ALWAYS, self._note, lambda event: None)
        self._room = WaitingRoom(spill, self._note)
        self._sieve = Sieve(self._engine, self._matcher, self._intake, self._room)
        self._notes = 0
        self._saved_at_s = time.monotonic()
        self.saved_until_ms: int | None = None
        self.written = Written()
        self.problems: list[str] = []
        self._lost = 0  # sources of which something cannot be read as it is

    @property
    def counters(self) -> Counters:
        """Return what happened to every record so far."""
        return self._engine.counters

    @property
    def rebuilt(self) -> int:
        """Return how many documents kept no original, so that their fields were read."""
        return self._intake.rebuilt

    @property
    def incomplete(self) -> bool:
        """Whether anything that may hold evidence was not read, or lost."""
        return bool(self.problems or self._lost) or self.counters.incomplete

    def go(self) -> None:
        """Run to the end; raise ClusterError or StateError where it cannot go on."""
        with contextlib.closing(self._room), contextlib.closing(self._engine.logs):
            self._go()

    def _go(self) -> None:
        self._restore()
        mapped = self._mapped()
        for window, chosen in self._steps(mapped):
            before, last = self.counters.read, window.until_ms == self._times.now_ms
            self._read(chosen, window)
            if last or self.problems or self.counters.read > before:
                self._settle(window, last=last)
            if self.problems:
                return

    def _restore(self) -> None:
        saved = self._state.load()
        if saved is not None:
            self._engine.restore(saved.engine)
            self._sieve.wait_again(saved.waiting)
            self.saved_until_ms = saved.until_ms

    def _mapped(self) -> list[_Mapped]:
        """Return the sources that can be read; a feed that is not there is told."""
        found: list[_Mapped] = []
        absent: list[str] = []
        unstamped: list[str] = []
        for source in self._sources:
            try:
                seen = survey(self._cluster, source)
            except RedIndexError as error:
                self._miss(source, self._whole(), error.problem)
                continue
            self._tell(source, seen)
            if seen.fields:
                found.append(_Mapped(source, seen.fields))
                unstamped += [] if seen.stamped else [source.pattern]
            elif not seen.there:
                absent += source.feeds
        if not found and not self.problems:
            raise ClusterError(
                "no index of any feed is there",
                place=self._cluster.place,
                cure="name your own with --index FEED=PATTERN",
            )
        if absent:
            self._say(f"no index holds {', '.join(absent)}: what needs them cannot be found")
        if unstamped:
            self._say(
                f"no event.ingested in {', '.join(unstamped)}: what arrives there later than"
                " --lateness after it happened is not read"
            )
        return found

    def _tell(self, source: Source, seen: Survey) -> None:
        for note in (*seen.notes, *seen.lost):
            self._say(f"{source.pattern}: {note}")
        for problem in seen.missed:
            self._miss(source, self._whole(), problem)
        self._lost += bool(seen.lost)

    def _whole(self) -> Window:
        """Return the time that is to be read."""
        since_ms = self._times.since_ms
        if self.saved_until_ms is not None:
            since_ms = self.saved_until_ms - self._times.lateness_ms
        return Window(since_ms, self._times.now_ms)

    def _steps(self, mapped: Sequence[_Mapped]) -> Iterator[tuple[Window, _Chosen]]:
        """Yield the steps to read, oldest first, without stretches that are empty; one ends now."""
        left = self._whole()
        while left.since_ms < left.until_ms:
            begin_ms = self._oldest_ms(mapped, left)
            end_ms = min(begin_ms + self._times.step_ms, left.until_ms)
            step, chosen = self._step(mapped, Window(begin_ms, end_ms))
            yield step, chosen
            left = Window(step.until_ms, left.until_ms)

    def _step(self, mapped: Sequence[_Mapped], window: Window) -> tuple[Window, _Chosen]:
        """Return as much of a window, from its beginning, as holds few enough documents."""
        while True:
            chosen = list(self._choose(mapped, window))
            count = sum(selection.total - selection.left_out for _, selection in chosen)
            length_ms = window.until_ms - window.since_ms
            if count <= self._batch or length_ms <= LEAST_STEP_MS:
                return window, chosen
            shorter_ms = min(length_ms // 2, length_ms * self._batch // count)
            window = Window(window.since_ms, window.since_ms + max(shorter_ms, LEAST_STEP_MS))

    def _choose(
        self, mapped: Sequence[_Mapped], window: Window
    ) -> Iterator[tuple[Source, Selection]]:
        possible = self._matcher.possible
        for source, fields in mapped:
            try:
                yield source, select(self._cluster, source, fields, window, possible)
            except RedIndexError as error:
                self._miss(source, window, error.problem)

    def _oldest_ms(self, mapped: Sequence[_Mapped], window: Window) -> int:
        found = [window.until_ms]
        for one in mapped:
            try:
                found.append(oldest_ms(self._cluster, one.source, one.fields, window))
            except RedIndexError as error:
                self._miss(one.source, window, error.problem)
        return min(found)

    def _read(self, chosen: _Chosen, window: Window) -> None:
        for source, selection in chosen:
            self.counters.read += selection.left_out
            self.counters.filtered_out += selection.left_out
            try:
                if not selection.empty:
                    self._read_source(source, selection.query, window)
            except RedIndexError as error:
                self._miss(source, window, error.problem)
        self._sieve.settle()

    def _read_source(self, source: Source, query: Query, window: Window) -> None:
        reading = Reading(self._cluster, source.pattern, query, source.fields, slices=self._slices)
        feed = source.feeds[0] if len(source.feeds) == 1 else ""
        for page in reading.pages():
            self._sieve.begin(Context(source.pattern), feed=feed, came_ms=latest_ms(page))
            self._take(page, feed)
        for problem in reading.problems:
            self._miss(source, window, problem)

    def _take(self, hits: Sequence[Hit], feed: str) -> None:
        """Sift the documents that kept their record, and read the fields of the others."""
        place = ""

        def lines() -> Iterator[bytes]:
            nonlocal place
            for hit in hits:
                place = f"{hit['_index']}/{hit['_id']}"
                line = original_of(hit)
                if line is None:
                    self._intake.take(hit, place)
                else:
                    yield line

        for line in self._sieve.door(feed).sift(lines()) if feed else lines():
            self._intake.take_line(line, Context(place), 0)

    def _miss(self, source: Source, window: Window, problem: str) -> None:
        """Note what could not be read; each kind is said once."""
        told = f"{source.pattern}: {problem}"
        if told not in self.problems:
            self.problems.append(told)
            span = f"{day_of(window.since_ms)} to {day_of(window.until_ms)}"
            self._say(f"{told} ({span} is not read whole, and will be again)")

    def _settle(self, window: Window, *, last: bool) -> None:
        """Write what was found, then save the state if it is time: a kill between is harmless."""
        self.counters.no_key = self._matcher.no_key
        findings = self._engine.flush(
            now_ms=self._times.now_ms,
            settled_ms=window.until_ms - self._times.lateness_ms,
            final=self._final and last,
            incomplete=self.incomplete,
        )
        superseded = self._engine.superseded
        if findings or superseded:
            self.written = self.written.plus(self._sink.write(findings, superseded))
        due = time.monotonic() - self._saved_at_s >= self._times.save_ms / 1000
        if (last or due) and not self.problems:
            self._save(window.until_ms)

    def _save(self, until_ms: int) -> None:
        waiting = self._sieve.waiting(self._engine.late_before_ms or 0)
        self._state.save(Saved(until_ms, self._engine.snapshot(), waiting))
        self.saved_until_ms = until_ms
        self._saved_at_s = time.monotonic()

    def _note(self, error: FlowtrapError) -> None:
        self._notes += 1
        if self._notes <= MOST_NOTES:
            self._say(str(error))
        elif self._notes == MOST_NOTES + 1:
            self._say("more of the same: see the counters")
