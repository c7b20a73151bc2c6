"""Made-up findings for the report: many cases, long evidence, several platforms, hostile text."""

from __future__ import annotations

import dataclasses

from flowtrap.model.finding import SEVERITIES, Entity, Evidence, Finding, rfc3339

START_MS = 1_773_133_200_000  # 2026-03-10T09:00:00Z
ACCOUNT = "123456789012"
HOUR_MS = 3_600_000
RISKS = {"critical": 95, "high": 75, "medium": 50, "low": 25, "informational": 10}
HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    'https://evil.example/"><svg onload=alert(1)>',
    "]]></style></title></textarea><!--",
    "{{ 7 * 7 }} {% raw %} ${7*7}",
    "user\u202egpj.exe\u2066\u200b\ufeff",
    "\x1b[2J\x1b]8;;https://evil.example\x07click\x1b]8;;\x07\x00\x9b31m",
    "line\nbreak\r\n\ttab\u2028\u2029",
    "\ud800 alone",
    "x" * 100_000,
    "&lt;b&gt;&amp;&#60;",
)


def finding(number: int = 1, severity: str = "high", events: int = 6, **changes: object) -> Finding:
    """Return a case: a function written, given power, run, and at work; then a pause of hours."""
    function = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:job-{number:02}"
    role = f"arn:aws:iam::{ACCOUNT}:role/job-{number:02}-role"
    mallory = f"arn:aws:iam::{ACCOUNT}:user/mallory"
    start = START_MS + number * 7 * HOUR_MS
    rows = [
        ("created", 0, mallory, "CreateFunction", f"CreateFunction {function} with role {role}"),
        ("grant", 20_000, mallory, "AttachRolePolicy", f"AttachRolePolicy admin to role {role}"),
        ("run", 60_000, mallory, "Invoke", f"Invoke {function}"),
    ]
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/job-{number:02}-role/job-{number:02}"
    for act in range(events - len(rows)):
        late = 5 * HOUR_MS if act % 3 == 2 else 0
        what = f"CreateUser svc-{act % 9}"
        rows.append(("acts", 90_000 + late + act // 4 * 700, session, "CreateUser", what))
    evidence = [
        Evidence(
            stage,
            rfc3339(start + after),
            f"event-{number}-{n}",
            "aws_cloudtrail",
            action,
            who,
            what,
        )
        for n, (stage, after, who, action, what) in enumerate(rows)
    ]
    evidence.sort(key=lambda item: item.time)
    totals: dict[str, int] = {}
    for item in evidence:
        totals[item.stage] = totals.get(item.stage, 0) + 1
    row = Finding(
        finding_id=f"{number:032x}",
        revision=events,
        detection="aws_lambda_created_then_acted",
        title="New function takes lasting power",
        analytic="AN1053",
        strategy="DET0374",
        techniques=("T1648", "T1098.003"),
        verdict="acted_with_privilege",
        severity=severity,
        risk_score=RISKS[severity],
        first_time=min(item.time for item in evidence),
        last_time=max(item.time for item in evidence),
        entities=(
            Entity("function", function),
            Entity("user", mallory),
            *(Entity("user", f"svc-{n}") for n in range(min(9, max(0, events - 3)))),
            Entity("role", role),
            Entity("src", "203.0.113.7"),
        ),
        evidence=tuple(evidence),
        evidence_totals=totals,
        explanation=f"{mallory} from 203.0.113.7 created {function}. Disable it and ask {mallory}.",
        incomplete=False,
    )
    return dataclasses.replace(row, **changes)


def many(cases: int = 50, events: int = 200) -> list[Finding]:
    """Return cases of every severity, the first of them with `events` events."""
    return [
        finding(n, SEVERITIES[::-1][n % 5], events if n == 0 else 4 + n % 9) for n in range(cases)
    ]


def flow_finding() -> Finding:
    """Return a case of another platform: a flow in Microsoft 365 that sends files out."""
    flow, anna = "3f1c9a52-7a4e-4c0b-9d55-0b7a2f1f6e11", "anna@example.com"
    rows = (
        ("made", 0, anna, "CreateFlow", f"CreateFlow {flow} in environment Default"),
        (
            "linked",
            95_000,
            anna,
            "AnonymousLinkCreated",
            "AnonymousLinkCreated https://example.com/s/1",
        ),
        (
            "fetched",
            240_000,
            "anonymous",
            "AnonymousLinkUsed",
            "AnonymousLinkUsed https://example.com/s/1",
        ),
    )
    return finding(
        90,
        "medium",
        detection="m365_flow_shares_out",
        title="Flow made, then files shared with anybody",
        analytic="AN1054",
        verdict="shared_out",
        entities=(
            Entity("flow", flow),
            Entity("user", anna),
            Entity("url", "https://example.com/s/1"),
        ),
        evidence=tuple(
            Evidence(
                stage, rfc3339(START_MS + after), f"m-{stage}", "m365_audit", action, who, what
            )
            for stage, after, who, action, what in rows
        ),
        evidence_totals={"made": 1, "linked": 1, "fetched": 1},
        first_time=rfc3339(START_MS),
        last_time=rfc3339(START_MS + 240_000),
        explanation=f"{anna} made flow {flow}; soon after the same user shared https://example.com/s/1.",
    )


def hostile(text: str) -> Finding:
    """Return a case in which an intruder chose every text."""
    row = finding(7, "critical", 6)
    return dataclasses.replace(
        row,
        title=text,
        detection=text,
        verdict=text,
        finding_id=text,
        techniques=(text,),
        entities=tuple(Entity(kind, text) for kind in ("function", "user", "src", "url", text)),
        evidence=tuple(
            dataclasses.replace(
                e,
                stage=text,
                event_id=f"{text}{n}",
                feed=text,
                action=text,
                actor=text,
                summary=f"{text} {text}",
            )
            for n, e in enumerate(row.evidence)
        ),
        evidence_totals={text: 9},
        explanation=f"{text} did {text}",
    )
