"""Conditions that verdicts put on a hit: membership in a tunable list, or a fixed value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from flowtrap.model.hit import Hit, hit_values

from .learnt import scope_of

if TYPE_CHECKING:
    from flowtrap.model.detection import Membership

Listed = Callable[[str, "tuple[str, ...]", str], bool]


def holds(rule: Membership, hit: Hit, listed: Listed) -> bool:
    """Tell whether the condition holds; a missing value is in no list and equals nothing.

    `listed(tunable, values, account)` tells whether a list holds any of the values.
    """
    values = hit_values(hit, rule.field)
    if rule.op in ("in", "not_in"):
        found = listed(rule.operand, values, scope_of(hit))
    else:
        found = rule.operand.lower() in (value.lower() for value in values)
    return found if rule.op in ("in", "equals") else not found
