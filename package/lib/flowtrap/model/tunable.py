"""Tunables: MITRE's mutable elements as data with an owner, a reason and an end.

Example: `{"pattern": "deploy-*", "scope": "123456789012", "reason": "CI", "owner": "platform",
"expires": "2027-01-31"}` in `allowed_deployers` quiets those deployers in one account until then.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import TunableError
from .window import span_ms

KINDS = ("duration", "list")


@dataclass(frozen=True)
class TunableEntry:
    """One line of a list; `*` in pattern and scope stands for any run of characters."""

    pattern: str
    scope: str = "*"
    reason: str = ""
    owner: str = ""
    expires_ms: int | None = None

    @classmethod
    def from_dict(cls, row: Mapping[str, Any] | str, *, place: str = "") -> TunableEntry:
        """Read a bare pattern or a row; raise TunableError that names what is wrong."""
        if isinstance(row, (str, int)):
            row = {"pattern": str(row)}
        if not isinstance(row, Mapping) or not str(row.get("pattern") or "").strip():
            raise TunableError("an entry has no pattern", place=place, cure="add pattern: NAME*")
        strange = sorted(set(map(str, row)) - {"pattern", "scope", "reason", "owner", "expires"})
        if strange:
            raise TunableError(
                f"{strange[0]!r} is not known in an entry",
                place=place,
                cure="use pattern, scope, reason, owner, expires",
            )
        return cls(
            str(row["pattern"]).strip(),
            str(row.get("scope") or "*"),
            str(row.get("reason") or ""),
            str(row.get("owner") or ""),
            _end_of(row.get("expires"), place),
        )


def _end_of(day: Any, place: str) -> int | None:
    """Return the last millisecond (UTC) of an ISO day, None where the entry has no end."""
    if day in (None, ""):
        return None
    try:
        date = datetime.date.fromisoformat(str(day)[:10])
    except ValueError:
        raise TunableError(
            f"{day!r} is not a day", place=place, cure="write expires: 2027-01-31"
        ) from None
    days = (date - datetime.date(1970, 1, 1)).days
    return (days + 1) * 86_400_000 - 1


@dataclass(frozen=True)
class PatternList:
    """The live entries of one list, ready to ask. Matching ignores case."""

    entries: tuple[TunableEntry, ...]
    _known: dict[tuple[str, str], TunableEntry | None] = field(
        default_factory=dict, repr=False, compare=False
    )

    def find(self, values: Iterable[str], scope: str) -> TunableEntry | None:
        """Return the first entry that matches any of the values in this account or tenant."""
        for value in values:
            ask = (value, scope)
            if ask not in self._known:
                if len(self._known) > 50_000:
                    self._known.clear()
                self._known[ask] = self._search(value, scope)
            if self._known[ask]:
                return self._known[ask]
        return None

    def _search(self, value: str, scope: str) -> TunableEntry | None:
        for entry in self.entries:
            if wildcard(entry.pattern).fullmatch(value) and wildcard(entry.scope).fullmatch(scope):
                return entry
        return None


def wildcard(pattern: str) -> re.Pattern[str]:
    """Compile a `*` pattern; everything else in it is literal, so it can never be a regex."""
    parts = [re.escape(part) for part in re.sub(r"\*+", "*", pattern).split("*")]
    return re.compile(".*".join(parts), re.IGNORECASE | re.DOTALL)


class Tunables:
    """The values in force: a detection's defaults, and over them what the user set.

    `now_ms` decides which entries have expired; the core has no clock of its own.
    """

    def __init__(self, values: Mapping[str, Any], *, now_ms: int, place: str = "") -> None:
        self._values = dict(values)
        self._now_ms = now_ms
        self._place = place
        self._lists: dict[str, PatternList] = {}

    def over(self, defaults: Mapping[str, Any]) -> Tunables:
        """Return these values laid over a detection's defaults; lists add to the defaults."""
        merged = dict(defaults)
        for name, value in self._values.items():
            if name in defaults and isinstance(defaults[name], list) and isinstance(value, list):
                merged[name] = [*defaults[name], *value]
            else:
                merged[name] = value
        return Tunables(merged, now_ms=self._now_ms, place=self._place)

    def span_ms(self, name: str) -> int:
        """Return a duration tunable in milliseconds."""
        try:
            return span_ms(self._values[name])
        except Exception as error:
            raise TunableError(str(error), place=f"{self._place}{name}") from None

    def patterns(self, name: str) -> PatternList:
        """Return a list tunable without its expired entries."""
        if name not in self._lists:
            rows = self._values.get(name) or []
            if not isinstance(rows, list):
                raise TunableError(
                    "is not a list", place=f"{self._place}{name}", cure="write one entry a line"
                )
            entries = [
                TunableEntry.from_dict(row, place=f"{self._place}{name}[{number}]")
                for number, row in enumerate(rows)
            ]
            live = [e for e in entries if e.expires_ms is None or e.expires_ms >= self._now_ms]
            self._lists[name] = PatternList(tuple(live))
        return self._lists[name]
