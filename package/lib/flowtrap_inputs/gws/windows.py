"""Which times a run reads of an application, and what it remembers of that.

First all that is new, in windows of at most an hour, oldest first; then what is reported late: the
recent past (an hour, or six) each twelfth of its length, and the whole time of re-scan once a day,
newest first. What was delivered is known (seen.py), so the past brings only what is late.

Ends overlap by a second: Google does not say which of them belongs to a window.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from .settings import DAY_S, HOUR_S, kept_s, late_s

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OVERLAP_S = 1
RECENT_PARTS = 12
CLOCKS_DIFFER_S = 3600  # a time further ahead than this was not written by a right clock


_TIMES = ("read_until_s", "recent_s", "whole_s", "first_s")


class Window(NamedTuple):
    """A time to read, from start to end."""

    start_s: float
    end_s: float


@dataclass
class Progress:
    """What a checkpoint holds of one application; times are seconds since 1970.

    All from `first_s` to `read_until_s` was read at least once. `recent_s` and `whole_s` are when
    the recent past and the whole time of re-scan were last read again.
    """

    read_until_s: float
    recent_s: float = 0.0
    whole_s: float = 0.0
    first_s: float = 0.0

    @classmethod
    def from_dict(cls, row: Mapping[str, Any], now_s: float) -> Progress | None:
        """Return it, None where it cannot be one: a time that is none, or lies ahead."""
        times = [row.get(name) for name in _TIMES]
        latest_s = now_s + CLOCKS_DIFFER_S
        if not all(type(t) in (int, float) and 0 <= t <= latest_s for t in times):  # type: ignore[operator]
            return None
        return cls(*times)  # type: ignore[arg-type]

    def as_dict(self) -> dict[str, float]:
        """Return it as plain data."""
        return asdict(self)


def new_windows(application: str, progress: Progress, now_s: float) -> Iterator[Window]:
    """Yield what was never read, as far as Google keeps it, oldest first."""
    start_s = max(progress.read_until_s, now_s - kept_s(application) + HOUR_S)
    while start_s < now_s:
        end_s = min(now_s, (start_s // HOUR_S + 1) * HOUR_S)
        yield Window(start_s - OVERLAP_S, end_s)
        start_s = end_s


def is_recent_due(application: str, progress: Progress, now_s: float) -> bool:
    """Tell whether the recent past is to be read again."""
    return now_s - progress.recent_s >= late_s(application) / RECENT_PARTS


def is_whole_due(progress: Progress, now_s: float) -> bool:
    """Tell whether the whole time of re-scan is to be read again."""
    return now_s - progress.whole_s >= DAY_S


def old_windows(
    application: str, progress: Progress, span_s: float, now_s: float
) -> Iterator[Window]:
    """Yield the last `span_s` again, but nothing before the input's start, newest first."""
    start_s = max(progress.first_s, now_s - span_s, now_s - kept_s(application) + HOUR_S)
    end_s = now_s
    while end_s > start_s:
        begin_s = max(start_s, (end_s - 1) // HOUR_S * HOUR_S)
        yield Window(begin_s - OVERLAP_S, end_s)
        end_s = begin_s
