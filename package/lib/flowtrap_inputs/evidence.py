"""Evidence on its way out: what a service says now, wrapped, each state of a thing once.

Example: `outlet.is_new(key, state)`, then `outlet.send(event, sourcetype, key, state)`.

A thing (a flow, a script, a run) is remembered with its state when its event was written, and that
is saved only after the events are out: at least once, and twice at most what one save holds.
"""

from __future__ import annotations

import json
import time
from datetime import datetime, timezone
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from collections.abc import Container

    from .runtime import Runtime

VERSION = 1
SAVE_EVENTS = 200
MOST_REMEMBERED = 20_000  # things; 40 bytes each


def digest(value: Any) -> str:
    """Return a short hash of JSON: equal values, whatever the order of keys, have equal ones."""
    text = json.dumps(value, sort_keys=True, default=str)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def iso(seconds: float) -> str:
    """Return a time in seconds since 1970 as RFC 3339, UTC, with milliseconds."""
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Outlet:
    """Writes events and remembers what they were of, in the checkpoint of that name."""

    def __init__(
        self,
        runtime: Runtime,
        name: str,
        *,
        index: str,
        source: str,
        host: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._runtime, self._name, self.clock = runtime, name, clock
        self._index, self._source, self._host = index, source, host
        self._seen = _seen(runtime, name)
        self._unsaved = 0

    def is_new(self, key: str, state: str) -> bool:
        """Tell whether a thing was never seen in this state."""
        return self._seen.get(key) != state

    def send(self, event: dict[str, Any], sourcetype: str, key: str, state: str) -> None:
        """Write an event, with the time of observation as its second member; raise StoppedError."""
        self._runtime.stop.check()
        now_s = self.clock()
        shown = {"kind": event["kind"], "observedTime": iso(now_s), **event}
        self._runtime.delivery.write(
            json.dumps(shown, separators=(",", ":")).encode(),
            time_s=now_s,
            sourcetype=sourcetype,
            index=self._index,
            source=self._source,
            host=self._host,
        )
        self._seen.pop(key, None)  # the newest come last, and are kept longest
        self._seen[key] = state
        self._unsaved += 1
        if self._unsaved >= SAVE_EVENTS:
            self.save()

    def keep(self, keys: Container[str]) -> None:
        """Forget all things but these."""
        self._seen = {key: state for key, state in self._seen.items() if key in keys}

    def left_out(self, what: str, error: Exception) -> None:
        """Tell that something was left out, and why; the others go on."""
        self._runtime.health.error("left_out")
        self._runtime.log.warning("%s was left out: %s", what, error)

    def save(self) -> None:
        """Bring out what was written, then remember it for good."""
        self._runtime.delivery.flush()
        newest = dict(list(self._seen.items())[-MOST_REMEMBERED:])
        self._runtime.checkpoints.save(self._name, {"version": VERSION, "seen": newest})
        self._unsaved = 0


def _seen(runtime: Runtime, name: str) -> dict[str, str]:
    """Return what the checkpoint remembers; one of another shape is told, and begun anew."""
    saved = runtime.checkpoints.load(name)
    if not saved:
        return {}
    seen = saved.get("seen")
    if saved.get("version") != VERSION or not isinstance(seen, dict):
        runtime.log.warning("the checkpoint of %s cannot be read; all is emitted again", name)
        return {}
    return {str(key): str(state) for key, state in seen.items()}
