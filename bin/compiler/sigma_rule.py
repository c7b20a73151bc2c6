"""A stage as a plain Sigma rule, for those who want the condition in a tool of their own.

Example: `sigma_rule(subject, "grant")` -> YAML text that pySigma and sigma-cli read. The chain is
not in it: a rule alone tells that a stage was hit, which is mostly benign, so its level is
informational. Normalised fields are Flowtrap's own and are named in the description.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import yaml

from flowtrap.model.errors import DetectionError

from .sigma_condition import fields_of

if TYPE_CHECKING:
    from .subject import StageSource, Subject

# Source: github.com/SigmaHQ/sigma-specification, appendix taxonomy (log sources)
LOGSOURCES = {
    "aws_cloudtrail": {"product": "aws", "service": "cloudtrail"},
    "aws_vpcflow": {"product": "aws", "service": "vpcflow"},
    "gcp_audit": {"product": "gcp", "service": "gcp.audit"},
    "azure_activity": {"product": "azure", "service": "activitylogs"},
    "azure_functions": {"product": "azure", "service": "functionapplogs"},
    "entra_audit": {"product": "azure", "service": "auditlogs"},
    "m365_audit": {"product": "m365", "service": "audit"},
    "m365_graph": {"product": "m365", "service": "graphactivitylogs"},
    "m365_flow_definitions": {"product": "m365", "service": "flowdefinitions"},
    "gws_reports": {"product": "gcp", "service": "google_workspace.admin"},
    "gws_script_logs": {"product": "gcp", "service": "google_workspace.script"},
    "gws_script_content": {"product": "gcp", "service": "google_workspace.script_content"},
}


def sigma_rule(subject: Subject, stage_name: str) -> str:
    """Return the Sigma rule of one stage as YAML. The same file gives the same text and id."""
    stage, runtime = subject.stages[stage_name], subject.runtime
    attack = runtime["attack"]
    rule: dict[str, Any] = {
        "title": f"{runtime['title']}: {stage_name.replace('_', ' ')}",
        "id": str(uuid.uuid5(uuid.UUID(runtime["id"]), stage_name)),
        "status": "experimental",
        "description": _description(subject, stage),
        "references": list(runtime.get("references") or []),
        "author": "Flowtrap",
        "tags": [
            *(f"attack.{tactic}" for tactic in attack["tactics"]),
            *(f"attack.{technique.lower()}" for technique in attack["techniques"]),
        ],
        "logsource": LOGSOURCES.get(stage.feed, {"product": "flowtrap", "service": stage.feed}),
        "detection": stage.block,
        "falsepositives": ["Most hits are benign: this is one stage of a chain."],
        "level": "informational",
    }
    return yaml.dump(rule, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def _description(subject: Subject, stage: StageSource) -> str:
    own = stage.block_description or f"A stage of {subject.name}."
    text = f"{own.strip()} One stage ({stage.name}) of the Flowtrap detection {subject.name}."
    made = sorted(_normalised(subject, stage))
    return f"{text} Made by Flowtrap's normaliser: {', '.join(made)}." if made else text


def _normalised(subject: Subject, stage: StageSource) -> set[str]:
    try:
        known = set(subject.library.feed(stage.feed).value["fields"])
    except DetectionError:  # no feed file, nothing known of its fields
        return set()
    return known & fields_of(stage.condition or ["and"])


class _Dumper(yaml.SafeDumper):
    """Writes shared values in full: Sigma tools need not know anchors."""

    def ignore_aliases(self, data: object) -> bool:
        """Never write an alias."""
        return True
