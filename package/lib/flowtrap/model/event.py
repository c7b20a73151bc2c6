"""One normalised record, and how a detection reads a field of it.

Example: `event_values(event, "requestParameters.policyArn")` walks the vendor's own record,
`event_values(event, "function")` reads the name that the feed's normaliser gave.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Union

NO_VALUE = (None, "", "-", "<null>")
FieldValue = Union[str, tuple[str, ...]]


class Event(NamedTuple):
    """A record with the three things every feed must give, and its normalised fields.

    `time_ms` is whole milliseconds UTC. `fields` has no key where the record has no value.
    `record` is the vendor's own record, never changed.
    """

    feed: str
    event_id: str
    time_ms: int
    fields: dict[str, FieldValue]
    record: Mapping[str, Any]


def event_values(event: Event, name: str) -> tuple[Any, ...]:
    """Return the values of a normalised field or a dotted native path, none where there is none."""
    known = event.fields.get(name)
    if known is not None:
        return known if isinstance(known, tuple) else (known,)
    if "." not in name:
        value = event.record.get(name)
        if isinstance(value, str):
            return () if value in NO_VALUE else (value,)
        return tuple(_leaves(value))
    return tuple(_walk(event.record, name))


def _walk(node: Any, path: str) -> Iterator[Any]:
    """Yield the scalars at a dotted path; a key that itself holds dots is tried whole first."""
    if not path:
        yield from _leaves(node)
    elif isinstance(node, Mapping):
        if path in node:
            yield from _leaves(node[path])
            return
        head, _, rest = path.partition(".")
        if rest and head in node:
            yield from _walk(node[head], rest)
    elif isinstance(node, list):
        for item in node:
            yield from _walk(item, path)


def _leaves(node: Any) -> Iterator[Any]:
    if isinstance(node, list):
        for item in node:
            yield from _leaves(item)
    elif isinstance(node, Mapping):
        if node:
            yield node
    elif node not in NO_VALUE:
        yield node
