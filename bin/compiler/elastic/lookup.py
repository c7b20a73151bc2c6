r"""The lookup index `flowtrap-lists`: a document for each detection, a field for each of its lists.

A query cannot use a column as a pattern of LIKE, and a row for each entry would make as many rows
of every event (docs/decisions/0007). But REPLACE takes a regular expression from a column: so a
field holds a whole list as one, which matches `value\nscope\nday` where an entry allows the value,
in that account, on that day. What is between two `*` is sought once, first fit: no pattern of a
user makes the engine try again. `entries` shows people what the expressions were made of.

Example: `- {pattern: "ci-*", scope: "123456789012", expires: 2027-01-31}` in allowed_functions is
`(?s)\A(?:ci\-.*\n123456789012\n(?:[0-1].{9}|2…))\z`.

Sources: Elasticsearch 8.19, "ES|QL REPLACE" (Java's regular expressions), "LOOKUP JOIN".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flowtrap.model.finding import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flowtrap.model.detection import Detection
    from flowtrap.model.tunable import TunableEntry, Tunables

INDEX = "flowtrap-lists"
KEY = "detection"
IN_SET, IN_LINE = r"[^;\n]*", r"[^\n]*"
_PATTERN = {"type": "keyword", "index": False, "doc_values": False}  # so it may be of any length


def column(tunable: str, *, of_set: bool) -> str:
    """Return the field that holds a list, as it is asked of one value or of a set `;a;b;`."""
    return f"{tunable}_of_set" if of_set else tunable


def settings() -> dict[str, Any]:
    """Return the settings of the index; it has one shard by its kind."""
    return {"index.mode": "lookup", "auto_expand_replicas": "0-1"}


def mappings(detections: Iterable[Detection]) -> dict[str, Any]:
    """Return the fields for the lists of all detections; one that none fills is there as well."""
    tunables = {name for one in detections for name in _lists_of(one.tunables)}
    columns = [column(name, of_set=of_set) for name in sorted(tunables) for of_set in (False, True)]
    return {
        "dynamic": "strict",
        "properties": {
            KEY: {"type": "keyword"},
            "entries": {"type": "object", "enabled": False},
            **dict.fromkeys(columns, _PATTERN),
        },
    }


def rows(detections: Iterable[Detection], site: Tunables) -> dict[str, dict[str, Any]]:
    """Return the document of each detection that has a list, by its id."""
    found = {}
    for one in detections:
        if names := _lists_of(one.tunables):
            own = site.over(one.defaults())
            entries = [
                _shown(name, entry) for name in names for entry in own.patterns(name).entries
            ]
            found[one.name] = {KEY: one.name, **patterns(names, own), "entries": entries}
    return found


def patterns(tunables: Iterable[str], values: Tunables) -> dict[str, str]:
    """Return the expression of each list that has live entries, by column."""
    found = {}
    for name in tunables:
        entries = values.patterns(name).entries
        for of_set in (False, True) if entries else ():
            found[column(name, of_set=of_set)] = expression(entries, of_set=of_set)
    return found


def expression(entries: Iterable[TunableEntry], *, of_set: bool) -> str:
    r"""Return a Java expression that matches `value\nscope\nday` where an entry allows it."""
    parts = dict.fromkeys(_entry(one, of_set=of_set) for one in entries)
    return rf"(?s)\A(?:{'|'.join(parts)})\z"


def _entry(entry: TunableEntry, *, of_set: bool) -> str:
    value = f".*;{_glob(entry.pattern, IN_SET)};.*" if of_set else _glob(entry.pattern, ".*")
    return rf"{value}\n{_glob(entry.scope, IN_LINE)}\n{_until(entry.expires_ms)}"


def _glob(pattern: str, star: str) -> str:
    first, *rest = map(re.escape, re.sub(r"\*+", "*", pattern.lower()).split("*"))
    if not rest:
        return first
    *middle, last = rest
    return first + "".join(f"(?>{star}?{part})" for part in middle) + star + last


def _until(expires_ms: int | None) -> str:
    """Return a pattern of the days, as 2027-01-31, up to the one that a moment lies in."""
    if expires_ms is None:
        return IN_LINE
    day = rfc3339(expires_ms)[:10]
    pattern = f"[0-{day[-1]}]"
    for place in range(len(day) - 2, -1, -1):
        letter, after = day[place], len(day) - place - 1
        pattern = letter + pattern
        if letter not in "-0":
            pattern = f"(?:[0-{int(letter) - 1}].{{{after}}}|{pattern})"
    return pattern


def _shown(name: str, entry: TunableEntry) -> dict[str, Any]:
    row = {
        "list": name,
        "pattern": entry.pattern,
        "scope": entry.scope,
        "reason": entry.reason,
        "owner": entry.owner,
        "expires": rfc3339(entry.expires_ms) if entry.expires_ms is not None else None,
    }
    return {key: value for key, value in row.items() if value}


def is_kept(tunable: Mapping[str, Any]) -> bool:
    """Tell whether a tunable is a list of the index: one that no site's records fill."""
    return bool(tunable["kind"] == "list" and not tunable.get("infer"))


def _lists_of(tunables: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return [name for name, row in tunables.items() if is_kept(row)]
