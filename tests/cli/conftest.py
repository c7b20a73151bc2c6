"""A detection, records and findings small enough to read, and the command line to run on them."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from flowtrap.content.runtime import from_document
from flowtrap.model.finding import Entity, Evidence, Finding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ACCOUNT = "123456789012"
BILLING = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:billing"


def detection_row(name: str = "aws_written_run", **changes: Any) -> dict[str, Any]:
    """Return a compiled detection: a function is written, then run."""
    row: dict[str, Any] = {
        "name": name,
        "id": "5f0c6a58-55a3-4f5e-9f6a-0e5b2b1f7a10",
        "title": "Function written, then run",
        "analytic": "AN1053",
        "attack": {"strategy": "DET0374", "techniques": ["T1648"]},
        "stages": {
            "write": {
                "feed": "aws_cloudtrail",
                "condition": ["in", "action", ["createfunction"]],
                "keys": {"account": "account", "function": "function"},
                "facts": {"actor": "actor", "function_arn": "function_arn"},
            },
            "run": {
                "feed": "aws_cloudtrail",
                "condition": ["in", "action", ["invoke"]],
                "keys": {"account": "account", "function": "function"},
                "facts": {"actor": "actor"},
            },
        },
        "chain": {
            "anchor": "write",
            "case": ["account", "function"],
            "window": {"tunable": "time_window"},
            "related": {
                "run": {
                    "match": {"account": "account", "function": "function"},
                    "when": "after",
                }
            },
        },
        "verdicts": [
            {
                "name": "ran",
                "severity": "high",
                "risk": 70,
                "say": "{actor} wrote {function} and ran it",
                "require": {"run": {"at_least": 1}},
            }
        ],
        "suppress": [{"stage": None, "key": "actor", "in": "allowed_deployers"}],
        "entities": {"function": ["function_arn"], "user": ["actor"]},
        "tunables": {
            "time_window": {"kind": "duration", "default": "1h", "description": "how long"},
            "allowed_deployers": {"kind": "list", "default": [], "description": "who may"},
        },
    }
    return {**row, **changes}


def record(name: str, minute: int, event_id: str, user: str = "eve", **more: Any) -> dict[str, Any]:
    """Return a CloudTrail record about the function billing."""
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "arn": f"arn:aws:iam::{ACCOUNT}:user/{user}",
            "accountId": ACCOUNT,
            "userName": user,
        },
        "eventTime": f"2026-03-10T09:{minute:02}:00Z",
        "eventSource": "lambda.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.10",
        "userAgent": "aws-cli/2.22.4",
        "requestParameters": {"functionName": "billing"},
        "responseElements": {"functionArn": BILLING},
        "eventID": event_id,
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
        **more,
    }


CASE = (record("CreateFunction20150331", 0, "w1"), record("Invoke", 10, "r1"))
QUIET = (record("ListFunctions20150331", 0, "l1"),)


@pytest.fixture
def detections() -> list[Any]:
    """Return two detections, of which the second has a tunable of its own."""
    other = detection_row("aws_other", id="0d0a3b0e-7c53-4c86-9d5b-52a1f1a3b9c4")
    other["tunables"] = {
        **other["tunables"],
        "role_scope": {"kind": "list", "default": ["*admin*"], "description": "which roles"},
    }
    return from_document({"format": 1, "detections": [detection_row(), other]})


@pytest.fixture
def logs(tmp_path: Path) -> Callable[..., str]:
    """Return `logs(*records, name=…)`, which writes JSON lines and returns the path."""

    def write(*records: Any, name: str = "trail.jsonl") -> str:
        path = tmp_path / name
        lines = (r if isinstance(r, str) else json.dumps(r) for r in records)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def flowtrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """Return `flowtrap("hunt", path, …)`, run in an empty folder with one detection compiled."""
    from cli import content
    from cli.main import flowtrap as group

    monkeypatch.chdir(tmp_path)
    for name in ("compiled", "compile_anew"):
        monkeypatch.setattr(content, name, lambda: {"format": 1, "detections": [detection_row()]})

    def run(*arguments: str, **options: Any) -> Result:
        return CliRunner().invoke(group, list(arguments), prog_name="flowtrap", **options)

    return run


def make_finding(**changes: Any) -> Finding:
    """Return a finding of three events."""
    steps = (("write", 0, "CreateFunction billing"), ("run", 1, "Invoke billing"))
    finding = Finding(
        finding_id="0123456789abcdef" * 2,
        revision=2,
        detection="aws_written_run",
        title="Function written, then run",
        analytic="AN1053",
        strategy="DET0374",
        techniques=("T1648",),
        verdict="ran",
        severity="high",
        risk_score=70,
        first_time="2026-03-10T09:00:00Z",
        last_time="2026-03-10T09:01:00Z",
        entities=(Entity("user", "eve"), Entity("function", BILLING)),
        evidence=tuple(evidence(*step) for step in steps),
        evidence_totals={"write": 1, "run": 1},
        explanation="eve wrote billing and ran it",
        incomplete=False,
    )
    return dataclasses.replace(finding, **changes)


def evidence(stage: str, minute: int, summary: str) -> Evidence:
    """Return one event of a case."""
    time = f"2026-03-10T09:{minute:02}:00Z"
    return Evidence(stage, time, f"{stage}{minute}", "aws_cloudtrail", stage, "eve", summary)
