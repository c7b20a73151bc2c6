"""Saved state in the KV store: whole generations, told by a head, under a lease.

A state is JSON, compressed, in parts below the store's limit for a document (16 MB). Its parts
are written first under a token of this run; then the head of generation N+1 is *inserted*, which
splunkd refuses with 409 where that key exists: of two runs from generation N only one can go on.
A run that dies at any point leaves generation N as it was; its parts are cleared away by the next.

A lease (lease.py) keeps runs from working side by side in the first place.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import time
import zlib
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from flowtrap.model.errors import StateError

from .errors import LeaseError
from .kv_rows import KVRows
from .lease import WAIT_S, Lease

if TYPE_CHECKING:
    from .splunkd import Splunkd

COLLECTION = "flowtrap_state"
PART_CHARACTERS = 1_000_000
MAX_STATE_BYTES = 64 * 1024 * 1024


def _opened(parts: list[dict[str, Any] | None], head: dict[str, Any]) -> dict[str, Any] | None:
    """Return the state that parts hold, None where one is missing or damaged."""
    try:
        text = "".join(part["content"] for part in parts if part is not None)
        plain = zlib.decompress(base64.b64decode(text))
        if hashlib.sha256(plain).hexdigest() == head["sha256"]:
            state: dict[str, Any] = json.loads(plain)
            return state
    except (TypeError, KeyError, ValueError, binascii.Error, zlib.error):
        pass
    return None


class Size(NamedTuple):
    """How large a saved state is: as JSON, and as it lies in the store."""

    plain_bytes: int
    stored_bytes: int
    parts: int


class KVState:
    """One named state. Use: acquire, load, stage, (rows go out), commit, release."""

    def __init__(
        self,
        splunkd: Splunkd,
        name: str,
        holder: str,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        wait_s: float = WAIT_S,
    ) -> None:
        self._rows = KVRows(splunkd, COLLECTION)
        self._name = name
        self._holder = holder or "a search"
        self._clock = clock
        self._lease = Lease(
            self._rows, self._row("lease"), self._holder, clock=clock, sleep=sleep, wait_s=wait_s
        )
        self._token = self._lease.token
        self._generation = 0
        self._head: dict[str, Any] = {}

    def acquire(self) -> None:
        """Take the lease; wait for another run to end, or its lease. Raises LeaseError."""
        self._lease.acquire()

    def release(self) -> None:
        """Give the lease back, if it is still ours."""
        self._lease.release()

    # -- generations -----------------------------------------------------------------------------

    def load(self) -> dict[str, Any] | None:
        """Return the saved state, None where there is none yet; raise StateError.

        Without the lease another run may replace it meanwhile: then the new one is read.
        """
        while True:
            before = self._generation
            heads = self._rows.find(state=self._name, kind="head")
            if not heads:
                return None
            head = max(heads, key=lambda row: int(row["generation"]))
            self._generation = int(head["generation"])
            state = _opened([self._rows.read(key) for key in self._part_keys(head)], head)
            if state is not None:
                return state
            if self._generation == before:  # read twice, so nobody has replaced it
                cure = "delete its rows in the collection flowtrap_state to start anew"
                place = f"state {self._name!r}"
                raise StateError("is damaged in the KV store", place=place, cure=cure)

    def stage(self, state: dict[str, Any]) -> Size:
        """Write a state's parts, which no run sees until `commit`; return its size."""
        plain = json.dumps(state, separators=(",", ":")).encode()
        packed = zlib.compress(plain, 6)
        if len(packed) > MAX_STATE_BYTES:
            raise StateError(
                f"is {len(packed):,} bytes, more than {MAX_STATE_BYTES:,}",
                place=f"state {self._name!r}",
                cure="lower maxhits or the window, or filter more events before the command",
            )
        text = base64.b64encode(packed).decode()
        pieces = [text[n : n + PART_CHARACTERS] for n in range(0, len(text), PART_CHARACTERS)]
        self._head = self._row(
            "head",
            number=self._generation + 1,
            generation=self._generation + 1,
            token=self._token,
            parts=len(pieces),
            sha256=hashlib.sha256(plain).hexdigest(),
            plain_bytes=len(plain),
            stored_bytes=len(text),
            saved_at=self._clock(),
            holder=self._holder,
        )
        for key, piece in zip(self._part_keys(self._head), pieces):
            self._rows.insert(
                self._row("part", _key=key, generation=self._generation + 1, token=self._token,
                          content=piece)
            )  # fmt: skip
        return Size(len(plain), len(text), len(pieces))

    def commit(self) -> None:
        """Put the staged state in the place of the old one; raise LeaseError if another did."""
        mine = self._generation + 1
        won = self._rows.insert(self._head)
        if won:
            heads = self._rows.find(state=self._name, kind="head")
            won = max(int(row["generation"]) for row in heads) == mine
        if not won:
            self._rows.delete(state=self._name, token=self._token)
            raise LeaseError(
                f"state {self._name!r} was replaced by another run while this one was at work",
                cure="the next run reads these events again if its time ranges overlap",
            )
        self._rows.delete(
            state=self._name, kind={"$in": ["head", "part"]}, generation={"$lt": mine}
        )
        self._rows.delete(
            state=self._name, kind="part", generation=mine, token={"$ne": self._token}
        )

    # -- rows ------------------------------------------------------------------------------------

    def _key(self, kind: str, number: int | None = None) -> str:
        return f"{self._name}:{kind}" if number is None else f"{self._name}:{kind}:{number}"

    def _part_keys(self, head: dict[str, Any]) -> list[str]:
        generation, token = int(head["generation"]), head["token"]
        return [f"{self._name}:part:{generation}:{token}:{n}" for n in range(int(head["parts"]))]

    def _row(self, kind: str, number: int | None = None, **more: Any) -> dict[str, Any]:
        return {"_key": self._key(kind, number), "state": self._name, "kind": kind, **more}
