"""The lists of flowtrap.yml as a query asks them: written into it, or read from the lookup index.

Each question becomes a column `in_N`, computed once and true or false, never null. Conditions name
the column; `commands` gives what computes those that a text names.

Example: `CompiledLists(detection, tunables).holds("ct_actor", "allowed_deployers", "ct_account",
of_set=False)` is `in_0`, and `EVAL in_0 = COALESCE(TO_LOWER(ct_actor) LIKE ("ci-*"), false)` what
computes it.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from flowtrap.model.tunable import Tunables

from . import lookup, words
from .words import FALSE, joined, sure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flowtrap.model.tunable import TunableEntry

_QUESTION = re.compile(r"\bin_\d+\b")


class Lists(ABC):
    """The questions that one detection's query asks of its lists."""

    about = ""  # a sentence for the rule's note
    needs = ""  # a sentence for the rule's setup guide

    def __init__(self, detection: Mapping[str, Any], tunables: Tunables) -> None:
        self._detection = detection
        self._tunables = tunables
        self._columns: dict[str, str] = {}  # by expression

    def holds(self, column: str, tunable: str, scope: str | None, *, of_set: bool) -> str:
        """Return a condition: the column's value is in the list, in the account in `scope`.

        With `of_set` the column is a set `;a;b;` of which one may be in the list.
        """
        said = self._said(column, tunable, scope, of_set=of_set)
        return said if said == FALSE else self._columns.setdefault(said, f"in_{len(self._columns)}")

    def commands(self, text: str) -> list[str]:
        """Return the commands that compute the questions which a text names."""
        named = set(_QUESTION.findall(text))
        asked = [f"{column} = {said}" for said, column in self._columns.items() if column in named]
        return [*self._brought(asked), f"EVAL {', '.join(asked)}"] if asked else []

    @abstractmethod
    def _said(self, column: str, tunable: str, scope: str | None, *, of_set: bool) -> str: ...

    def _brought(self, asked: list[str]) -> list[str]:
        """Return the commands that bring what the questions name."""
        return []


class CompiledLists(Lists):
    """Lists whose entries stand in the query."""

    about = "What flowtrap.yml allows is compiled into the query, with scope and expiry."

    def _said(self, column: str, tunable: str, scope: str | None, *, of_set: bool) -> str:
        everywhere: list[str] = []
        parts: list[str] = []
        for entry in self._tunables.patterns(tunable).entries:
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
    asked for what is held suspicious must not become empty.
    """

    about = (
        f"What flowtrap.yml allows is read from the index {lookup.INDEX}, with scope and expiry: "
        "run `flowtrap elastic deploy` after a change."
    )
    needs = (
        f" The lists are read from the index {lookup.INDEX}, which `flowtrap elastic deploy` makes "
        "and fills; without it the query fails. Who saves the rule needs the right to read it."
    )

    def _said(self, column: str, tunable: str, scope: str | None, *, of_set: bool) -> str:
        place = f"COALESCE(TO_LOWER({scope}), {words.text('')})" if scope else words.text("")
        parts = (f"TO_LOWER({column})", words.text("\n"), place, words.text("\n"), "today")
        pattern = lookup.column(tunable, of_set=of_set)
        return sure(f'REPLACE(CONCAT({", ".join(parts)}), {pattern}, "") == ""')

    def _brought(self, asked: list[str]) -> list[str]:
        named = set(re.findall(r"\w+", " ".join(asked)))
        kept = [
            f"{column} = COALESCE({column}, {words.text(pattern)})"
            for column, pattern in self._defaults().items()
            if column in named
        ]
        return [
            f"EVAL {lookup.KEY} = {words.text(self._detection['name'])}, "
            "today = SUBSTRING(TO_STRING(NOW()), 1, 10)",
            f"LOOKUP JOIN {lookup.INDEX} ON {lookup.KEY}",
            *([f"EVAL {', '.join(kept)}"] if kept else []),
        ]

    def _defaults(self) -> dict[str, str]:
        rows = self._detection["tunables"].items()
        own = {name: row["default"] for name, row in rows if row["kind"] == "list"}
        return lookup.patterns(own, Tunables(own, now_ms=0))


LISTS: dict[str, Callable[[Mapping[str, Any], Tunables], Lists]] = {
    "compiled": CompiledLists,
    "index": IndexedLists,
}
