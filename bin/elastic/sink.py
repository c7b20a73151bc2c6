"""Findings as ECS alert documents in an index of their own, one document a case.

The document's id is the `finding_id` and its version the revision: a case seen again takes the
place of what was said before, and an older revision never that of a newer one. Writing a finding
twice changes nothing.
Source of the fields: https://www.elastic.co/docs/reference/ecs (8.17).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .client import BUSY, ClusterError, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flowtrap.model.finding import Finding

    from .client import Cluster

INDEX = "flowtrap-findings"
BATCH = 200
MOST_TRIES = 8
ECS = "8.17.0"
_SEVERITY = {"informational": 1, "low": 21, "medium": 47, "high": 73, "critical": 99}
# Entities by the ECS field that holds their kind; all values are in flowtrap.entities too.
_FIELDS = {
    "function": ("faas", "id"),
    "user": ("related", "user"),
    "service_account": ("related", "user"),
    "role": ("related", "user"),
    "src": ("related", "hosts"),
    "dest": ("related", "hosts"),
    "account": ("cloud.account", "id"),
    "url": ("url", "full"),
}


class Written(NamedTuple):
    """What became of findings: new documents, changed ones, and those already said better."""

    created: int = 0
    updated: int = 0
    older: int = 0

    def plus(self, other: Written) -> Written:
        """Return the sums."""
        return Written(*(a + b for a, b in zip(self, other, strict=True)))


def document(finding: Finding) -> dict[str, Any]:
    """Return the alert document of a finding: the same for the same finding."""
    row = finding.to_dict()
    shown = {
        "@timestamp": finding.last_time,
        "ecs": {"version": ECS},
        "message": finding.explanation,
        "event": {
            "kind": "alert",
            "category": ["threat"],
            "type": ["indicator"],
            "module": "flowtrap",
            "dataset": "flowtrap.findings",
            "id": finding.finding_id,
            "action": finding.verdict,
            "severity": _SEVERITY[finding.severity],
            "risk_score": finding.risk_score,
            "start": finding.first_time,
            "end": finding.last_time,
        },
        "rule": {
            "name": finding.title,
            "id": finding.detection,
            "ruleset": f"{finding.strategy} {finding.analytic}",
        },
        "threat": {"framework": "MITRE ATT&CK", "technique": {"id": list(finding.techniques)}},
        "flowtrap": row,
    }
    for name, values in _ecs_values(finding).items():
        _put(shown, name.split("."), values)
    return shown


def _ecs_values(finding: Finding) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {}
    for entity in finding.entities:
        if entity.type in _FIELDS:
            found.setdefault(".".join(_FIELDS[entity.type]), {})[entity.value] = None
    return {name: list(values) for name, values in found.items()}


def _put(node: dict[str, Any], path: Sequence[str], values: list[str]) -> None:
    for part in path[:-1]:
        node = node.setdefault(part, {})
    node[path[-1]] = values


def template(index: str = INDEX) -> dict[str, Any]:
    """Return the index template that findings are written under."""
    keyword, date, number = {"type": "keyword"}, {"type": "date"}, {"type": "long"}
    stored = {"type": "object", "enabled": False}  # shown, not searched
    keywords = (
        "finding_id", "detection", "title", "analytic", "strategy", "techniques", "verdict",
        "severity", "entities.type", "entities.value",
    )  # fmt: skip
    ecs = (
        "ecs.version", "event.kind", "event.category", "event.type", "event.module",
        "event.dataset", "event.id", "event.action", "rule.name", "rule.id", "rule.ruleset",
        "threat.framework", "threat.technique.id", "faas.id", "related.user", "related.hosts",
        "cloud.account.id", "url.full",
    )  # fmt: skip
    properties: dict[str, Any] = {"@timestamp": date, "message": {"type": "text"}}
    fields = {
        **dict.fromkeys(ecs, keyword),
        **dict.fromkeys(("event.start", "event.end"), date),
        **dict.fromkeys(("event.severity", "event.risk_score"), number),
        **{f"flowtrap.{name}": keyword for name in keywords},
        **dict.fromkeys(("flowtrap.first_time", "flowtrap.last_time"), date),
        **dict.fromkeys(("flowtrap.revision", "flowtrap.risk_score"), number),
        "flowtrap.incomplete": {"type": "boolean"},
        "flowtrap.explanation": {"type": "text"},
        **dict.fromkeys(("flowtrap.evidence", "flowtrap.evidence_totals"), stored),
    }
    for name, kind in fields.items():
        node = properties
        *parents, last = name.split(".")
        for parent in parents:
            node = node.setdefault(parent, {"properties": {}})["properties"]
        node[last] = kind
    return {
        "index_patterns": [index],
        "priority": 200,
        "template": {
            "settings": {"number_of_shards": 1, "auto_expand_replicas": "0-1"},
            "mappings": {"dynamic": False, "properties": properties},
        },
        "_meta": {"managed_by": "flowtrap"},
    }


class Sink:
    """Writes findings into one index, whose template it brings at the first."""

    def __init__(self, cluster: Cluster, index: str = INDEX) -> None:
        self._cluster = cluster
        self._index = index
        self._prepared = False

    def write(self, findings: Sequence[Finding]) -> Written:
        """Write findings; all are in the index when it returns, else it raises ClusterError."""
        written = Written()
        for batch in _batches(findings):
            written = written.plus(self._write(batch))
        return written

    def _prepare(self) -> None:
        if not self._prepared:
            self._cluster.ask(
                lambda client: client.indices.put_index_template(
                    name=self._index, **_arguments(template(self._index))
                )
            )
            self._prepared = True

    def _write(self, batch: Sequence[Finding]) -> Written:
        self._prepare()
        left, written = list(batch), Written()
        for _ in range(MOST_TRIES):
            answer = self._send(left)
            busy = []
            for finding, row in zip(left, answer["items"], strict=True):
                item = row["index"]
                if item["status"] in BUSY:
                    busy.append(finding)
                elif item["status"] == 409:  # a newer revision is there
                    written = written.plus(Written(older=1))
                elif "error" in item:
                    raise ClusterError(
                        f"a finding was refused: {reason_of(item)}", place=self._index
                    )
                else:
                    created = item["result"] == "created"
                    written = written.plus(Written(created, not created))
            if not busy:
                return written
            left = busy
            self._cluster.pause()
        raise ClusterError(
            "the cluster is too busy to take the findings: it kept answering 429",
            place=self._index,
            cure="the next run writes them again",
        )

    def _send(self, findings: Sequence[Finding]) -> Any:
        operations: list[dict[str, Any]] = []
        for finding in findings:
            head = {
                "_index": self._index,
                "_id": finding.finding_id,
                "version": finding.revision,
                "version_type": "external_gte",
            }
            operations += [{"index": head}, document(finding)]
        return self._cluster.ask(lambda client: client.bulk(operations=operations))


def _arguments(body: dict[str, Any]) -> dict[str, Any]:
    return {name.lstrip("_"): value for name, value in body.items()}


def _batches(findings: Sequence[Finding]) -> Iterator[Sequence[Finding]]:
    for begin in range(0, len(findings), BATCH):
        yield findings[begin : begin + BATCH]
