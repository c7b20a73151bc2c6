"""The records of all scenarios of a platform together, attacks and look-alikes, oldest first.

Scenarios use the same event ids again; of records with one id the first is kept, since of an event
that comes in two shapes either may be taken.
"""

from __future__ import annotations

import functools
from typing import Any

from builders import scenarios_aws
from builders.platforms import PLATFORMS
from flowtrap.feed.wrappers import unwrap
from flowtrap.model.event import Event
from flowtrap.normalise.table import FEEDS, recognise

NAMES = ("aws", *(platform.name for platform in PLATFORMS))


def attacks(name: str) -> dict[str, list[Any]]:
    """Return the records of each attack of a platform."""
    if name == "aws":
        return {a.id: a.build(a.world).records() for a in scenarios_aws.ATTACKS}
    (platform,) = (p for p in PLATFORMS if p.name == name)
    return {a.id: a.build(a.delay, False).records() for a in platform.attacks}


@functools.cache
def everything(name: str) -> tuple[Any, ...]:
    """Return the records of a platform's attacks and look-alikes, oldest first."""
    quiet = scenarios_aws.QUIET
    if name != "aws":
        (quiet,) = (p.quiet for p in PLATFORMS if p.name == name)
    records = [record for some in attacks(name).values() for record in some]
    records += [record for one in quiet for record in one.build()]
    once = {(event.feed, event.event_id): record for record in records[::-1]
            for event in [event_of(record)]}  # fmt: skip
    return tuple(sorted(once.values(), key=lambda record: event_of(record).time_ms))


def event_of(record: Any) -> Event:
    """Return the event that a record is, or the first of what it wraps."""
    native = next(iter(unwrap(record)))
    if isinstance(native, str):
        for spec in FEEDS:
            columns = spec.text.header(native) if spec.text else None
            if spec.text and columns:
                return spec.normalise(spec.text.parse(columns, native))
    found = recognise(native)
    assert found, native
    return found.normalise(native)
