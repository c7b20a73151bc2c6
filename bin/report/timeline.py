"""A case's events drawn to scale, one lane a stage, for the template to write as SVG.

Events that would cover each other in a lane become one mark with their numbers, so that any number
at one instant stays readable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .moments import clock, day, span
from .names import clip, words
from .scale import Axis, axis, ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .events import Happening

WIDTH = 1000.0
LABELS = 168.0
RIGHT = 960.0  # the last time label is centred on its place
LANE = 34.0
TOP = 58.0
BOTTOM = 24.0
MARK = 22.0
CHARACTER = 7.4
TICK_SPACING = 84.0
NAMED_IN_TITLE = 8


@dataclass(frozen=True)
class Mark:
    """One event, or several too near each other to be told apart; `x` is its middle."""

    x: float
    width: float
    first_x: float
    last_x: float
    text: str
    title: str
    target: int


@dataclass(frozen=True)
class Lane:
    """The events of one stage. `telling`: the verdict rests on it."""

    name: str
    y: float
    telling: bool
    anchor: bool
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Tick:
    """A time on the axis; `day` only where it differs from the tick before."""

    x: float
    time: str
    day: str


@dataclass(frozen=True)
class Pause:
    """A quiet stretch that is not to scale."""

    x: float
    width: float
    text: str


@dataclass(frozen=True)
class Timeline:
    """Everything the drawing holds."""

    width: float
    height: float
    left: float
    right: float
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    pauses: tuple[Pause, ...]
    summary: str


def timeline(events: Sequence[Happening], telling: frozenset[str], anchor: str) -> Timeline | None:
    """Lay out the drawing; None where there are no events."""
    if not events:
        return None
    line = axis([event.time_ms for event in events], LABELS, RIGHT)
    stages = list(dict.fromkeys(stage for event in events for stage in event.stages))
    lanes = [
        Lane(
            clip(words(stage), 21),
            TOP + number * LANE + LANE / 2,
            stage in telling,
            stage == anchor,
            marks([event for event in events if stage in event.stages], line),
        )
        for number, stage in enumerate(stages)
    ]
    pauses = tuple(Pause(p.x, p.width, span(p.length_ms)) for p in line.breaks)
    height = TOP + LANE * len(lanes) + BOTTOM
    return Timeline(
        WIDTH, height, LABELS, RIGHT, tuple(lanes), _ticks(line), pauses, _summary(events, lanes)
    )


def marks(events: Sequence[Happening], line: Axis) -> tuple[Mark, ...]:
    """Return a lane's marks from left to right, none touching the next."""
    groups: list[list[Happening]] = []
    for event in events:
        groups.append([event])
        while len(groups) > 1 and _touch(groups[-2], groups[-1], line):
            groups[-2:] = [groups[-2] + groups[-1]]
    return tuple(_mark(group, line) for group in groups)


def _touch(left: list[Happening], right: list[Happening], line: Axis) -> bool:
    before, after = _mark(left, line), _mark(right, line)
    return before.x + before.width / 2 + 2 > after.x - after.width / 2


def _mark(group: list[Happening], line: Axis) -> Mark:
    first, last = line.x(group[0].time_ms), line.x(group[-1].time_ms)
    text = _numbers([event.number for event in group])
    width = max(MARK, len(text) * CHARACTER + 12)
    middle = min((first + last) / 2, line.right - width / 2)
    shown = [_line(event) for event in group[:NAMED_IN_TITLE]]
    if len(group) > NAMED_IN_TITLE:
        shown.append(f"and {len(group) - NAMED_IN_TITLE} more")
    return Mark(middle, width, first, last, text, "; ".join(shown), group[0].number)


def _line(event: Happening) -> str:
    return f"{event.number}: {clock(event.time_ms)} {clip(event.evidence.summary, 120)}"


def _numbers(numbers: list[int]) -> str:
    """Return `3`, `3–7` for a run of numbers, `3, 5` for two, `3 … 9 (×4)` for others."""
    first, last, count = numbers[0], numbers[-1], len(numbers)
    if count == 1:
        return str(first)
    if last - first + 1 == count and count > 2:
        return f"{first}–{last}"
    return f"{first}, {last}" if count == 2 else f"{first} … {last} (×{count})"


def _ticks(line: Axis) -> tuple[Tick, ...]:
    found: list[Tick] = []
    known = ""
    for burst in line.bursts:
        for time in ticks(burst, TICK_SPACING):
            date = day(time)
            found.append(Tick(line.x(time), clock(time), "" if date == known else date))
            known = date
    return tuple(found)


def _summary(events: Sequence[Happening], lanes: Sequence[Lane]) -> str:
    length = span(events[-1].time_ms - events[0].time_ms)
    count = f"{len(events)} events" if len(events) > 1 else "1 event"
    stages = ", ".join(lane.name for lane in lanes)
    if events[0].time_ms == events[-1].time_ms:
        return f"{count} at {clock(events[0].time_ms)}, by stage: {stages}."
    return f"{count} within {length}, by stage in order of first event: {stages}."
