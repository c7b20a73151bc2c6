"""`| firstseen`: has this key been seen before? The memory is in the KV store.

    … | firstseen key=account,role,function state=roles_given over=30d learn=7d

adds `is_new` to each row: `true` where no event with this key lies in the thirty days before it,
`false` where one does, `unknown` where less than seven days of history are known before it. A row
leaves as soon as it is known to be old, the others at the end, since an older event may still come.

Kept per key: the first and last sighting of each presence of the last two periods. Reading an event
again gives the same answer.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from flowtrap.model.errors import StateError

from .errors import OptionError
from .kv_state import KVState
from .options import Option, Options
from .protocol import NO_ROWS, Table
from .row_fields import RowFields
from .serve import joined
from .splunkd import Splunkd

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .serve import Messages, SearchInfo

OPTIONS = (
    Option("key", None, "key=account,role"),
    Option("state", None, "state=roles_given"),
    Option("over", "30d", "over=30d"),
    Option("learn", "7d", "learn=7d"),
    Option("maxkeys", "200000", "maxkeys=200000"),
    Option("maxrows", "50000", "maxrows=50000"),
)
FORMAT = "flowtrap-first-seen"
VERSION = 1


class _Row(NamedTuple):
    """A row that may be the first of its key."""

    time_us: int
    fields: RowFields
    row: Sequence[str]


class Sightings:
    """When keys were seen: per key its presences, each a first and last time, oldest first.

    In a presence no two neighbours are further apart than `over`; between two they are.
    """

    def __init__(self, over_us: int) -> None:
        self._over_us = over_us
        self.since_us: int | None = None
        self.keys: dict[str, list[tuple[int, int]]] = {}

    def see(self, key: str, first_us: int, last_us: int) -> bool:
        """Take a presence; tell whether the key was seen before, within the period."""
        if self.since_us is None or first_us < self.since_us:
            self.since_us = first_us
        known = self.keys.get(key)
        if known is None:
            self.keys[key] = [(first_us, last_us)]
            return False
        first, last, others = first_us, last_us, []
        for presence in known:
            if presence[1] < first_us - self._over_us or presence[0] > last_us + self._over_us:
                others.append(presence)
            else:
                first, last = min(first, presence[0]), max(last, presence[1])
        self.keys[key] = sorted([*others, (first, last)])
        return first < first_us

    def prune(self, most: int) -> int:
        """Drop presences that no row of the last period can meet, then the oldest keys.

        Returns how many keys beyond `most` were dropped.
        """
        latest = max((known[-1][1] for known in self.keys.values()), default=0)
        floor = latest - 2 * self._over_us
        for key, known in list(self.keys.items()):
            self.keys[key] = [presence for presence in known if presence[1] >= floor]
            if not self.keys[key]:
                del self.keys[key]
        beyond = len(self.keys) - most
        if beyond > 0:
            order = sorted(self.keys, key=lambda key: (self.keys[key][-1][1], key))
            for key in order[:beyond]:
                del self.keys[key]
        return max(0, beyond)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for the store."""
        keys = {key: [list(p) for p in known] for key, known in sorted(self.keys.items())}
        return {"format": FORMAT, "version": VERSION, "since_us": self.since_us, "keys": keys}

    def merge(self, saved: dict[str, Any]) -> None:
        """Take up what `to_dict` returned; raises StateError."""
        if saved.get("format") != FORMAT or saved.get("version") != VERSION:
            raise StateError("is not a state of firstseen", cure="give the search another state=")
        for key, known in saved["keys"].items():
            for first, last in known:
                self.see(key, int(first), int(last))
        since = saved["since_us"]
        if since is not None and (self.since_us is None or since < self.since_us):
            self.since_us = since


