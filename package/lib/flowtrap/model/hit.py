"""A stage matched by an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Union

if TYPE_CHECKING:
    from collections.abc import Mapping

HitValue = Union[str, tuple[str, ...]]


class Hit(NamedTuple):
    """What the correlation keeps of an event that matched a stage.

    `values` holds the stage's keys (always one string each) and facts (a string, or several).
    """

    time_ms: int
    event_id: str
    feed: str
    action: str
    actor: str
    summary: str
    values: Mapping[str, HitValue]


def hit_values(hit: Hit, name: str) -> tuple[str, ...]:
    """Return a key's or fact's values, none where the event had none."""
    value = hit.values.get(name)
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)
