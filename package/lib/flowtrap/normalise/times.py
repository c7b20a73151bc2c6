"""When a record happened: any vendor's spelling of a time becomes whole milliseconds UTC.

Example: `time_ms("2026-01-01T00:00:00Z")`, `time_ms("2026-01-01 00:00:00.000000000")`,
`time_ms("2026-01-01T01:00:00+01:00")`, `time_ms(1767225600)` and `time_ms(1767225600000)` are one.

Sources: CloudTrail record contents (eventTime), flow log record fields (start), and the copies
that log tools make of them.
"""

from __future__ import annotations

import datetime
import re
from functools import lru_cache
from typing import Any

from flowtrap.model.errors import RecordError

CURE = "the record was left out; its time must be ISO 8601 or epoch seconds"
FIRST_MS, END_MS = 0, 253_370_764_800_000  # 9999-01-01
_EPOCH = datetime.date(1970, 1, 1).toordinal()
_SECONDS_END = 1e11  # a greater number counts milliseconds: 1e11 ms is 1973, 1e11 s is 5138
_MILLISECONDS_END, _MICROSECONDS_END = 1e14, 1e17
_MINUTE_MS = {f"{m // 60:02d}:{m % 60:02d}": m * 60_000 for m in range(1_440)}
_SECOND_MS = {f"{second:02d}": second * 1_000 for second in range(61)}  # 60: a leap second
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?"
    r" ?(?:(Z|UTC)|([+-])(\d\d):?(\d\d))?",
    re.ASCII | re.IGNORECASE,
)
# Example (Kibana's tables): Mar 10, 2026 @ 09:00:00.000
_KIBANA = re.compile(
    r"([A-Z][a-z]{2}) (\d{1,2}), (\d{4}) @ (\d\d:\d\d:\d\d(?:\.\d{1,9})?)", re.ASCII
)
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_NUMBER = re.compile(r"\d{1,20}(?:\.\d{1,12})?", re.ASCII)


def time_ms(value: Any) -> int:
    """Return a time in milliseconds UTC; one without zone is UTC.

    Raises RecordError if there is none, or it cannot be read, or is outside 1970 to 9998.
    """
    # Example: "2026-01-01T00:00:00Z", what CloudTrail writes; the rest is for copies
    if value.__class__ is str and len(value) == 20 and value[19] == "Z" and value[10] == "T":
        try:
            found = _day_ms(value[:10]) + _MINUTE_MS[value[11:16]] + _SECOND_MS[value[17:19]]
        except KeyError:
            raise _unreadable(value) from None
        if value[16] == ":" and FIRST_MS <= found < END_MS:
            return found
        raise _unreadable(value)
    slow = _any_ms(value)
    if slow is None or not FIRST_MS <= slow < END_MS:
        raise _unreadable(value)
    return slow


def least_ms(pattern: re.Pattern[bytes], line: bytes) -> int:
    """Return the least time that bytes show in group 1 of a pattern; 0 where one is unreadable."""
    try:
        return min((time_ms(text.decode()) for text in pattern.findall(line)), default=FIRST_MS)
    except (RecordError, UnicodeDecodeError):
        return FIRST_MS


def _unreadable(value: Any) -> RecordError:
    if value is None or value == "":
        return RecordError("no time", cure=CURE)
    shown = repr(value[:40]) if isinstance(value, str) else f"a {type(value).__name__}"
    return RecordError(f"{shown} is no time in 1970 to 9998", cure=CURE)


@lru_cache(maxsize=4_096)
def _day_ms(text: str) -> int:
    """Return the milliseconds at the start of a day such as `2026-01-01`; KeyError if none."""
    year, month, day = text[:4], text[5:7], text[8:10]
    digits = year + month + day
    if text[4] != "-" or text[7] != "-" or not (digits.isdecimal() and digits.isascii()):
        raise KeyError(text)
    try:
        ordinal = datetime.date(int(year), int(month), int(day)).toordinal()
    except ValueError:
        raise KeyError(text) from None
    return (ordinal - _EPOCH) * 86_400_000


def _any_ms(value: Any) -> int | None:
    # Example: 1767225600, 1767225600.0, 1767225600000
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _epoch_ms(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    # Example: "1767225600"
    if _NUMBER.fullmatch(text):
        return _epoch_ms(float(text) if "." in text else int(text))
    found = _ISO.fullmatch(_from_kibana(text))
    return _iso_ms(found) if found else None


def _from_kibana(text: str) -> str:
    """Return a time as Kibana shows it in ISO form (its zone is not told: UTC); others as is."""
    found = _KIBANA.fullmatch(text)
    place = _MONTHS.find(found[1]) if found else -1
    if found is None or place % 3:
        return text
    return f"{found[3]}-{place // 3 + 1:02d}-{int(found[2]):02d}T{found[4]}"


def _epoch_ms(number: float) -> int | None:
    if not 0 <= number < 1e20:  # also false for NaN
        return None
    if number < _SECONDS_END:
        return round(number * 1_000)
    if number < _MILLISECONDS_END:
        return int(number)
    return int(number / (1_000 if number < _MICROSECONDS_END else 1_000_000))


def _iso_ms(found: re.Match[str]) -> int | None:
    day, minute, second, fraction, _, sign, hours, minutes = found.groups()
    try:
        total = _day_ms(day) + _MINUTE_MS[minute] + _SECOND_MS[second or "00"]
    except KeyError:
        return None
    total += int(((fraction or "") + "000")[:3])
    if not sign:
        return total
    offset = int(hours) * 3_600_000 + int(minutes) * 60_000
    return total - offset if sign == "+" else total + offset
