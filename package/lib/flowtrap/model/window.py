"""Time spans: `window_ms("24h") == 86_400_000`, and the bounds a relation puts around an anchor."""

from __future__ import annotations

import re

from .errors import DetectionError

_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
WHEN = ("before", "after", "around")


def span_ms(text: str, *, place: str = "") -> int:
    """Return a time span such as `90s`, `10m`, `24h` or `14d` in milliseconds."""
    found = re.fullmatch(r"(\d{1,9})([smhd])", text.strip()) if isinstance(text, str) else None
    if not found:
        raise DetectionError(
            f"{text!r} is not a time span", place=place, cure="use 30s, 10m, 2h or 1d"
        )
    return int(found[1]) * _UNIT_MS[found[2]]


def bounds(when: str, time_ms: int, length_ms: int) -> tuple[int, int]:
    """Return the first and the last millisecond that count; both ends are inside (semantics 3)."""
    first = time_ms if when == "after" else time_ms - length_ms
    last = time_ms if when == "before" else time_ms + length_ms
    return first, last
