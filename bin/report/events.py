"""The evidence of a case by event: one that plays several parts is shown once, with a number.

Example: an AttachRolePolicy that is both `grant` and `policy_attached` is one Happening of two
stages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .moments import milliseconds

if TYPE_CHECKING:
    from flowtrap.model.finding import Evidence, Finding

    from .raw import EventKey


@dataclass(frozen=True)
class Happening:
    """One event. `number` counts from 1 in time order."""

    number: int
    time_ms: int
    stages: tuple[str, ...]
    evidence: Evidence

    @property
    def key(self) -> EventKey:
        """Return what names the event: its feed and id."""
        return self.evidence.feed, self.evidence.event_id


def happenings(finding: Finding) -> tuple[Happening, ...]:
    """Return the events of a finding in time order."""
    rows: dict[EventKey, list[Evidence]] = {}
    for item in sorted(finding.evidence, key=lambda item: milliseconds(item.time)):
        rows.setdefault((item.feed, item.event_id), []).append(item)
    return tuple(
        Happening(
            number,
            milliseconds(row[0].time),
            tuple(dict.fromkeys(item.stage for item in row)),
            row[0],
        )
        for number, row in enumerate(rows.values(), 1)
    )
