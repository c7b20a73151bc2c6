"""Findings as rows of a search, with the same columns whatever they hold.

Lists and objects are JSON texts; each entity type is a column of its own as well, with several
values where there are several, for risk rules and drill-downs. `_raw` is the finding as one line of
JSON, so that `collect` writes what `hunt --format json` prints.
"""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING

from flowtrap.output.json_lines import to_line

from .protocol import Table, mv_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowtrap.model.finding import Finding

ENTITY_FIELDS = (
    "function", "flow", "script", "user", "role", "service_account", "app", "src", "dest", "url",
    "account",
)  # fmt: skip
_PLAIN = (
    "finding_id", "revision", "detection", "title", "analytic", "strategy", "verdict", "severity",
    "risk_score", "first_time", "last_time", "explanation",
)  # fmt: skip
_AS_JSON = ("entities", "evidence", "evidence_totals")
_SEVERAL = ("techniques", *ENTITY_FIELDS)
FINDING_FIELDS = (
    "_time", *_PLAIN, *_AS_JSON, "incomplete", *_SEVERAL, *("__mv_" + name for name in _SEVERAL),
    "_raw",
)  # fmt: skip


def finding_table(findings: Iterable[Finding]) -> Table:
    """Return the rows of some findings."""
    return Table(FINDING_FIELDS, [_row(finding) for finding in findings])


def _row(finding: Finding) -> list[str]:
    record = finding.to_dict()
    several = {"techniques": list(finding.techniques)}
    for entity in finding.entities:
        several.setdefault(entity.type, []).append(entity.value)
    lists = [several.get(name, []) for name in _SEVERAL]
    return [
        str(_epoch(finding.last_time)),
        *(str(record[name]) for name in _PLAIN),
        *(json.dumps(record[name], separators=(",", ":")) for name in _AS_JSON),
        "true" if finding.incomplete else "false",
        *("\n".join(values) for values in lists),
        *map(mv_text, lists),
        to_line(finding),
    ]


def _epoch(time: str) -> str:
    """Return an RFC 3339 time of a finding as seconds, with three digits behind the point."""
    moment = datetime.datetime.fromisoformat(time.replace("Z", "+00:00"))
    return f"{moment.timestamp():.3f}"
