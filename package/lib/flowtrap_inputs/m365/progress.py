"""How far an input has come, per content type, as plain data for its checkpoint.

    watermark_s   everything the service listed as made before it is out, or parked
    done          the contents that are out, made since `complete_s`: a listing that is read again
                  (a re-scan) skips them
    parked        contents that failed while others did not: tried again, rarer and rarer

Its size is bounded: a content is 8 bytes of hash; where there are too many, the oldest ten minutes
are forgotten and re-scans begin after it (`complete_s`).
"""

from __future__ import annotations

import base64
import hashlib
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .activity_api import Blob

if TYPE_CHECKING:
    from collections.abc import Iterable

VERSION = 1
WEEK_S = 7 * 86_400  # how long the service keeps a content
SLOT_S = 600  # of the table of what is done; whole slots are forgotten
MOST_DONE = 36_000  # contents over all types of an input: 380 kB of checkpoint
MOST_RECENT, MOST_RECENT_SAVED = 100_000, 15_000  # events: about 12 MB of memory, 160 kB of it
MOST_PARKED = 200
FIRST_TRY_AGAIN_S, RAREST_TRY_S = 900, 8 * 3600
_EDGE_S = 300  # the service refuses what is 7 days old to the second


def key_of(text: str) -> int:
    """Return 8 bytes of hash: one in a billion events is lost to chance once in 100,000 years."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")


@dataclass
class Parked:
    """A content that failed: when to try it again."""

    blob: Blob
    tries: int
    next_s: int


@dataclass
class Progress:
    """The progress of one content type. Times are whole seconds since 1970."""

    watermark_s: int
    complete_s: int
    subscribed_s: int = 0  # when a subscription was last started
    done: dict[int, set[int]] = field(default_factory=dict)  # by ten minutes
    parked: dict[str, Parked] = field(default_factory=dict)

    def is_done(self, blob: Blob) -> bool:
        """Return whether a content is out, or parked."""
        keys = self.done.get(blob.created_s // SLOT_S, ())
        return blob.content_id in self.parked or key_of(blob.content_id) in keys

    def finish(self, blob: Blob) -> None:
        """Note that a content is out, or that it can never be had."""
        self.parked.pop(blob.content_id, None)
        self.done.setdefault(blob.created_s // SLOT_S, set()).add(key_of(blob.content_id))

    def park(self, blob: Blob, now_s: int) -> None:
        """Note that a content failed; it is due again after 15 minutes, then 30, and so on."""
        before = self.parked.get(blob.content_id)
        tries = 1 + (before.tries if before else 0)
        wait_s = min(RAREST_TRY_S, FIRST_TRY_AGAIN_S * 2 ** min(tries - 1, 10))
        self.parked[blob.content_id] = Parked(blob, tries, now_s + wait_s)

    def due(self, now_s: int) -> list[Blob]:
        """Return the parked contents to try again."""
        return [parked.blob for parked in self.parked.values() if parked.next_s <= now_s]

    def begin_s(self, now_s: int, rescan_s: int) -> int:
        """Return where a listing begins: re-scan included, no further back than is offered."""
        return max(self.watermark_s - rescan_s, self.complete_s, oldest_s(now_s))

    def advance(self, to_s: int) -> None:
        """Move the watermark; it never goes back."""
        self.watermark_s = max(self.watermark_s, to_s)

    def forget(self, before_s: int, most: int) -> None:
        """Drop what no listing will show again, then the oldest slots until `most` are left."""
        for slot in sorted(self.done):
            if (slot + 1) * SLOT_S <= before_s:
                del self.done[slot]
        count = sum(map(len, self.done.values()))
        for slot in sorted(self.done):
            if count <= most or (slot + 1) * SLOT_S > self.watermark_s:
                break
            count -= len(self.done.pop(slot))
            self.complete_s = (slot + 1) * SLOT_S

    def plain(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "watermark_s": self.watermark_s,
            "complete_s": self.complete_s,
            "subscribed_s": self.subscribed_s,
            "done": {str(slot): pack(keys) for slot, keys in self.done.items()},
            "parked": [
                [*parked.blob, parked.tries, parked.next_s] for parked in self.parked.values()
            ],
        }

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Progress:
        """Return what `plain` gave; raise ValueError, TypeError, KeyError where it is damaged."""
        parked = {}
        for content_id, created_s, tries, next_s in plain["parked"]:
            blob = Blob(str(content_id), int(created_s))
            parked[blob.content_id] = Parked(blob, int(tries), int(next_s))
        return cls(
            int(plain["watermark_s"]),
            int(plain["complete_s"]),
            int(plain["subscribed_s"]),
            {int(slot): set(unpack(text)) for slot, text in plain["done"].items()},
            parked,
        )


def oldest_s(now_s: int) -> int:
    """Return the earliest time that the service still lists."""
    return now_s - WEEK_S + _EDGE_S


class Recent:
    """The ids of the events that went out last: the service repeats events by design."""

    def __init__(self, keys: Iterable[int] = ()) -> None:
        self._keys = dict.fromkeys(keys)

    def is_new(self, key: int) -> bool:
        """Return whether an event is new, and remember it; the oldest is forgotten."""
        if key in self._keys:
            return False
        self._keys[key] = None
        if len(self._keys) > MOST_RECENT:
            del self._keys[next(iter(self._keys))]
        return True

    def plain(self) -> str:
        """Return the newest of them as text."""
        return pack(list(self._keys)[-MOST_RECENT_SAVED:])


def pack(keys: Iterable[int]) -> str:
    """Return keys of 8 bytes as text."""
    return base64.b64encode(array("Q", keys).tobytes()).decode()


def unpack(text: str) -> array[int]:
    """Return the keys of a text; raise ValueError where it is damaged."""
    keys: array[int] = array("Q")
    keys.frombytes(base64.b64decode(text, validate=True))
    return keys
