"""The indices that `elastic run` fills, and their fields; nothing in them is guessed.

`flowtrap-findings` holds a document a case (`documents.finding_document`), `flowtrap-state` what
it saves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.elastic import native

from .shelf import MARK, digest

if TYPE_CHECKING:
    from collections.abc import Iterable

FINDINGS_INDEX = "flowtrap-findings"
STATE_INDEX = "flowtrap-state"
PRIORITY = 200  # above the templates that Elastic ships
LONGEST_KEYWORD = 8_191

_KEYWORD = {"type": "keyword", "ignore_above": LONGEST_KEYWORD}
_DATE, _NUMBER, _TEXT = {"type": "date"}, {"type": "long"}, {"type": "text"}
_ADDRESS = {"type": "ip"}
ORIGINAL = {"type": "keyword", "index": False, "doc_values": False}
SETTINGS = {"number_of_shards": 1, "auto_expand_replicas": "0-1"}

_FIELDS: dict[str, dict[str, Any]] = {
    "@timestamp": _DATE,
    "message": _TEXT,
    "tags": _KEYWORD,
    **dict.fromkeys(
        (
            "ecs.version", "event.kind", "event.category", "event.type", "event.dataset",
            "event.module", "event.provider", "event.id", "event.action", "event.reason",
            "rule.id", "rule.name", "rule.ruleset", "threat.framework", "threat.technique.id",
            "cloud.account.id", "faas.id", "user.name", "url.full", "related.user",
            "related.entity",
        ),
        _KEYWORD,
    ),
    **dict.fromkeys(("event.start", "event.end"), _DATE),
    **dict.fromkeys(("event.severity", "event.risk_score"), _NUMBER),
    **dict.fromkeys(("source.ip", "related.ip"), _ADDRESS),
    **{
        f"flowtrap.{name}": _KEYWORD
        for name in (
            "finding_id", "superseded_by", "detection", "title", "analytic", "strategy",
            "techniques", "verdict", "severity", "platform", "entities.type", "entities.value",
            "evidence.stage",
            "evidence.event_id", "evidence.feed", "evidence.action", "evidence.actor",
            "evidence.summary", "evidence_totals.stage",
        )
    },
    **dict.fromkeys(("flowtrap.first_time", "flowtrap.last_time", "flowtrap.evidence.time"), _DATE),
    **dict.fromkeys(
        (
            "flowtrap.revision", "flowtrap.risk_score", "flowtrap.evidence_count",
            "flowtrap.evidence_totals.total",
        ),
        _NUMBER,
    ),
    "flowtrap.incomplete": {"type": "boolean"},
    "flowtrap.explanation": _TEXT,
}  # fmt: skip


def findings_template(index: str = FINDINGS_INDEX) -> dict[str, Any]:
    """Return the index template of findings."""
    return _template(index, {"dynamic": False, "properties": nested(_FIELDS)})


def state_template(index: str = STATE_INDEX) -> dict[str, Any]:
    """Return the index template of saved states: kept, never searched."""
    return _template(index, {"dynamic": False})


def columns_mapping() -> dict[str, Any]:
    """Return the mappings of the index that maps what the rules' queries name."""
    below = {name for names in native.runtime_fields().values() for name in names}
    fields = {name: {"type": kind} for name, kind in native.columns().items() if name not in below}
    return {
        "dynamic": False,
        "properties": nested({**fields, "event.original": ORIGINAL}),
        "runtime": runtime_mapping(sorted(below)),
    }


def runtime_mapping(names: Iterable[str]) -> dict[str, Any]:
    """Return runtime fields that read the document itself: one without a script does."""
    return {name: {"type": "keyword"} for name in names}


def finding_fields() -> frozenset[str]:
    """Return the names of all fields that a finding can be searched by."""
    return frozenset(_FIELDS)


def _template(index: str, mappings: dict[str, Any]) -> dict[str, Any]:
    return {
        "index_patterns": [index],
        "priority": PRIORITY,
        "template": {"settings": SETTINGS, "mappings": mappings},
    }


def nested(fields: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return dotted fields as the `properties` of a mapping."""
    properties: dict[str, Any] = {}
    for name, kind in fields.items():
        node = properties
        *parents, last = name.split(".")
        for parent in parents:
            node = node.setdefault(parent, {"properties": {}})["properties"]
        node[last] = kind
    return properties


def marked(body: dict[str, Any]) -> dict[str, Any]:
    """Return a template with the mark and the digest by which deploy knows it again."""
    return {**body, "_meta": {"managed_by": MARK, "digest": digest(body)}}
