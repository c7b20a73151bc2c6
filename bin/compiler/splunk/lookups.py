"""Lookups: which feed a sourcetype bears, which detections a feed serves, and all detections."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from .sources import SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def lookups(detections: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return the text of each lookup file by name."""
    types = [(name, s.feed) for s in SOURCES.values() for name in s.sourcetypes]
    return {
        "flowtrap_detections.csv": _csv(
            ("detection", "title", "analytic", "techniques", "feeds", "blind"),
            (
                (
                    row["name"],
                    row["title"],
                    row["analytic"],
                    " ".join(row["attack"]["techniques"]),
                    " ".join(dict.fromkeys(stage["feed"] for stage in row["stages"].values())),
                    " ".join(row.get("blind") or ()),
                )
                for row in detections
            ),
        ),
        "flowtrap_sourcetypes.csv": _csv(("sourcetype", "feed"), types),
        "flowtrap_sources.csv": _csv(
            ("feed", "sourcetypes", "optional", "detections"),
            (
                (
                    source.feed,
                    " ".join(source.sourcetypes),
                    "no" if source.on_by_default else "yes",
                    " ".join(_using(detections, source.feed)),
                )
                for source in SOURCES.values()
            ),
        ),
    }


def transforms() -> dict[str, dict[str, str]]:
    """Return the lookup definitions of transforms.conf."""
    return {
        "flowtrap_sourcetypes": {
            "filename": "flowtrap_sourcetypes.csv",
            "match_type": "WILDCARD(sourcetype)",
            "case_sensitive_match": "false",
        },
        "flowtrap_sources": {"filename": "flowtrap_sources.csv"},
        "flowtrap_detections": {"filename": "flowtrap_detections.csv"},
    }


def _using(detections: Sequence[dict[str, Any]], feed: str) -> list[str]:
    return [
        row["name"]
        for row in detections
        if any(stage["feed"] == feed for stage in row["stages"].values())
    ]


def _csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerows((head, *rows))
    return target.getvalue()
