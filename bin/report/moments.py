"""Times and spans as a person reads them.

Example: `clock(1773226845000)` is `11:00:45`, `span(17_520_000)` is `4 h 52 min`.
"""

from __future__ import annotations

import datetime

_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000))


def milliseconds(time: str) -> int:
    """Return an RFC 3339 UTC time of a finding as milliseconds since 1970."""
    moment = datetime.datetime.fromisoformat(time.replace("Z", "+00:00"))
    return round(moment.timestamp() * 1000)


def day(time_ms: int) -> str:
    """Return `2026-03-11`."""
    return _moment(time_ms).strftime("%Y-%m-%d")


def clock(time_ms: int) -> str:
    """Return `11:00:45`, with milliseconds only where there are any."""
    text = _moment(time_ms).strftime("%H:%M:%S")
    return f"{text}.{time_ms % 1000:03}" if time_ms % 1000 else text


def period(first_ms: int, last_ms: int) -> str:
    """Return `2026-03-11 11:00:00 – 11:03:01 UTC`; the day is said again where it changes."""
    start = f"{day(first_ms)} {clock(first_ms)}"
    if first_ms == last_ms:
        return f"{start} UTC"
    same_day = day(first_ms) == day(last_ms)
    return f"{start} – {clock(last_ms) if same_day else f'{day(last_ms)} {clock(last_ms)}'} UTC"


def span(length_ms: int) -> str:
    """Return a length of time by its two largest units."""
    if length_ms < 1000:
        return f"{length_ms} ms"
    for position, (unit, size) in enumerate(_UNITS):
        if length_ms >= size:
            rest = _rest(length_ms % size, position + 1)
            return f"{length_ms // size} {unit}{rest}"
    raise AssertionError(length_ms)


def _rest(length_ms: int, position: int) -> str:
    if position == len(_UNITS):
        return ""
    unit, size = _UNITS[position]
    return f" {length_ms // size} {unit}" if length_ms >= size else ""


def _moment(time_ms: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(time_ms / 1000, tz=datetime.timezone.utc)