class FirstSeen:
    """The command."""

    kind = "stateful"
    preview = False

    def __init__(self, info: SearchInfo, messages: Messages) -> None:
        options = Options(info.args, OPTIONS)
        self._info, self._messages = info, messages
        self._key = options.words("key")
        if not self._key or not options.name("state"):
            raise OptionError("key and state may not be empty", cure="write key=role state=roles")
        self._over_us = options.span_ms("over") * 1_000
        self._learn_us = options.span_ms("learn") * 1_000
        self._most_keys = options.number("maxkeys", 10, 5_000_000)
        self._most_rows = options.number("maxrows", 10, 5_000_000)
        self._seen = Sightings(self._over_us)
        self._state_name = options.name("state")
        self._state: KVState | None = None
        self._begun = False
        self._pending: dict[str, list[_Row]] = {}
        self._waiting = self._forced = self._without = 0
        self._out: list[tuple[RowFields, list[str]]] = []

    def _store(self) -> KVState:
        splunkd = Splunkd(self._info.splunkd_uri, self._info.session_key)
        return KVState(splunkd, self._state_name, self._info.sid)

    def choose(self, columns: Sequence[str]) -> None:
        """Every row goes on."""

    def take(self, table: Table) -> Table:
        """Take a chunk; return the rows that are known to be old."""
        if not self._begun:
            self._begun = True
            saved = self._store().load()
            if saved is not None:
                self._seen.merge(saved)
        fields = RowFields(table.columns, self._key)
        for row in table.rows:
            if row:
                self._arrive(fields, row)
        return self._ready()

    def _arrive(self, fields: RowFields, row: Sequence[str]) -> None:
        time_us, key = fields.time_us(row), fields.key(row)
        if time_us is None or key is None:
            self._without += 1
            self._let_go(_Row(0, fields, row), "")
            return
        name = hashlib.blake2b(
            "\0".join(key).encode("utf-8", "replace"), digest_size=12
        ).hexdigest()
        old = self._seen.see(name, time_us, time_us)
        if name in self._pending:
            self._tell_old(name, time_us)
        if old:
            self._let_go(_Row(time_us, fields, row), "false")
            return
        self._pending.setdefault(name, []).append(_Row(time_us, fields, row))
        self._waiting += 1
        if self._waiting > self._most_rows:
            self._forced += 1
            self._tell_first(next(iter(self._pending)))

    def _tell_old(self, name: str, time_us: int) -> None:
        """Let rows go that this sighting shows to be old."""
        left = []
        for held in self._pending[name]:
            if time_us < held.time_us <= time_us + self._over_us:
                self._waiting -= 1
                self._let_go(held, "false")
            else:
                left.append(held)
        if left:
            self._pending[name] = left
        else:
            del self._pending[name]

    def _tell_first(self, name: str) -> None:
        """Let rows go of which nothing shows that they are old."""
        since = self._seen.since_us or 0
        for held in self._pending.pop(name):
            self._waiting -= 1
            learnt = held.time_us - since >= self._learn_us
            self._let_go(held, "true" if learnt else "unknown")

    def _let_go(self, held: _Row, answer: str) -> None:
        self._out.append((held.fields, held.fields.with_more(held.row, [answer])))

    def finish(self) -> Table:
        """Return the rows that are left; what is to be saved is in the store by then."""
        for name in list(self._pending):
            self._tell_first(name)
        if not self._info.preview:
            self._stage()
        if self._forced:
            self._messages.warn(
                f"firstseen: {self._forced:,} rows did not fit into maxrows={self._most_rows:,}:"
                " an older event that came later was not heeded"
            )
        if self._without:
            self._messages.info(f"firstseen: {self._without:,} rows lack _time or a field of key")
        return self._ready()

    def _stage(self) -> None:
        """Put this run's sightings beside those that other runs have saved meanwhile."""
        self._state = self._store()
        self._state.acquire()
        try:
            saved = self._state.load()
            if saved is not None:
                self._seen.merge(saved)
            dropped = self._seen.prune(self._most_keys)
            size = self._state.stage(self._seen.to_dict())
        except BaseException:
            self._state.release()
            raise
        self._messages.info(
            f"firstseen: state {self._state_name} holds {len(self._seen.keys):,} keys (at most"
            f" {self._most_keys:,}) in {size.stored_bytes:,} bytes"
        )
        if dropped:
            self._messages.warn(
                f"firstseen: {dropped:,} keys beyond maxkeys were forgotten and will seem new"
            )

    def settle(self) -> None:
        """Make the staged state the one that the next run goes on from."""
        if self._state is not None:
            try:
                self._state.commit()
            finally:
                self._state.release()

    def _ready(self) -> Table:
        rows, self._out = self._out, []
        return tabled(rows, ["is_new"])


def tabled(rows: Iterable[tuple[RowFields, list[str]]], more: Sequence[str]) -> Table:
    """Return rows of several chunks as one table, with the columns of all."""
    tables: dict[tuple[str, ...], list[list[str]]] = {}
    for fields, row in rows:
        tables.setdefault(tuple(fields.columns), []).append(row)
    whole = NO_ROWS
    for columns, some in tables.items():
        whole = joined(whole, Table([*columns, *more], some))
    return whole
