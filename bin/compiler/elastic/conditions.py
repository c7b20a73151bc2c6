"""Conditions as ES|QL: a stage's Sigma condition, a verdict's comparison, a list's patterns.

A part that ES|QL cannot say counts as false. Asked for, it makes its branch unreachable and the
rule misses; in an exception, it excepts nothing and the rule tells too much. `Words.lost` keeps
each with which of the two it is. No part is ever null, so that NOT holds where a value is absent.

Example: `["and", ["in", "eventName", ["putrule"]], ["not", ["exists", "errorCode", true]]]` becomes
`(event.action IN ("PutRule") AND NOT COALESCE(… IS NOT NULL, false))`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import words
from .words import FALSE, TRUE, Inexpressible, joined, member, sure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .lists import Lists
    from .native import NativeFeed

Ast = list[Any]
MISSES, OVER = "misses", "tells too much"
_CMP = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


@dataclass
class Words:
    """Says the conditions of one feed's stages; collects the fields used and what is lost.

    `spelled` gives the author's spelling of a value that the runtime form has in lower case, for
    columns are compared as they are, which is how the index filters.
    """

    feed: NativeFeed
    spelled: Mapping[str, str]
    lists: Lists
    used: set[str] = field(default_factory=set)
    lost: dict[str, str] = field(default_factory=dict)

    def exact(self, ast: Ast, *, negated: bool = False) -> str:
        """Return the condition, over columns and computed fields."""
        kind = ast[0]
        if kind == "not":
            inner = self.exact(ast[1], negated=not negated)
            return {TRUE: FALSE, FALSE: TRUE}.get(inner) or f"NOT {inner}"
        if kind in ("and", "or"):
            return joined(kind, [self.exact(child, negated=negated) for child in ast[1:]])
        try:
            said = self._leaf(ast)
        except Inexpressible as error:
            self.lost[str(error)] = OVER if negated else MISSES
            return FALSE
        return said

    def selecting(self, ast: Ast) -> str:
        """Return a wider condition that asks the index's own columns alone."""
        kind = ast[0]
        if kind in ("and", "or"):
            return joined(kind, [self.selecting(child) for child in ast[1:]])
        if kind in ("not", "tunable") or ast[1] not in self.feed.fields:
            return TRUE
        if kind == "exists" and not ast[2]:
            return TRUE
        own = self.feed.fields[ast[1]]
        if own.column:
            try:
                return self._leaf(ast, bare=True)
            except Inexpressible:
                return TRUE
        if own.hint and kind == "in":
            patterns = [own.hint.replace("VALUE", self.spelled.get(v, v)) for v in ast[2]]
            column, _, _ = patterns[0].partition(" ")
            return f"{column} LIKE {words.texts(p.partition(' ')[2] for p in patterns)}"
        return own.hint if own.hint and "VALUE" not in own.hint else TRUE

    def listed(self, name: str, tunable: str, scope: str | None) -> str:
        """Return whether a field's value is in a tunable list, of the account in `scope`."""
        column = self._column(name)
        return self.lists.holds(column, tunable, scope, of_set=self.feed.fields[name].set)

    def equal(self, name: str, value: str) -> str:
        """Return whether a field has a value, in any case."""
        column = self._column(name)
        if self.feed.fields[name].set:
            pattern = member(words.literal(value.lower()), of_set=True)
            return sure(f"TO_LOWER({column}) LIKE {words.text(pattern)}")
        return sure(f"TO_LOWER({column}) == {words.text(value.lower())}")

    def _column(self, name: str) -> str:
        if name not in self.feed.fields:
            raise Inexpressible(f"{name} of {self.feed.name}")
        self.used.add(name)
        return self.feed.column(name)

    def _leaf(self, ast: Ast, *, bare: bool = False) -> str:
        kind, name, *rest = ast
        if kind == "tunable":
            return self.listed(name, rest[0], None)
        column = self._column(name)
        own = self.feed.fields[name]
        if kind in ("exists", "null"):
            present = f"({self.feed.present(name)})"
            return present if kind == "exists" and rest[0] else f"NOT {present}"
        if kind == "in" and own.set:
            said = joined("or", [self.equal(name, value) for value in rest[0]])
        elif kind == "in":
            said = self._one_of(column, rest[0], exact=bool(own.column), lower=own.lower)
        elif kind == "re":
            said = f"{column} RLIKE {words.text(words.lucene(rest[0], any_case='i' in rest[1]))}"
        elif kind == "cidr":
            said = f"CIDR_MATCH(TO_IP({column}), {words.text(rest[0])})"
        elif kind == "cmp":
            said = f"TO_LONG({column}) {_CMP[rest[0]]} {rest[1]}"
        else:
            raise Inexpressible(f"a comparison of {name} with another field")
        return said if bare else sure(said)

    def _one_of(self, column: str, values: list[str], *, exact: bool, lower: bool) -> str:
        if exact:
            return f"{column} IN {words.texts(self.spelled.get(v, v) for v in values)}"
        asked = column if lower else f"TO_LOWER({column})"
        return f"{asked} IN {words.texts(values)}"


def spellings(block: Any) -> dict[str, str]:
    """Return lower case -> as written, for every text of a Sigma block."""
    if isinstance(block, str):
        return {block.lower(): block}
    children = (
        block.values() if isinstance(block, dict) else block if isinstance(block, list) else ()
    )
    found: dict[str, str] = {}
    for child in children:
        found |= spellings(child)
    return found
