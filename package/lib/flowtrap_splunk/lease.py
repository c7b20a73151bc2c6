"""A lease in the KV store, which keeps two runs from working side by side.

It is one inserted document with a time to live, deleted by a query for its token, so that two who
find it expired cannot both take it. Who works longer than it lives renews it.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any, Callable

from .errors import LeaseError

if TYPE_CHECKING:
    from .kv_rows import KVRows

LEASE_S = 120
WAIT_S = 150  # longer than a lease: a run that died does not stop the next one
POLL_S = 1.0
_MARGIN_S = 35  # longer than a request may take: a late renewal must not hit another's lease


class Lease:
    """The lease on what `row` names (its `_key`, and columns of the collection)."""

    def __init__(
        self,
        rows: KVRows,
        row: dict[str, Any],
        holder: str,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        wait_s: float = WAIT_S,
    ) -> None:
        self.token = uuid.uuid4().hex
        self._rows = rows
        self._row = {**row, "token": self.token, "holder": holder}
        self._key = str(row["_key"])
        self._clock, self._sleep, self._wait_s = clock, sleep, wait_s
        self._until = 0.0

    def acquire(self) -> None:
        """Take the lease; wait for another run to end, or its lease. Raises LeaseError."""
        deadline = self._clock() + self._wait_s
        while not self._take():
            held = self._rows.read(self._key)
            if held is None:
                continue
            now = self._clock()
            if float(held.get("until", 0)) <= now:
                self._rows.delete(_key=self._key, token=held.get("token"))
            elif now >= deadline:
                raise LeaseError(
                    f"{self._key} is held by {held.get('holder')}",
                    cure="let that run end, or give this one a name of its own",
                )
            else:
                self._sleep(POLL_S)

    def _take(self) -> bool:
        until = self._clock() + LEASE_S
        if self._rows.insert({**self._row, "until": until}):
            self._until = until
            return True
        return False

    def renew(self) -> None:
        """Make the lease live on; raise LeaseError where it is lost, or about to be."""
        now = self._clock()
        held = self._rows.read(self._key)
        if not held or held.get("token") != self.token or self._until - now < _MARGIN_S:
            raise LeaseError(f"{self._key} is no longer ours", cure="it is taken again by itself")
        self._rows.put({**self._row, "until": now + LEASE_S})
        self._until = now + LEASE_S

    def release(self) -> None:
        """Give the lease back, if it is ours."""
        if self._until:
            self._until = 0.0
            self._rows.delete(_key=self._key, token=self.token)
