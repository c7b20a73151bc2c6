"""Which events are worth parsing, told from their text: those whose operation some stage asks for.

Only where every feed that the detections read names its operation in a top-level field; a text
that has that field not exactly once, or spells it unusually, is parsed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flowtrap.normalise.table import FEEDS

if TYPE_CHECKING:
    from flowtrap.match.matcher import Matcher

NAMES_KEPT = 20_000
_PLAIN = re.compile(r"[\w.:/ -]*", re.ASCII)


class Sift:
    """Sifts texts for one matcher."""

    def __init__(self, matcher: Matcher, feeds: frozenset[str]) -> None:
        self._possible = matcher.possible
        specs = [spec for spec in FEEDS if spec.name in feeds]
        named = all(spec.name_field for spec in specs)
        self._names = [(s.name, s.name_field, f'"{s.name_field}":"') for s in specs if named]
        self._boring: set[tuple[str, str]] = set()
        self._telling: set[tuple[str, str]] = set()

    def rules_out(self, raw: str) -> bool:
        """Tell whether no stage can match this text; False where it must be parsed to know."""
        for feed, field, token in self._names:
            at = raw.find(token)
            begin = at + len(token)
            if at < 0 or raw.count(token[:-2]) != 1:
                return False
            if not self._is_boring(feed, field, raw[begin : raw.find('"', begin)]):
                return False
        return bool(self._names)

    def _is_boring(self, feed: str, field: str, name: str) -> bool:
        known = (feed, name)
        if known in self._boring:
            return True
        if known in self._telling:
            return False
        boring = bool(_PLAIN.fullmatch(name)) and not self._possible(feed, field, name)
        for names in (self._boring, self._telling):
            if len(names) >= NAMES_KEPT:
                names.clear()
        (self._boring if boring else self._telling).add(known)
        return boring
