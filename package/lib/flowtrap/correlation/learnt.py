"""Values that a site shows by itself, for lists that it has not filled in.

A list tunable with `infer: home_domain` and no entry holds, in each account or tenant, every value
of the fact `home_domain` on any hit there: the domains whose users the tenant's own records show.
It grows with the set of hits, so the order in which they come does not matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowtrap.model.hit import Hit, hit_values

if TYPE_CHECKING:
    from collections.abc import Iterable


def scope_of(hit: Hit) -> str:
    """Return the account or tenant of a hit, which entries of a list may be bound to."""
    account = hit.values.get("account", "")
    return account if isinstance(account, str) else account[0]


class Learnt:
    """What hits have shown so far: values by fact and account, in lower case."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], set[str]] = {}

    def learn(self, facts: Iterable[str], hit: Hit) -> None:
        """Take up a hit's values of some facts."""
        for fact in facts:
            for value in hit_values(hit, fact):
                self._values.setdefault((fact, scope_of(hit)), set()).add(value.lower())

    def knows(self, fact: str, scope: str, values: Iterable[str]) -> bool:
        """Tell whether a hit of that account bears one of the values."""
        known = self._values.get((fact, scope), ())
        return any(value.lower() in known for value in values)

    def rows(self) -> list[list[str]]:
        """Return everything as [fact, account, value] in a fixed order, for saved state."""
        return sorted(
            [fact, scope, value]
            for (fact, scope), values in self._values.items()
            for value in values
        )

    def restore(self, rows: Iterable[Iterable[str]]) -> None:
        """Take up what `rows` returned."""
        for fact, scope, value in rows:
            self._values.setdefault((str(fact), str(scope)), set()).add(str(value))
