"""Every detection file's own tests, one by one: events in, findings out.

A failure names `detection::case` and shows what was found. `expect` says what must be there: the
verdict exactly, severity, entity values and evidence totals where they are given; and nothing else
may be found.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from compiler import load_detection, yaml_document
from compiler.runtime_json import DETECTIONS, detection_paths
from flowtrap.content.runtime import from_document
from flowtrap.model.tunable import Tunables
from flowtrap.pipeline import Hunt

NOW_MS = 1_790_000_000_000  # September 2026: fixed, so that an entry's expiry is too


class Case(NamedTuple):
    """One test of one detection file."""

    path: Path
    row: dict[str, Any]

    @property
    def id(self) -> str:
        """Return `detection::case`."""
        return f"{self.path.stem}::{self.row['name']}"


def all_cases() -> list[Case]:
    """Return the tests of all detection files."""
    return [
        Case(path, row)
        for path in detection_paths(DETECTIONS)
        for row in yaml_document.read(path).at(("tests",), ())
    ]


def events_of(case: Case) -> list[Any]:
    """Return the case's records; `{file: path}` stands for the lines of a file beside it."""
    records: list[Any] = []
    for event in case.row["events"]:
        if isinstance(event, dict) and set(event) == {"file"}:
            lines = (case.path.parent / event["file"]).read_text(encoding="utf-8").splitlines()
            records.extend(json.loads(line) for line in lines if line.strip())
        else:
            records.append(event)
    return records


def findings_of(case: Case) -> list[dict[str, Any]]:
    """Hunt with this detection alone over the case's records."""
    compiled = {"format": 1, "detections": [load_detection(case.path)]}
    hunt = Hunt(
        from_document(compiled),
        Tunables(case.row.get("tunables") or {}, now_ms=NOW_MS),
        spill=tempfile.TemporaryFile,
    )
    hunt.events(events_of(case))
    return [finding.to_dict() for finding in hunt.findings()]


def differences(expected: dict[str, Any], finding: dict[str, Any]) -> list[str]:
    """Return how a finding is not what a case expects of it."""
    wrong = [
        f"{name} is {finding[name]!r}, not {expected[name]!r}"
        for name in ("verdict", "severity")
        if name in expected and finding[name] != expected[name]
    ]
    there = {(entity["type"], entity["value"]) for entity in finding["entities"]}
    for kind, values in (expected.get("entities") or {}).items():
        wrong += [f"no {kind} {value!r}" for value in values if (kind, value) not in there]
    for stage, total in (expected.get("evidence") or {}).items():
        found = finding["evidence_totals"].get(stage, 0)
        if found != total:
            wrong.append(f"{found} hits of {stage}, not {total}")
    return wrong


def compare(expected: list[dict[str, Any]], findings: list[dict[str, Any]]) -> list[str]:
    """Pair each expected finding with a different one found; return what does not fit."""
    left = list(findings)
    wrong: list[str] = []
    for one in expected:
        fit = next((f for f in left if not differences(one, f)), None)
        if fit is not None:
            left.remove(fit)
        else:
            near = [differences(one, finding) for finding in left]
            wrong.append(f"nothing is {one}: {near or 'no finding left'}")
    return wrong + [f"also found: {f['verdict']}: {f['explanation']}" for f in left]


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.id)
def test_case_gives_its_findings(case: Case) -> None:
    assert compare(case.row["expect"], findings_of(case)) == []


FOUND = {
    "verdict": "acted",
    "severity": "high",
    "explanation": "…",
    "entities": [{"type": "user", "value": "mallory"}],
    "evidence_totals": {"acts": 2},
}


@pytest.mark.parametrize(
    ("expected", "findings"),
    [
        ([], [FOUND]),
        ([{"verdict": "acted"}], []),
        ([{"verdict": "acted"}, {"verdict": "acted"}], [FOUND]),
        ([{"verdict": "written"}], [FOUND]),
        ([{"verdict": "acted", "severity": "low"}], [FOUND]),
        ([{"verdict": "acted", "entities": {"user": ["eve"]}}], [FOUND]),
        ([{"verdict": "acted", "entities": {"role": ["mallory"]}}], [FOUND]),
        ([{"verdict": "acted", "evidence": {"acts": 1}}], [FOUND]),
        ([{"verdict": "acted", "evidence": {"run": 1}}], [FOUND]),
    ],
)
def test_comparer_reports_a_difference(expected: list[Any], findings: list[Any]) -> None:
    assert compare(expected, findings)


def test_comparer_accepts_what_fits() -> None:
    expected = {"verdict": "acted", "entities": {"user": ["mallory"]}, "evidence": {"acts": 2}}
    assert compare([expected], [FOUND]) == []
