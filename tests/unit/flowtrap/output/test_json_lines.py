"""The finding record as a line: keys of the design in its order, ASCII, one line whatever it holds."""

from __future__ import annotations

import json

from flowtrap.model.finding import Entity, Evidence, Finding
from flowtrap.output.json_lines import to_line

KEYS = [
    "finding_id",
    "revision",
    "detection",
    "title",
    "analytic",
    "strategy",
    "techniques",
    "verdict",
    "severity",
    "risk_score",
    "first_time",
    "last_time",
    "entities",
    "evidence",
    "evidence_totals",
    "explanation",
    "incomplete",
]


def finding(summary: str = "Invoke billing") -> Finding:
    return Finding(
        finding_id="0" * 32,
        revision=2,
        detection="aws_lambda_chain",
        title="Function gains privilege, then acts",
        analytic="AN1053",
        strategy="DET0374",
        techniques=("T1648",),
        verdict="acted",
        severity="critical",
        risk_score=90,
        first_time="2026-03-10T09:00:00Z",
        last_time="2026-03-10T09:10:00Z",
        entities=(Entity("function", "arn:aws:lambda:us-east-1:123456789012:function:billing"),),
        evidence=(
            Evidence(
                "run", "2026-03-10T09:10:00Z", "e1", "aws_cloudtrail", "Invoke", "eve", summary
            ),
        ),
        evidence_totals={"run": 1},
        explanation="eve ran billing",
        incomplete=False,
    )


def test_line_has_the_designs_keys_in_order() -> None:
    row = json.loads(to_line(finding()))
    assert list(row) == KEYS
    assert row["entities"] == [
        {"type": "function", "value": "arn:aws:lambda:us-east-1:123456789012:function:billing"}
    ]
    assert list(row["evidence"][0]) == [
        "stage", "time", "event_id", "feed", "action", "actor", "summary",
    ]  # fmt: skip


def test_line_is_one_ascii_line_whatever_the_log_holds() -> None:
    hostile = 'a"\\\n\u2028\u202e\x1b[2J\ud800 東京'
    line = to_line(finding(hostile))
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert json.loads(line)["evidence"][0]["summary"] == hostile


def test_equal_findings_give_equal_bytes() -> None:
    assert to_line(finding()) == to_line(finding())
    assert to_line(finding()) != to_line(finding("Invoke other"))
