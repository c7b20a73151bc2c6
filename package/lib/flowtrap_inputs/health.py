"""What an input tells of itself: one event at the end of each run.

    {"input": "flowtrap_workspace://corp", "state": "ok", "events": 1200, "bytes": 1800000,
     "lag_s": 95, "behind_s": 60, "requests": 14, "throttles": 0, "retries": 1, "duplicates": 30,
     "errors": {"503": 1}, "run_s": 4.2, "interval_s": 300, "message": ""}

Figures are those of this run. `lag_s` is the time since the newest event that it delivered, null
where it delivered none; `behind_s` is the time since the moment up to which everything was read at
least once. A quiet tenant has a long lag and is not behind. `state` is ok, degraded (a part failed,
see errors), failed (see message) or stopped (splunkd ended it).

They go to `_internal`: they count towards no licence, the index always exists, forwarders pass it
on, and who may look after Splunk may read it.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from typing import Callable

SOURCETYPE, INDEX = "flowtrap:input:health", "_internal"
FIGURES = ("requests", "throttles", "retries", "duplicates")


class Health:
    """Counts one run of one input; threads may share it. Times are seconds since 1970."""

    def __init__(
        self, stanza: str, *, interval_s: int = 0, clock: Callable[[], float] = time.time
    ) -> None:
        self._stanza, self._interval_s, self._clock = stanza, interval_s, clock
        self._lock = threading.Lock()
        self._began_s = clock()
        self._events = self._bytes = 0
        self._newest_s: float | None = None
        self._read_until_s: float | None = None
        self._figures: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()

    def add(self, figure: str, amount: int = 1) -> None:
        """Add to one of FIGURES, or to a figure of the input's own."""
        with self._lock:
            self._figures[figure] += amount

    def error(self, code: str) -> None:
        """Count an error under its code."""
        with self._lock:
            self._errors[code] += 1

    def delivered(self, size_bytes: int, time_s: float | None) -> None:
        """Count an event."""
        with self._lock:
            self._events += 1
            self._bytes += size_bytes
            if time_s is not None:
                self._newest_s = max(time_s, self._newest_s or time_s)

    def read_until(self, time_s: float) -> None:
        """Take the moment up to which all was read; of several parts the furthest behind counts."""
        with self._lock:
            self._read_until_s = min(time_s, self._read_until_s or time_s)

    def event(self, state: str = "", message: str = "") -> bytes:
        """Return the event. Without a state: degraded where an error was counted, else ok."""
        now_s = self._clock()
        with self._lock:
            told = {
                "input": self._stanza,
                "state": state or ("degraded" if self._errors else "ok"),
                "events": self._events,
                "bytes": self._bytes,
                "lag_s": _since(now_s, self._newest_s),
                "behind_s": _since(now_s, self._read_until_s),
                **dict.fromkeys(FIGURES, 0),
                **self._figures,
                "errors": dict(self._errors),
                "run_s": round(now_s - self._began_s, 3),
                "interval_s": self._interval_s,
                "message": message,
            }
        return json.dumps(told).encode()


def _since(now_s: float, then_s: float | None) -> int | None:
    return None if then_s is None else max(0, round(now_s - then_s))
