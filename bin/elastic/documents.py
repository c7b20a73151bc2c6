"""A finding as the document that Elastic keeps of it: an ECS alert, with the finding beside it.

    client.index(index=INDEX, id=finding.finding_id, document=finding_document(finding))

`@timestamp` is the case's last time, so that a case with new evidence moves up; `flowtrap.*` holds
what ECS has no field for. The `_id` is the finding's, so that a repeat replaces it.

Source: ECS 8.11, fields of event, rule, threat, related, cloud, user, source and destination.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowtrap.model.finding import Finding, Superseded

ECS_VERSION = "8.11.0"
_SEVERITY = {"informational": 5, "low": 21, "medium": 47, "high": 73, "critical": 99}
# Source: Elastic Security, default risk score of each severity of a rule
EMPTY: tuple[object, ...] = ("", [], {})
_PLATFORMS = (
    ("aws_", "aws"),
    ("gcp_", "gcp"),
    ("azure_", "azure"),
    ("m365_", "m365"),
    ("workspace_", "google_workspace"),
)


def finding_document(finding: Finding) -> dict[str, Any]:
    """Return a finding as an ECS alert document; fields without a value are left out."""
    of = _values_by_type(finding)
    actors = _unique(entry.actor for entry in finding.evidence if entry.actor)
    document = {
        "@timestamp": finding.last_time,
        "ecs": {"version": ECS_VERSION},
        "message": finding.explanation,
        "event": {
            "kind": "alert",
            "category": ["intrusion_detection"],
            "type": ["info"],
            "dataset": "flowtrap.findings",
            "module": "flowtrap",
            "provider": "flowtrap",
            "id": finding.finding_id,
            "action": finding.verdict,
            "severity": _SEVERITY[finding.severity],
            "risk_score": finding.risk_score,
            "start": finding.first_time,
            "end": finding.last_time,
            "reason": finding.explanation,
        },
        "rule": {"name": finding.title, "id": finding.detection, "ruleset": finding.analytic},
        "threat": {
            "framework": "MITRE ATT&CK",
            "technique": {"id": list(finding.techniques)},
        },
        "tags": [
            f"ATT&CK Analytic: {finding.analytic}",
            f"ATT&CK Detection Strategy: {finding.strategy}",
        ],
        "cloud": {"account": {"id": of.get("account", [])}},
        "faas": {"id": of.get("function", [])},
        "url": {"full": of.get("url", [])},
        "user": {"name": of.get("user", [])},
        "source": {"ip": _addresses(of.get("src", []))},
        "related": {
            "user": _unique([*of.get("user", []), *actors]),
            "ip": _addresses([*of.get("src", []), *of.get("dest", [])]),
            "entity": _unique(entity.value for entity in finding.entities),
        },
        "flowtrap": _own(finding),
    }
    return {key: part for key, value in document.items() if (part := _filled(value)) not in EMPTY}


def superseded_document(gone: Superseded) -> dict[str, Any]:
    """Return what takes the place of a finding that is no case of its own any more: no alert."""
    by = gone.superseded_by
    why = f"This is a part of {by} now." if by else "What came later shows that this is no finding."
    return {
        "@timestamp": gone.last_time,
        "ecs": {"version": ECS_VERSION},
        "message": why,
        "event": {
            "kind": "event",
            "dataset": "flowtrap.findings",
            "module": "flowtrap",
            "id": gone.finding_id,
            "severity": 0,
            "risk_score": 0,
        },
        "rule": {"id": gone.detection},
        "flowtrap": {**gone._asdict(), "severity": "informational", "risk_score": 0},
    }


def platform_of(detection: str) -> str:
    """Return the platform that a detection watches, by its name; "other" if none is known."""
    return next((name for start, name in _PLATFORMS if detection.startswith(start)), "other")


def _own(finding: Finding) -> dict[str, Any]:
    """Return the finding's own record, with what dashboards count by."""
    record = finding.to_dict()
    record["platform"] = platform_of(finding.detection)
    totals = record.pop("evidence_totals")
    record["evidence_totals"] = [{"stage": name, "total": n} for name, n in totals.items()]
    record["evidence_count"] = sum(totals.values())
    return record


def _values_by_type(finding: Finding) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entity in finding.entities:
        found.setdefault(entity.type, []).append(entity.value)
    return found


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _addresses(values: Iterable[str]) -> list[str]:
    """Return the values that are IP addresses, without a port: `ip` fields refuse any other."""
    found = []
    for value in values:
        host = value[1:].partition("]")[0] if value.startswith("[") else value
        host = host.partition(":")[0] if host.count(":") == 1 else host
        try:
            found.append(str(ipaddress.ip_address(host)))
        except ValueError:
            continue
    return _unique(found)


def _filled(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _filled(below) for key, below in value.items()}
    return {key: below for key, below in inner.items() if below not in EMPTY}
