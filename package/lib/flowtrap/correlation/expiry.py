"""What a run with saved state may forget once the watermark has passed it.

With W the window: an anchor may ask for hits up to W before and after itself. A case stays open
for 2 W after its last anchor: the next one may lie up to W later, and wait as long for its
verdict. What open cases rest on is pinned, however old, so that each run can build them again. An
anchor that got no verdict is not: judged anew without its relations, it would seem to lack them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from . import entry as entries_
from .cases import together

_Name = TypeVar("_Name")

if TYPE_CHECKING:
    from .cases import Judged
    from .hit_log import HitLogs
    from .plan import Plan, Use


class Expiry:
    """Collects pins while cases are judged, then sweeps all logs; O(hits held) once per run."""

    def __init__(self, plan: Plan, watermark_ms: int | None) -> None:
        self._plan = plan
        self._watermark_ms = watermark_ms
        self._pins: dict[tuple[int, int], int] = {}
        self._oldest: dict[int, int] = {}
        self._anchors: dict[tuple[int, int], set[bytes]] = {}

    def pin(self, number: int, table: int, key: int, case: list[Judged]) -> bool:
        """Keep what a case rests on if it is open; tell whether it is."""
        window_ms = self._plan.window_ms[number]
        if self._watermark_ms is None:
            return True
        if case[-1].anchor.time_ms + 2 * window_ms < self._watermark_ms:
            return False
        first_ms = case[0].anchor.time_ms
        judged = self._anchors.setdefault((table, key), set())
        judged.update(entries_.pack(item.anchor) for item in case)
        _lower(self._oldest, number, first_ms - window_ms)
        for spans in together(case).values():
            for span in spans:
                _lower(self._pins, span.view.place, span.first_ms)
        return True

    def sweep(self, logs: HitLogs) -> int:
        """Drop what no anchor can ask for any more; return how many entries went."""
        if self._watermark_ms is None:
            return 0
        floors: dict[int, int] = {}
        for uses in self._plan.uses:
            for use in uses:
                self._lower_floors(floors, use, self._watermark_ms)
        return sum(self._sweep(logs, table, floor_ms) for table, floor_ms in floors.items())

    def _lower_floors(self, floors: dict[int, int], use: Use, watermark_ms: int) -> None:
        """Note how far back a use looks into its tables; the longest look at a table counts."""
        window_ms = self._plan.window_ms[use.detection]
        related_ms = watermark_ms - 3 * window_ms
        if use.anchor_table is not None:
            _lower(floors, use.anchor_table, watermark_ms - 2 * window_ms)
        if use.relation_table is not None:
            _lower(floors, use.relation_table, related_ms)
        for rule, table in use.past:
            floor_ms = min(related_ms, self._oldest.get(use.detection, related_ms))
            _lower(floors, table, floor_ms - rule.over_ms)

    def _sweep(self, logs: HitLogs, table: int, floor_ms: int) -> int:
        """Shorten the logs of a table; return how many entries went."""
        dropped = 0
        for key, log in logs.scan(table):
            floor = entries_.time_mark(min(floor_ms, self._pins.get((table, key), floor_ms)))
            judged = self._anchors.get((table, key), ())
            kept = [entry for entry in log if entry >= floor or entry in judged]
            if len(kept) < len(log):
                logs.keep(table, key, kept)
                dropped += len(log) - len(kept)
        return dropped


def reach_ms(plan: Plan, use: Use) -> int:
    """Return how long before the watermark a hit of a use may lie and still be asked for."""
    return 3 * plan.window_ms[use.detection] + max((r.over_ms for r, _ in use.past), default=0)


def _lower(pins: dict[_Name, int], name: _Name, time_ms: int) -> None:
    pins[name] = min(pins.get(name, time_ms), time_ms)
