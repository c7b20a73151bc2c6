"""Which of the records that wait in a group may be its oldest, told from their bytes.

Some conditions ask how long a stage's history is known. Its first hit must be read for that, though
nothing else asks for it. What the bytes show is only the least that a record's time may be: an
intruder may write other times into it, but none that makes it look younger.
"""

from __future__ import annotations

import heapq

KEPT = 64


class Oldest:
    """The places of a few records, oldest first; of the others only when the oldest of them was."""

    def __init__(self) -> None:
        self._newest_first: list[tuple[int, int]] = []
        self.others_ms: int | None = None

    def add(self, time_ms: int, place: int) -> None:
        """Note a record by the least that its time may be; O(log 64)."""
        entry = -time_ms, place
        if len(self._newest_first) < KEPT:
            heapq.heappush(self._newest_first, entry)
            return
        dropped_ms = -heapq.heappushpop(self._newest_first, entry)[0]
        self.others_ms = min(dropped_ms, self.others_ms or dropped_ms)

    def first(self) -> list[tuple[int, int]]:
        """Return (least time, place) of those that are kept, oldest first."""
        return sorted((-negative, place) for negative, place in self._newest_first)
