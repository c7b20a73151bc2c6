"""How the lines of a graph run: from box to box, beside a column, or under the columns between.

Example: `route(start, end, below).path` is SVG path data made of numbers only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

NODE_WIDTH = 190.0
COLUMN_GAP, ROW_GAP = 128.0, 24.0
DETOUR = 22.0
LABEL_HEIGHT = 15.0


@dataclass(frozen=True)
class Place:
    """Where a box stands; `x`, `y` are its upper left corner."""

    x: float
    y: float
    height: float

    @property
    def middle(self) -> float:
        """Return the height at which lines end."""
        return self.y + self.height / 2


@dataclass(frozen=True)
class Route:
    """A line, and the middle of its label; `detour` where it runs under the columns."""

    path: str
    x: float
    y: float
    detour: bool = False


def route(start: Place, end: Place, below: float) -> Route:
    """Return a curve from box to box and the place of its label."""
    if start.x == end.x:
        return _within_column(start, end)
    forward = start.x < end.x
    x1 = start.x + (NODE_WIDTH if forward else 0)
    x2 = end.x + (0 if forward else NODE_WIDTH)
    y1, y2 = start.middle, end.middle
    if abs(x2 - x1) > COLUMN_GAP + 1:
        return _around(x1, y1, x2, y2, below + DETOUR / 2)
    middle = (x1 + x2) / 2
    path = f"M{x1:.1f} {y1:.1f}C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    return Route(path, middle, (y1 + y2) / 2)


def _within_column(start: Place, end: Place) -> Route:
    """Return a straight line between neighbours, else a loop on the right."""
    down = start.y < end.y
    upper, lower = (start, end) if down else (end, start)
    y1, y2 = upper.y + upper.height, lower.y
    if y2 - y1 < ROW_GAP + 1:
        x = start.x + NODE_WIDTH * (0.4 if down else 0.6)
        ends = (y1, y2) if down else (y2, y1)
        return Route(f"M{x:.1f} {ends[0]:.1f}V{ends[1]:.1f}", x, (y1 + y2) / 2)
    x, bulge = start.x + NODE_WIDTH, start.x + NODE_WIDTH + 44
    y1, y2 = start.middle + (6 if down else -6), end.middle - (6 if down else -6)
    path = f"M{x:.1f} {y1:.1f}C{bulge:.1f} {y1:.1f} {bulge:.1f} {y2:.1f} {x:.1f} {y2:.1f}"
    return Route(path, x + 33, (y1 + y2) / 2)


def _around(x1: float, y1: float, x2: float, y2: float, y: float) -> Route:
    """Return a way under the columns between, so that no line runs behind a box."""
    turn = COLUMN_GAP / 2 if x2 > x1 else -COLUMN_GAP / 2
    path = (
        f"M{x1:.1f} {y1:.1f}C{x1 + turn:.1f} {y1:.1f} {x1 + turn / 2:.1f} {y:.1f} "
        f"{x1 + 2 * turn:.1f} {y:.1f}H{x2 - 2 * turn:.1f}"
        f"C{x2 - turn / 2:.1f} {y:.1f} {x2 - turn:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    )
    return Route(path, (x1 + x2) / 2, y, detour=True)


def spread(spots: Sequence[tuple[float, float]]) -> list[float]:
    """Move labels of one gap down until none covers another."""
    heights = [0.0] * len(spots)
    lowest: dict[float, float] = {}
    for number in sorted(range(len(spots)), key=lambda n: (spots[n][0], spots[n][1], n)):
        x, y = spots[number]
        heights[number] = max(y, lowest.get(x, y - LABEL_HEIGHT) + LABEL_HEIGHT)
        lowest[x] = heights[number]
    return heights
