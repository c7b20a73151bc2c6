"""The vendor's own record of an event, as text to show on demand.

Example: `raw_event({"eventName": "Invoke"}).text` is the record as indented JSON. Characters that
are invisible or steer a terminal are written as JSON escapes, so that what is shown and copied
still means the same record.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from flowtrap.output.text import sanitise

if TYPE_CHECKING:
    from collections.abc import Iterator

EventKey = tuple[str, str]  # feed and event id
LONGEST_TEXT = 64_000
MOST_VALUES = 2_000


@dataclass(frozen=True)
class RawEvent:
    """A record's text, how many characters of it were left out, and the values it bears."""

    text: str
    left_out: int = 0
    values: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RawEvents:
    """The records that were found again, and why others were not."""

    found: Mapping[EventKey, RawEvent] = field(default_factory=dict)
    why_missing: str = "Raw events were not kept."


def raw_event(record: Mapping[str, Any]) -> RawEvent:
    """Return a record's text, cut to LONGEST_TEXT, with its short values in lower case."""
    lines = json.dumps(dict(record), indent=2, ensure_ascii=False, default=str).split("\n")
    text = "\n".join(map(_visible_json, lines))
    values = frozenset(islice(_leaves(record), MOST_VALUES))
    return RawEvent(text[:LONGEST_TEXT], max(0, len(text) - LONGEST_TEXT), values)


def _visible_json(line: str) -> str:
    if sanitise(line) == line:
        return line
    return "".join(char if sanitise(char) == char else json.dumps(char)[1:-1] for char in line)


def _leaves(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        for value in node.values():
            yield from _leaves(value)
    elif isinstance(node, list):
        for value in node:
            yield from _leaves(value)
    elif isinstance(node, str) and len(node) <= 256:
        yield node.casefold()
