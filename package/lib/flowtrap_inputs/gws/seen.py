"""Which events were delivered, so that reading the past again brings what is late and nothing else.

The keys (64 bits each) of one application's ten minutes are one document in the KV store, written
after each page that held something new and before the next one is asked for. They are kept for as
long as the past is read again. What that costs: 1,000,000 activities a day are 3,000,000 keys in 72
hours, 24 MB in 432 documents of 74 kB on average, of which a run holds a few in memory. The
checkpoint itself stays below a kilobyte for each application.

A late event is missed where its key equals another's of the same ten minutes: at 7,000 keys, once
in 2.6 * 10^15 late events. Beyond MOST_KEYS a document takes no more: those events may come twice.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from array import array
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import logging

    from flowtrap_inputs.runtime import Health
    from flowtrap_splunk.kv_rows import KVRows

from flowtrap_inputs.checkpoint import key_of

SLOT_S = 600
MOST_KEYS = 1_000_000  # 10.7 MB in the store, whose documents hold 16 MB
MOST_SLOTS = 24  # in memory


class Seen:
    """The keys of one application of one input. Its calls raise SplunkdError."""

    def __init__(
        self, rows: KVRows, name: str, application: str, health: Health, log: logging.Logger
    ) -> None:
        self._rows, self._name, self._application = rows, name, application
        self._health, self._log = health, log
        self._slots: dict[int, set[int]] = {}
        self._unsaved: set[int] = set()

    def add(self, key: int, time_s: float) -> bool:
        """Take a key; tell whether it is new."""
        slot_s = int(time_s) // SLOT_S * SLOT_S
        keys = self._slots.get(slot_s)
        if keys is None:
            keys = self._slots[slot_s] = self._read(slot_s)
        if key in keys:
            return False
        if len(keys) < MOST_KEYS:
            keys.add(key)
            self._unsaved.add(slot_s)
        else:
            self._health.error("seen_full")
        return True

    def save(self) -> None:
        """Write what is new; let go of what is not needed soon."""
        for slot_s in sorted(self._unsaved):
            self._rows.put(self._row(slot_s))
        self._unsaved.clear()
        for slot_s in sorted(self._slots)[:-MOST_SLOTS]:
            del self._slots[slot_s]

    def forget_before(self, time_s: float) -> None:
        """Delete what is older."""
        query: dict[str, Any] = {"input": self._name, "application": self._application}
        self._rows.delete(**query, slot={"$lt": time_s - SLOT_S})

    def _key(self, slot_s: int) -> str:
        return f"{key_of(self._name)}:seen:{self._application}:{slot_s}"

    def _row(self, slot_s: int) -> dict[str, Any]:
        plain = array("Q", sorted(self._slots[slot_s])).tobytes()
        return {
            "_key": self._key(slot_s),
            "input": self._name,
            "kind": "seen",
            "application": self._application,
            "slot": slot_s,
            "sha256": hashlib.sha256(plain).hexdigest(),
            "content": base64.b64encode(plain).decode(),
        }

    def _read(self, slot_s: int) -> set[int]:
        row = self._rows.read(self._key(slot_s))
        if row is None:
            return set()
        try:
            plain = base64.b64decode(row["content"], validate=True)
            if hashlib.sha256(plain).hexdigest() == row["sha256"]:
                keys = array("Q")
                keys.frombytes(plain)
                return set(keys)
        except (KeyError, TypeError, ValueError, binascii.Error):
            pass  # told below, with every other damage
        self._health.error("checkpoint")
        self._log.error(
            "%s: the keys of %s at %d are damaged; those ten minutes may come twice",
            self._name, self._application, slot_s,
        )  # fmt: skip
        return set()
