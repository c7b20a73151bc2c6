"""Conditions that verdicts put on a hit: membership in a tunable list, or a fixed value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowtrap.model.hit import Hit, hit_values

if TYPE_CHECKING:
    from flowtrap.model.detection import Membership
    from flowtrap.model.tunable import Tunables


def scope_of(hit: Hit) -> str:
    """Return the account or tenant of a hit, which entries of a list may be bound to."""
    account = hit.values.get("account", "")
    return account if isinstance(account, str) else account[0]


def holds(rule: Membership, hit: Hit, tunables: Tunables) -> bool:
    """Tell whether the condition holds; a missing value is in no list and equals nothing."""
    values = hit_values(hit, rule.field)
    if rule.op in ("in", "not_in"):
        found = tunables.patterns(rule.operand).find(values, scope_of(hit)) is not None
    else:
        found = rule.operand.lower() in (value.lower() for value in values)
    return found if rule.op in ("in", "equals") else not found
