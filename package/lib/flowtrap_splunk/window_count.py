"""`| windowcount`: how many events, and distinct values, the sliding window before each holds.

    … | windowcount by=user window=10m distinct=src

adds `window_count` and `window_distinct` to each row: of the events with the same key in the ten
minutes up to it, both ends counted, events of the same instant included. Unlike `bin` it has no
edges; unlike `streamstats` it has no limit of 10,000 and takes newest-first order, in which Splunk
sends events, as well as oldest-first. Rows leave in the order in which they came.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from .errors import OptionError
from .options import Option, Options
from .protocol import NO_ROWS, Table
from .row_fields import RowFields, cell
from .serve import joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .serve import Messages, SearchInfo

OPTIONS = (
    Option("by", None, "by=user,src"),
    Option("window", None, "window=10m"),
    Option("distinct", "", "distinct=src"),
    Option("count_as", "window_count", "count_as=window_count"),
    Option("distinct_as", "window_distinct", "distinct_as=window_distinct"),
    Option("maxrows", "200000", "maxrows=200000"),
)


class Window:
    """The events of one key: those inside the window of the row that is judged, those to come.

    Positions do not fall. Each event is added, moved and dropped once, so a count costs O(1).
    """

    def __init__(self) -> None:
        self._inside: deque[tuple[int, str]] = deque()
        self._coming: deque[tuple[int, str]] = deque()
        self._values: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._inside) + len(self._coming)

    def add(self, at: int, value: str) -> None:
        """Take an event."""
        self._coming.append((at, value))

    def count(self, first: int, last: int) -> tuple[int, int]:
        """Return how many events and distinct values lie from first to last."""
        while self._coming and self._coming[0][0] <= last:
            at, value = self._coming.popleft()
            self._inside.append((at, value))
            if value:
                self._values[value] = self._values.get(value, 0) + 1
        self.forget(first)
        return len(self._inside), len(self._values)

    def forget(self, first: int) -> int:
        """Drop events before a position; return how many."""
        before = len(self)
        while self._inside and self._inside[0][0] < first:
            _, value = self._inside.popleft()
            if value and self._values[value] == 1:
                del self._values[value]
            elif value:
                self._values[value] -= 1
        while not self._inside and self._coming and self._coming[0][0] < first:
            self._coming.popleft()
        return before - len(self)


class _Held(NamedTuple):
    """A row that waits until its window is complete; without a window it only keeps its place."""

    at: int
    window: Window | None
    fields: RowFields
    row: Sequence[str]


class WindowCount:
    """The command."""

    kind = "stateful"
    preview = True

    def __init__(self, info: SearchInfo, messages: Messages) -> None:
        options = Options(info.args, OPTIONS)
        self._messages = messages
        self._by = options.words("by")
        if not self._by:
            raise OptionError("by names no field", cure="write by=user")
        self._distinct = options.text("distinct")
        self._length_us = options.span_ms("window") * 1_000
        self._names = [options.text("count_as")]
        self._names += [options.text("distinct_as")] if self._distinct else []
        self._most = options.number("maxrows", 10, 10_000_000)
        self._keys: dict[tuple[str, ...], Window] = {}
        self._alive: deque[tuple[int, tuple[str, ...]]] = deque()
        self._held: deque[_Held] = deque()
        self._undirected: list[tuple[int, _Held, str]] = []
        self._sign = 0  # 1: oldest first, -1: newest first, 0: not known yet
        self._frontier: int | None = None
        self._entries = self._unordered = self._without = self._partial = 0
        self._out: list[tuple[RowFields, list[str]]] = []

    def choose(self, columns: Sequence[str]) -> None:
        """Every row goes on."""

    def take(self, table: Table) -> Table:
        """Take a chunk; return the rows whose windows are complete."""
        fields = RowFields(table.columns, self._by)
        distinct_at = fields.at(self._distinct)
        for row in table.rows:
            if row:
                self._arrive(fields, row, cell(row, distinct_at))
        return self._ready()

    def finish(self) -> Table:
        """Return the rows that are left, and tell what was not as it should be."""
        self._direct(1)
        while self._held:
            self._release()
        if self._unordered:
            self._messages.warn(
                f"windowcount: {self._unordered:,} rows are out of order, perhaps miscounted:"
                " put | sort 0 _time before it"
            )
        if self._partial:
            self._messages.warn(
                f"windowcount: {self._partial:,} events did not fit into maxrows={self._most}:"
                " some counts are too low"
            )
        if self._without:
            self._messages.info(f"windowcount: {self._without:,} rows lack _time or by")
        return self._ready()

    def settle(self) -> None:
        """Nothing is kept."""

    def _arrive(self, fields: RowFields, row: Sequence[str], value: str) -> None:
        time_us, key = fields.time_us(row), fields.key(row)
        if time_us is None or key is None:
            self._without += 1
            held = _Held(0, None, fields, row)
            time_us = self._undirected[-1][0] if self._undirected else None
        else:
            window = self._keys.get(key)
            if window is None:
                window = self._keys[key] = Window()
            held = _Held(0, window, fields, row)
        if self._sign == 0:
            self._undirected.append((time_us or 0, held, value))
            first = next((t for t, h, _ in self._undirected if h.window is not None), None)
            if key is not None and time_us is not None and first is not None and time_us != first:
                self._direct(1 if time_us > first else -1)
            elif len(self._undirected) > self._most:
                self._direct(1)
            return
        self._place(time_us, held, value, key)

    def _direct(self, sign: int) -> None:
        """Take up the rows that came before the direction was known."""
        if self._sign:
            return
        self._sign = sign
        waiting, self._undirected = self._undirected, []
        for time_us, held, value in waiting:
            key = held.fields.key(held.row) if held.window is not None else None
            self._place(time_us if held.window is not None else None, held, value, key)

    def _place(
        self, time_us: int | None, held: _Held, value: str, key: tuple[str, ...] | None
    ) -> None:
        if time_us is None or key is None:
            if self._held and self._frontier is not None:
                self._held.append(held._replace(at=self._frontier))
            else:
                self._held.append(held)
                self._release()
            return
        at = time_us * self._sign
        if self._frontier is not None and at < self._frontier:
            self._unordered += 1
            at = self._frontier
        self._frontier = at
        window = self._keys.get(key)
        if window is None:
            window = self._keys[key] = Window()
        window.add(at, value)
        self._alive.append((at, key))
        self._entries += 1
        self._held.append(held._replace(at=at, window=window))
        ahead = self._length_us if self._sign < 0 else 0
        while self._held and self._held[0].at + ahead < at:
            self._release()
        self._forget()

    def _release(self) -> None:
        """Let the first row go, with its counts."""
        held = self._held.popleft()
        cells = [""] * len(self._names)
        if held.window is not None:
            back, ahead = (self._length_us, 0) if self._sign > 0 else (0, self._length_us)
            before = len(held.window)
            counts = held.window.count(held.at - back, held.at + ahead)
            self._entries -= before - len(held.window)
            cells = [str(count) for count in counts[: len(self._names)]]
        self._out.append((held.fields, held.fields.with_more(held.row, cells)))

    def _forget(self) -> None:
        """Drop what no row can ask for any more, and what is too much."""
        floor = self._held[0].at if self._held else self._frontier or 0
        floor -= self._length_us if self._sign > 0 else 0
        while self._alive and self._alive[0][0] < floor:
            self._drop(*self._alive.popleft())
        while len(self._held) > self._most:
            self._partial += 1
            self._release()
        while self._entries > self._most and self._alive:
            self._partial += 1
            self._drop(*self._alive.popleft())

    def _drop(self, at: int, key: tuple[str, ...]) -> None:
        window = self._keys.get(key)
        if window is not None:
            self._entries -= window.forget(at + 1)
            if not len(window):
                del self._keys[key]

    def _ready(self) -> Table:
        """Return the rows that may go, with the columns of all chunks they came in."""
        table, begin = NO_ROWS, 0
        for end in range(1, len(self._out) + 1):
            if end == len(self._out) or self._out[end][0].columns != self._out[begin][0].columns:
                columns = [*self._out[begin][0].columns, *self._names]
                rows = [row for _, row in self._out[begin:end]]
                table, begin = joined(table, Table(columns, rows)), end
        self._out = []
        return table
