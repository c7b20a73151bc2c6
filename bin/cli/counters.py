"""The counters of a run as lines for a person.

Example: `read 1,087 records: 212 matched + 60 unmatched + 815 filtered_out`. The parts add up to
the whole; what counts hits and anchors stands on a line of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowtrap.model.counters import Counters

RECORDS = (
    "matched", "unmatched", "filtered_out", "duplicate", "parse_error", "no_time", "unrecognised",
)  # fmt: skip
LOSSES = {
    "parse_error": "could not be parsed",
    "no_time": "had no usable time",
    "late": "came too late",
    "evicted": "hits were dropped for want of memory",
}


def counter_lines(counters: Counters, incomplete: bool) -> list[str]:
    """Return what happened to every record, and why a run is incomplete."""
    counted = counters.to_dict()
    parts = " + ".join(f"{counted[name]:,} {name}" for name in RECORDS if counted[name])
    lines = [f"read {counters.read:,} records{': ' if parts else ''}{parts}"]
    others = [name for name in counted if name not in RECORDS and name != "read" and counted[name]]
    if others:
        lines.append("hits: " + ", ".join(f"{counted[name]:,} {name}" for name in others))
    if incomplete:
        reason = loss_text(counters) or "some of the input could not be read, see above"
        lines.append(f"INCOMPLETE: {reason}; a case may be missing or show too little")
    return lines


def loss_text(counters: Counters) -> str:
    """Return what was lost of the records, "" where none was."""
    counted = counters.to_dict()
    lost = [f"{counted[name]:,} {why}" for name, why in LOSSES.items() if counted[name]]
    return ", ".join(lost)
