"""The lists of flowtrap.yml as rows of the lookup index `flowtrap-lists`.

A query cannot use a column as a pattern, so a row holds a pattern's parts: with `pay-*-test`,
prefix `pay-`, suffix `-test` and min_length 9 are asked by STARTS_WITH, ENDS_WITH and LENGTH;
`middle` is what lies between two `*`; without any `*` there is a max_length. All in small letters.
Every row has the same `join`, by which LOOKUP JOIN finds it.

Example: `| EVAL join = "flowtrap" | LOOKUP JOIN flowtrap-lists ON join | WHERE list == …`
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from flowtrap.model.finding import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flowtrap.model.detection import Detection
    from flowtrap.model.tunable import TunableEntry, Tunables

JOIN = "flowtrap"
EVERY = "*"
MOST_STARS = 2


def list_rows(detections: Iterable[Detection], site: Tunables) -> dict[str, dict[str, Any]]:
    """Return a row for each live entry of a list, by its id; equal lists of detections are one.

    A pattern with more than two `*` has no row: the lookup cannot say it. `unsaid` names them.
    """
    rows: dict[str, dict[str, Any]] = {}
    for detection, name, entry in _entries(detections, site):
        if entry.pattern.count("*") <= MOST_STARS:
            row = _row(detection, name, entry)
            rows[_id_of(row)] = row
    return rows


def unsaid(detections: Iterable[Detection], site: Tunables) -> list[str]:
    """Return the patterns that have no row."""
    return sorted(
        {
            f"{name}: {entry.pattern}"
            for _, name, entry in _entries(detections, site)
            if entry.pattern.count("*") > MOST_STARS
        }
    )


def _entries(
    detections: Iterable[Detection], site: Tunables
) -> Iterator[tuple[str, str, TunableEntry]]:
    for detection in detections:
        own = site.over(detection.defaults())
        for name, tunable in detection.tunables.items():
            if tunable["kind"] == "list":
                yield from ((detection.name, name, entry) for entry in own.patterns(name).entries)


def _row(detection: str, name: str, entry: TunableEntry) -> dict[str, Any]:
    prefix, *rest = entry.pattern.lower().split("*")
    row = {
        "join": JOIN,
        "detection": detection,
        "list": name,
        "pattern": entry.pattern,
        "prefix": prefix,
        "middle": rest[0] if len(rest) == MOST_STARS else "",
        "suffix": rest[-1] if rest else "",
        "min_length": len(entry.pattern.replace("*", "")),
        "max_length": None if rest else len(entry.pattern),
        "scope": entry.scope or EVERY,
        "reason": entry.reason,
        "owner": entry.owner,
        "expires": _expiry(entry),
    }
    return {key: value for key, value in row.items() if value not in ("", None)}


def _expiry(entry: TunableEntry) -> str | None:
    return rfc3339(entry.expires_ms) if entry.expires_ms is not None else None


def _id_of(row: dict[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(row, sort_keys=True).encode(), digest_size=12).hexdigest()
