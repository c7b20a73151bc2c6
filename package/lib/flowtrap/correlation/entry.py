"""A hit as one bytes object that sorts by time, then event id.

A hunt may hold a million hits, and a Python object for each of their values would cost ten times
as much. Layout: 8 bytes of time (big-endian, biased so that it is never negative), the event id, a
zero byte, and the rest of the hit marshalled. The first two parts are the entry's *head*: equal
heads are hits of one event. Entries never leave the process; saved state is plain data.
"""

from __future__ import annotations

import marshal
from typing import TYPE_CHECKING, Any

from flowtrap.model.hit import Hit

if TYPE_CHECKING:
    from collections.abc import Iterable

_BIAS = 1 << 62
_CANONICAL = 2  # later versions write equal values differently, by reference or interned


def time_mark(time_ms: int) -> bytes:
    """Return the bytes before which every earlier entry sorts, and no entry of this time."""
    return (time_ms + _BIAS).to_bytes(8, "big")


def head_of(time_ms: int, event_id: str) -> bytes:
    """Return the head of the entry of an event."""
    return time_mark(time_ms) + event_id.replace("\0", " ").encode("utf-8", "surrogatepass") + b"\0"


def pack(hit: Hit) -> bytes:
    """Return the entry of a hit."""
    rest: Any = (hit.feed, hit.action, hit.actor, hit.summary, hit.values)
    return head_of(hit.time_ms, hit.event_id) + marshal.dumps(rest, _CANONICAL)


def pack_keys(hit: Hit, names: Iterable[str]) -> bytes:
    """Return the entry of what a later hit asks its past for: when, and under which keys."""
    values = {name: hit.values[name] for name in names if name in hit.values}
    rest: Any = (hit.feed, "", "", "", values)
    return head_of(hit.time_ms, hit.event_id) + marshal.dumps(rest, _CANONICAL)


def head(entry: bytes) -> bytes:
    """Return the part that tells the event."""
    return entry[: entry.index(0, 8) + 1]


def after(head: bytes) -> bytes:
    """Return the bytes before which all entries of an event sort, and none of a later one."""
    return head[:-1] + b"\1"


def time_ms(entry: bytes) -> int:
    """Return the time of an entry or a head."""
    return int.from_bytes(entry[:8], "big") - _BIAS


def event_id(entry: bytes) -> str:
    """Return the event id of an entry or a head."""
    return entry[8 : entry.index(0, 8)].decode("utf-8", "surrogatepass")


def unpack(entry: bytes) -> Hit:
    """Return the hit that `pack` took."""
    end = entry.index(0, 8)
    feed, action, actor, summary, values = marshal.loads(entry[end + 1 :])
    identity = entry[8:end].decode("utf-8", "surrogatepass")
    return Hit(time_ms(entry), identity, feed, action, actor, summary, values)


def in_order(entries: Iterable[bytes]) -> list[bytes]:
    """Return entries sorted, each once."""
    ordered = sorted(entries)
    if len(ordered) < 2:
        return ordered
    kept = ordered[:1]
    for entry in ordered:
        if entry != kept[-1]:
            kept.append(entry)
    return kept
