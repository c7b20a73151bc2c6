"""The lists of flowtrap.yml as a query asks them: written into it, or read from the lookup index.

Each question becomes a column `in_N`, computed once and true or false, never null. Conditions name
the column; `commands` gives what computes those that a text names.

Example: `Lists(detection, tunables).holds("ct_actor", "allowed_deployers", "ct_account",
of_set=False)` is `in_0`, and `EVAL in_0 = COALESCE(TO_LOWER(ct_actor) LIKE ("ci-*"), false)` what
computes it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flowtrap.model.tunable import Tunables

from . import lookup, words
from .words import FALSE, joined, sure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flowtrap.model.tunable import TunableEntry

_QUESTION = re.compile(r"\bin_\d+\b")


class Lists:
    """The questions that one detection's query asks of its lists, whose entries stand in it."""

    about = "What flowtrap.yml allows is compiled into the query, with scope and expiry."
    needs = ""  # a sentence for the rule's setup guide

    def __init__(self, detection: Mapping[str, Any], tunables: Tunables) -> None:
        self.tunables = tunables
        self._detection = detection
        self._columns: dict[str, str] = {}  # of each question, by what it says

    def holds(self, column: str, tunable: str, scope: str | None, *, of_set: bool) -> str:
        """Return a condition: the column's value is in the list, in the account in `scope`.

        With `of_set` the column is a set `;a;b;` of which one may be in the list.
        """
        said = self._said(column, tunable, scope, of_set=of_set)
        return said if said == FALSE else self._columns.setdefault(said, f"in_{len(self._columns)}")

    def commands(self, text: str) -> list[str]:
        """Return the commands that compute the questions which a text names."""
        named = set(_QUESTION.findall(text))
        asked = {said: column for said, column in self._columns.items() if column in named}
        if not asked:
            return []
        columns = ", ".join(f"{column} = {said}" for said, column in asked.items())
        return [*self._brought(asked), f"EVAL {columns}"]

    def _said(self, column: str, tunable: str, scope: str | None, *, of_set: bool) -> str:
        everywhere: list[str] = []
        parts: list[str] = []
        for entry in self.tunables.patterns(tunable).entries:
            pattern = words.member(words.like(entry.pattern.lower()), of_set=of_set)
            if entry.scope == "*" and entry.expires_ms is None:
                everywhere.append(pattern)
            else:
                said = f"TO_LOWER({column}) LIKE {words.texts([pattern])}"
                parts.append(_limited(said, entry, scope))
        # A list of patterns becomes one automaton; with stars in front it would be too complex.
        plain = [pattern for pattern in dict.fromkeys(everywhere) if "*" not in pattern[:-1]]
        single = [[pattern] for pattern in dict.fromkeys(everywhere) if pattern not in plain]
        together = ([plain] if plain else []) + single
        parts += [f"TO_LOWER({column}) LIKE {words.texts(patterns)}" for patterns in together]
        said = joined("or", parts)
        return said if said == FALSE else sure(said)

    def _brought(self, asked: Iterable[str]) -> list[str]:
        """Return the commands that bring what the questions name."""
        return []


def _limited(said: str, entry: TunableEntry, scope: str | None) -> str:
    parts = [said]
    if entry.scope != "*":
        if scope is None:
            return FALSE
        parts.append(f"TO_LOWER({scope}) LIKE {words.texts([words.like(entry.scope.lower())])}")
    if entry.expires_ms is not None:
        parts.append(f"NOW() <= TO_DATETIME({entry.expires_ms})")
    return joined("and", parts)


class IndexedLists(Lists):
    """Lists that LOOKUP JOIN brings, so that an edit of flowtrap.yml changes no query.

    Where the index has no row for the detection, the detection's own defaults hold: a list that is
    asked for what is held suspicious must not become empty. A list that the site's own records fill
    while it is empty (`infer`) stands in the query all the same: it decides what the query asks.
    """

    about = (
        f"What flowtrap.yml allows is read from the index {lookup.INDEX}, with scope and expiry: "
        "run `flowtrap elastic deploy` after a change."
    )
    needs = (
        f" The lists are read from the index {lookup.INDEX}, which `flowtrap elastic deploy` makes "
        "and fills; without it the query fails. Who saves the rule needs the right to read it."
    )

    def __init__(self, detection: Mapping[str, Any], tunables: Tunables) -> None:
        super().__init__(detection, tunables)
        self._fields: dict[str, str] = {}  # of the index, by what a question says

    def _said(self, column: str, tunable: str, scope: str | None, *, of_set: bool) -> str:
        if not lookup.is_kept(self._detection["tunables"][tunable]):
            return super()._said(column, tunable, scope, of_set=of_set)
        place = f'COALESCE(TO_LOWER({scope}), "")' if scope else '""'
        parts = (f"TO_LOWER({column})", words.text("\n"), place, words.text("\n"), "today")
        field = lookup.column(tunable, of_set=of_set)
        said = sure(f'REPLACE(CONCAT({", ".join(parts)}), {field}, "") == ""')
        self._fields[said] = field
        return said

    def _brought(self, asked: Iterable[str]) -> list[str]:
        fields = {self._fields[said] for said in asked if said in self._fields}
        if not fields:
            return []
        kept = [
            f"{field} = COALESCE({field}, {words.text(pattern)})"
            for field, pattern in self._defaults().items()
            if field in fields
        ]
        return [
            f"EVAL {lookup.KEY} = {words.text(self._detection['name'])}, "
            "today = SUBSTRING(TO_STRING(NOW()), 1, 10)",
            f"LOOKUP JOIN {lookup.INDEX} ON {lookup.KEY}",
            *([f"EVAL {', '.join(kept)}"] if kept else []),
        ]

    def _defaults(self) -> dict[str, str]:
        rows = self._detection["tunables"].items()
        own = {name: row["default"] for name, row in rows if lookup.is_kept(row)}
        return lookup.patterns(own, Tunables(own, now_ms=0))


LISTS: dict[str, type[Lists]] = {"compiled": Lists, "index": IndexedLists}
