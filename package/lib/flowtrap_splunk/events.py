"""A search's rows as native records: `_raw` where there is one, else put together from fields.

Example: the columns `eventName`, `requestParameters.functionName` and `resources{}.ARN` give
`{"eventName": …, "requestParameters": {"functionName": …}, "resources": [{"ARN": …}]}`, as Splunk's
JSON extraction took it apart.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from flowtrap.feed import decode

from .protocol import mv_values

if TYPE_CHECKING:
    from collections.abc import Sequence

RAW = "_raw"
MV = "__mv_"
# Splunk's own fields, which no vendor's record has.
# Source: https://docs.splunk.com/Documentation/Splunk/latest/Knowledge/Usedefaultfields
_SPLUNKS = re.compile(
    r"_.*|tag(::.*)?|date_\w+|(host|index|linecount|punct|source|sourcetype|splunk_server"
    r"|splunk_server_group|timeendpos|timestartpos|eventtype|unix_category|unix_group)"
)


class Column(NamedTuple):
    """Where a field of the record lies in a row."""

    at: int
    mv_at: int | None
    path: tuple[str, ...]


def columns_of(names: Sequence[str]) -> list[Column]:
    """Return the columns that may belong to a vendor's record."""
    places = {name: at for at, name in enumerate(names)}
    return [
        Column(at, places.get(MV + name), tuple(name.split(".")))
        for name, at in places.items()
        if not _SPLUNKS.fullmatch(name)
    ]


def decoded(raw: str) -> object:
    """Return what an event's text holds: JSON, or the text. Raises ValueError for broken JSON."""
    text = raw.strip()
    if text[:1] in ("{", "["):
        return decode.loads(text.encode("utf-8", "surrogatepass"))
    return text


def from_fields(columns: Sequence[Column], row: Sequence[str]) -> dict[str, Any]:
    """Return a record put together from a row's fields, empty where it has none."""
    entries = []
    for at, mv_at, path in columns:
        several = row[mv_at] if mv_at is not None and mv_at < len(row) else ""
        values = mv_values(several) if several else [row[at]] if at < len(row) and row[at] else []
        if values:
            entries.append((path, values))
    return _members(entries)


def _members(entries: list[tuple[tuple[str, ...], list[str]]]) -> dict[str, Any]:
    groups: dict[str, list[tuple[tuple[str, ...], list[str]]]] = {}
    for path, values in entries:
        groups.setdefault(path[0], []).append((path[1:], values))
    return {
        name[:-2] if name.endswith("{}") else name: _elements(group)
        if name.endswith("{}")
        else _value(group)
        for name, group in groups.items()
    }


def _value(group: list[tuple[tuple[str, ...], list[str]]]) -> Any:
    inner = [(path, values) for path, values in group if path]
    if inner:
        return _members(inner)
    values = group[0][1]
    return values[0] if len(values) == 1 else values


def _elements(group: list[tuple[tuple[str, ...], list[str]]]) -> list[Any]:
    """Return a list: of values, or of objects, the n-th of which has the n-th value of each."""
    inner = [(path, values) for path, values in group if path]
    if not inner:
        return group[0][1]
    return [
        _members([(path, [values[n]]) for path, values in inner if n < len(values)])
        for n in range(max(len(values) for _, values in inner))
    ]
