"""One flag that tells all threads of an input to end at the next safe place.

Example: `signal.signal(signal.SIGTERM, stop.set)`, then `stop.pause(30)` wherever one waits.

A plain flag, polled: the lock that threading.Event takes in a signal's handler can be the one that
the interrupted thread holds.
"""

from __future__ import annotations

import time
from typing import Callable

from .errors import StoppedError

POLL_S = 0.1


class Stop:
    """Told once, for good."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._told = False
        self._clock, self._sleep = clock, sleep

    def set(self, *_signal_and_frame: object) -> None:
        """Tell everyone; may be a signal's handler."""
        self._told = True

    def is_set(self) -> bool:
        """Return whether it was told."""
        return self._told

    def check(self) -> None:
        """Raise StoppedError if it was told."""
        if self._told:
            raise StoppedError("told to stop")

    def pause(self, seconds: float) -> None:
        """Wait; raise StoppedError within a tenth of a second of being told."""
        until = self._clock() + seconds
        while True:
            self.check()
            left = until - self._clock()
            if left <= 0:
                return
            self._sleep(min(left, POLL_S))
