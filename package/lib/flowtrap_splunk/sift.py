"""Which events are worth parsing, told from their text: those whose operation some stage asks for.

Only where every feed that the detections read names its operation in a top-level field; a text
that has that field not exactly once, or spells it unusually, is parsed. The same is told of a row's
CSV, in which quotes are doubled, and of an extracted field.

Example: `Sift(matcher, feeds).rules_out_csv(b'1,"{""eventName"":""DescribeInstances"",…')`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from flowtrap.normalise.table import FEEDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowtrap.match.matcher import Matcher

NAMES_KEPT = 20_000
_PLAIN = re.compile(r"[\w.:/ -]*", re.ASCII)


class _Name(NamedTuple):
    """How a feed's records name their operation: in JSON, and in JSON within CSV."""

    feed: str
    field: str
    word: bytes
    token: bytes


class Sift:
    """Sifts for one matcher. What is boring or telling is kept by feed and name."""

    def __init__(self, matcher: Matcher, feeds: frozenset[str]) -> None:
        self._possible = matcher.possible
        specs = [spec for spec in FEEDS if spec.name in feeds]
        named = bool(specs) and all(spec.name_field for spec in specs)
        fields = [(spec.name, spec.name_field) for spec in specs if named]
        self._csv = [
            _Name(feed, field, b'""%b""' % field.encode(), b'""%b"":""' % field.encode())
            for feed, field in fields
        ]
        self._json = [(feed, field, f'"{field}"', f'"{field}":"') for feed, field in fields]
        self.fields = tuple(field for _, field in fields)
        self._known: dict[tuple[str, str | bytes], bool] = {}

    def rules_out_csv(self, row: bytes) -> bool:
        """Tell whether no stage can match the one JSON text in a row of CSV."""
        known = self._known
        for feed, field, word, token in self._csv:
            at = row.find(token)
            begin = at + len(token)
            if at < 0 or row.find(word, begin) >= 0 or row.find(word, 0, at) >= 0:
                return False
            raw = row[begin : row.find(b'"', begin)]
            boring = known.get((feed, raw))
            if boring is None:
                boring = self._learn(feed, field, raw, raw.decode("utf-8", "replace"))
            if not boring:
                return False
        return True

    def rules_out(self, raw: str) -> bool:
        """Tell whether no stage can match this text; False where it must be parsed to know."""
        for feed, field, word, token in self._json:
            at = raw.find(token)
            begin = at + len(token)
            if at < 0 or raw.count(word) != 1:
                return False
            name = raw[begin : raw.find('"', begin)]
            if not self._is_boring(feed, field, name):
                return False
        return bool(self._json)

    def rules_out_names(self, names: Sequence[str]) -> bool:
        """Tell whether no stage can match a record by its operations, one for each of `fields`."""
        return bool(names) and all(
            name and self._is_boring(feed, field, name)
            for (feed, field, *_), name in zip(self._json, names)
        )

    def _is_boring(self, feed: str, field: str, name: str) -> bool:
        boring = self._known.get((feed, name))
        return self._learn(feed, field, name, name) if boring is None else boring

    def _learn(self, feed: str, field: str, key: str | bytes, name: str) -> bool:
        if len(self._known) >= NAMES_KEPT:
            self._known.clear()
        boring = bool(_PLAIN.fullmatch(name)) and not self._possible(feed, {field: name})
        self._known[feed, key] = boring
        return boring
