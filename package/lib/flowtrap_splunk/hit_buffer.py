"""The hits of one run until the saved state is at hand: the lease is held for seconds only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowtrap.correlation.entry import head, pack, unpack
from flowtrap.model.counters import Counters

if TYPE_CHECKING:
    from flowtrap.correlation.engine import Engine
    from flowtrap.model.hit import Hit


class HitBuffer:
    """Takes hits as an engine does; beyond `most` the oldest tenth is dropped and counted."""

    def __init__(self, most: int) -> None:
        self.counters = Counters()
        self._most = most
        self._held: list[tuple[bytes, int]] = []

    def add(self, index: int, hit: Hit) -> None:
        """Take a hit of the distinct stage at `index`."""
        self._held.append((pack(hit), index))
        if len(self._held) > self._most:
            self._held.sort()
            dropped = len(self._held) - self._most + self._most // 10
            del self._held[:dropped]
            self.counters.evicted += dropped

    def pour(self, engine: Engine) -> None:
        """Give everything to an engine; events that it knows of earlier runs are duplicates."""
        again = len({head(entry) for entry, _ in self._held} & engine.known)
        self.counters.matched -= again
        self.counters.duplicate += again
        for entry, index in self._held:
            engine.add(index, unpack(entry))
        self._held.clear()
