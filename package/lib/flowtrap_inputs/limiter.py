"""No more than so many requests in any minute, over all threads that share it.

Example: `limiter = Limiter(1_800, stop)`; every thread calls `limiter.take()` before a request.

One process is one input of Splunk, and processes do not see each other's requests: where several
inputs read one tenant, each is given its part of the limit:
`Limiter(1_800 // inputs, stop)`.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    from .stop import Stop

MINUTE_S = 60.0


class Limiter:
    """Lets `per_minute` requests start in any 60 seconds. O(1) a request, 8 bytes each."""

    def __init__(
        self, per_minute: int, stop: Stop, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._starts: deque[float] = deque(maxlen=max(1, per_minute))
        self._stop, self._clock = stop, clock
        self._held_until = 0.0
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait until one more request may start; raise StoppedError."""
        while True:
            wait_s = self._claim()
            if wait_s <= 0:
                return
            self._stop.pause(wait_s)

    def hold(self, seconds: float) -> None:
        """Let nobody start a request for so long: the vendor has asked for patience."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)

    def _claim(self) -> float:
        """Return 0 if a request may start now, which counts it; else the seconds to wait."""
        with self._lock:
            now = self._clock()
            free_at = self._held_until
            if len(self._starts) == self._starts.maxlen:
                free_at = max(free_at, self._starts[0] + MINUTE_S)
            if free_at <= now:
                self._starts.append(now)
                return 0.0
            return free_at - now
