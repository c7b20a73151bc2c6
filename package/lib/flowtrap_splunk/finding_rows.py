"""Findings as rows of a search, with the same columns whatever they hold.

Lists and objects are JSON texts; each entity type is a column of its own as well, with several
values where there are several, for risk rules and drill-downs. `_raw` is the finding as one line of
JSON, so that `collect` writes what `hunt --format json` prints.

A finding that is superseded is told once more as a row without risk, whose `superseded_by` is the
id of the case that it is a part of now, or `none`.
"""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING

from flowtrap.output.json_lines import to_line

from .protocol import Table, mv_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowtrap.model.finding import Finding, Superseded

NOBODY = "none"
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
    "_time", *_PLAIN, *_AS_JSON, "incomplete", "superseded_by",
    *_SEVERAL, *("__mv_" + name for name in _SEVERAL), "_raw",
)  # fmt: skip


def finding_table(findings: Iterable[Finding], superseded: Iterable[Superseded] = ()) -> Table:
    """Return the rows of findings, and of those told before that are superseded."""
    rows = [_superseded_row(gone) for gone in superseded]
    return Table(FINDING_FIELDS, [*rows, *map(_row, findings)])


def _superseded_row(gone: Superseded) -> list[str]:
    record = {
        **gone._asdict(),
        "severity": "informational",
        "risk_score": 0,
        "superseded_by": gone.superseded_by or NOBODY,
        "explanation": "This is a part of another finding now, whose case begins earlier."
        if gone.superseded_by
        else "What came later shows that this is no finding.",
    }
    cells = {name: str(value) for name, value in record.items()}
    cells["_time"] = str(_epoch(gone.last_time))
    cells["_raw"] = json.dumps(record, separators=(",", ":"))
    return [cells.get(name, "") for name in FINDING_FIELDS]


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
        "",
        *("\n".join(values) for values in lists),
        *map(mv_text, lists),
        to_line(finding),
    ]


def _epoch(time: str) -> str:
    """Return an RFC 3339 time of a finding as seconds, with three digits behind the point."""
    moment = datetime.datetime.fromisoformat(time.replace("Z", "+00:00"))
    return f"{moment.timestamp():.3f}"
