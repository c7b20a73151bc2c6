"""A time axis to scale, on which long quiet stretches are cut out.

Example: with events at 11:00:00, 11:00:40 and 16:00:00 the axis has a burst of 40 seconds, a break
labelled `4 h 59 min`, and a burst of one instant. All bursts share one scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

BREAK_WIDTH = 76.0
BURST_PAD = 16.0
MOST_BREAKS = 5
LEAST_BREAK_MS = 300_000
JUMP = 6  # a gap this many times the next smaller one is a quiet stretch
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200,
            86400, 172800, 604800, 1209600, 2592000)  # fmt: skip


@dataclass(frozen=True)
class Burst:
    """A stretch of time drawn to scale, from x to x + width without its padding."""

    first_ms: int
    last_ms: int
    x: float
    width: float


@dataclass(frozen=True)
class Break:
    """A stretch of time left out."""

    x: float
    width: float
    length_ms: int


@dataclass(frozen=True)
class Axis:
    """Bursts and the breaks between them."""

    bursts: tuple[Burst, ...]
    breaks: tuple[Break, ...]
    left: float
    right: float

    def x(self, time_ms: int) -> float:
        """Return the place of a time that lies in a burst."""
        burst = next(b for b in self.bursts if b.first_ms <= time_ms <= b.last_ms)
        length = burst.last_ms - burst.first_ms
        share = (time_ms - burst.first_ms) / length if length else 0.0
        return burst.x + share * burst.width


def axis(times: list[int], left: float, right: float) -> Axis:
    """Lay out the axis for these times, of which there is at least one."""
    ordered = sorted(set(times))
    broken = quiet_stretches(ordered)
    groups: list[list[int]] = [[ordered[0]]]
    for before, after in pairwise(ordered):
        if (before, after) in broken:
            groups.append([])
        groups[-1].append(after)
    drawn_ms = sum(group[-1] - group[0] for group in groups)
    room = right - left - BREAK_WIDTH * (len(groups) - 1) - 2 * BURST_PAD * len(groups)
    scale = room / drawn_ms if drawn_ms else 0.0
    bursts, breaks, x = [], [], left
    for number, group in enumerate(groups):
        if number:
            breaks.append(Break(x, BREAK_WIDTH, group[0] - groups[number - 1][-1]))
            x += BREAK_WIDTH
        width = (group[-1] - group[0]) * scale
        bursts.append(Burst(group[0], group[-1], x + BURST_PAD, width))
        x += width + 2 * BURST_PAD
    return Axis(tuple(bursts), tuple(breaks), left, right)


def quiet_stretches(ordered: list[int]) -> set[tuple[int, int]]:
    """Return the gaps that dwarf all others: those above the greatest jump in gap length."""
    gaps = sorted(pairwise(ordered), key=lambda gap: (gap[0] - gap[1], gap[0]))
    best, jump = 0, float(JUMP)
    for number, (longer, shorter) in enumerate(pairwise(gaps), 1):
        ratio = (longer[1] - longer[0]) / (shorter[1] - shorter[0])
        if number <= MOST_BREAKS and longer[1] - longer[0] >= LEAST_BREAK_MS and ratio >= jump:
            best, jump = number, ratio
    return set(gaps[:best])


def ticks(burst: Burst, spacing: float) -> list[int]:
    """Return the times to label: the burst's start and round times that leave `spacing` between."""
    length_s = (burst.last_ms - burst.first_ms) / 1000
    if burst.width < spacing:
        return [burst.first_ms]
    least = length_s * spacing / burst.width
    step_ms = 1000 * next((step for step in _STEPS_S if step >= least), _STEPS_S[-1])
    per_ms = burst.width / (burst.last_ms - burst.first_ms)
    start = -(-burst.first_ms // step_ms) * step_ms
    round_times = range(start, burst.last_ms + 1, step_ms)
    return [burst.first_ms] + [
        time for time in round_times if (time - burst.first_ms) * per_ms >= spacing
    ]
