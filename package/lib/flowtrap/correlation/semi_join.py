"""Which hits can wait for an anchor, and for which values of a key there is one.

A stage that is only ever related, joined by a key, need not be looked at until some anchor (or
parent hit) bears that key's value. These two questions are all that the pipeline asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowtrap.model.hit import hit_values

from . import entry as entries_

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .engine import Engine
    from .plan import Plan, Use


def join_fields(plan: Plan, index: int) -> frozenset[str]:
    """Return the event fields on which every use of a distinct stage is joined to its parent.

    Empty where a use is an anchor, learns over time, or looks at a past of other keys, and where
    a list is inferred from the stage's facts.
    """
    if plan.telling[index]:
        return frozenset()
    shared: frozenset[str] | None = None
    for use in plan.uses[index]:
        fields = _fields_of(use)
        shared = fields if shared is None else shared & fields
    return shared or frozenset()


def _fields_of(use: Use) -> frozenset[str]:
    if use.anchor_table is not None or use.relation is None:
        return frozenset()
    keys = use.stage.keys
    fields = {keys[own] for own in use.relation.own_keys if own in keys}
    for rule, _ in use.past:
        if rule.learn_ms:
            return frozenset()
        fields &= {keys[name] for name in rule.key if name in keys}
    return frozenset(fields)


def wanted(engine: Engine, waits: Iterable[tuple[int, str]]) -> set[tuple[str, str]]:
    """Return the (join field, value) pairs for which the engine holds a parent hit.

    `waits` are the (distinct stage, join field) pairs that hits wait for. Each parent's log is
    read once, however many stages hang on it.
    """
    asked: dict[int, set[tuple[str, str]]] = {}
    for index, field in waits:
        for use in engine.plan.uses[index]:
            for name, own in use.relation.match if use.relation else ():
                if use.stage.keys.get(own) == field:
                    asked.setdefault(_parent_table(engine.plan, use), set()).add((field, name))
    return {
        (field, value)
        for table, questions in asked.items()
        for _, log in engine.logs.scan(table)
        for entry in log
        for hit in (entries_.unpack(entry),)
        for field, name in questions
        for value in hit_values(hit, name)
    }


def _parent_table(plan: Plan, use: Use) -> int:
    """Return the table of the hits that a use is related to; a parent always has one."""
    uses = plan.by_name[use.detection]
    if use.relation is None or use.relation.parent is None:
        table = uses[plan.detections[use.detection].anchor].anchor_table
    else:
        table = uses[use.relation.parent].relation_table
    assert table is not None
    return table
