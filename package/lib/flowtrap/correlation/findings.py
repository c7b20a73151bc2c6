"""A case as a finding: identity, entities, evidence, and one sentence a person can act on."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from flowtrap.model.finding import EVIDENCE_SHOWN, Entity, Evidence, Finding, rfc3339
from flowtrap.model.hit import Hit, hit_values

from . import entry as entries_
from .cases import together
from .views import span_heads, span_hits

if TYPE_CHECKING:
    from flowtrap.model.detection import Detection

    from .cases import Judged
    from .related import Relations

NAMED_HITS = 2_000
_PLACEHOLDER = re.compile(r"\{([a-z0-9_]+)(?:\.([a-z0-9_]+))?(\.count)?\}")


def finding_id(detection: str, case: tuple[str, ...], first_event_id: str) -> str:
    """Return the stable id of a case: 32 hex digits (semantics 8)."""
    parts = "\x1f".join((detection, *case, first_event_id))
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def make_finding(case: list[Judged], relations: Relations, incomplete: bool) -> Finding:
    """Build the finding of a case (a run of judged anchors in time order)."""
    detection = relations.detection
    worst = min(case, key=lambda item: detection.verdicts.index(item.verdict))
    anchors = [item.anchor for item in case]
    spans = together(case)
    heads = {stage: span_heads(stretches) for stage, stretches in spans.items()}
    heads = {stage: found for stage, found in heads.items() if found}
    heads[detection.anchor] = sorted(
        {
            *heads.get(detection.anchor, ()),
            *(entries_.head_of(a.time_ms, a.event_id) for a in anchors),
        }
    )
    named = {stage: span_hits(stretches, NAMED_HITS) for stage, stretches in spans.items()}
    named[detection.anchor] = [*anchors, *named.get(detection.anchor, ())]
    every = [head for found in heads.values() for head in found]
    keys = tuple(hit_values(anchors[0], name)[0] for name in detection.case)
    return Finding(
        finding_id=finding_id(detection.name, keys, anchors[0].event_id),
        revision=len(set(every)),
        detection=detection.name,
        title=detection.title,
        analytic=detection.analytic,
        strategy=str(detection.attack.get("strategy", "")),
        techniques=tuple(detection.attack.get("techniques", ())),
        verdict=worst.verdict.name,
        severity=worst.verdict.severity,
        risk_score=worst.verdict.risk,
        first_time=rfc3339(min(map(entries_.time_ms, every))),
        last_time=rfc3339(max(map(entries_.time_ms, every))),
        entities=_entities(detection, named),
        evidence=_evidence(named),
        evidence_totals={name: len(heads[name]) for name in detection.stages if name in heads},
        explanation=_sentence(worst, relations, named, heads),
        incomplete=incomplete,
    )


def _each_event_once(hits: list[Hit]) -> list[Hit]:
    found: dict[tuple[int, str], Hit] = {}
    for hit in hits:
        found.setdefault((hit.time_ms, hit.event_id), hit)
    return [found[key] for key in sorted(found)]


def _evidence(named: dict[str, list[Hit]]) -> tuple[Evidence, ...]:
    shown = [
        (hit.time_ms, hit.event_id, stage, hit)
        for stage, hits in named.items()
        for hit in _each_event_once(hits)[:EVIDENCE_SHOWN]
    ]
    return tuple(
        Evidence(stage, rfc3339(time), event_id, hit.feed, hit.action, hit.actor, hit.summary)
        for time, event_id, stage, hit in sorted(shown, key=lambda row: row[:3])
    )


def _entities(detection: Detection, named: dict[str, list[Hit]]) -> tuple[Entity, ...]:
    """Return the vendor's values by type, in order of first appearance."""
    ordered = sorted(
        (hit.time_ms, hit.event_id, stage, number)
        for stage, hits in named.items()
        for number, hit in enumerate(hits)
    )
    found: dict[Entity, None] = {}
    for kind, names in detection.entities.items():
        for _, _, stage, number in ordered:
            for name in names:
                for value in hit_values(named[stage][number], name):
                    found[Entity(kind, value)] = None
    return tuple(found)


def _sentence(
    worst: Judged,
    relations: Relations,
    named: dict[str, list[Hit]],
    heads: dict[str, list[bytes]],
) -> str:
    """Fill the verdict's sentence; what is not known reads "unknown"."""
    telling = _telling_hits(worst, relations, named)

    def value(found: re.Match[str]) -> str:
        name, part = found[1], found[2]
        if part is None and name not in relations.detection.stages:
            return _joined(hit_values(worst.anchor, name))
        if part is None and name == relations.detection.anchor:
            return worst.anchor.summary
        if part is None:
            return telling[name][0].summary if telling.get(name) else "unknown"
        if part == "count":
            return str(len(heads.get(name, ())))
        values = dict.fromkeys(v for hit in telling.get(name, ()) for v in hit_values(hit, part))
        return str(len(values)) if found[3] else _joined(values)

    return _PLACEHOLDER.sub(value, worst.verdict.say)


def _telling_hits(
    worst: Judged, relations: Relations, named: dict[str, list[Hit]]
) -> dict[str, list[Hit]]:
    """Return per stage the hits that the verdict rests on, else all of the case."""
    telling = dict(named)
    telling[relations.detection.anchor] = [worst.anchor]
    for rule in worst.verdict.require:
        if rule.at_least and rule.where:
            spans = relations.narrowed(rule, worst.related.get(rule.stage, []))
            telling[rule.stage] = span_hits(spans, NAMED_HITS) or telling.get(rule.stage, [])
    return telling


def _joined(values: object) -> str:
    distinct = list(dict.fromkeys(values))  # type: ignore[call-overload]
    if not distinct:
        return "unknown"
    rest = f" +{len(distinct) - 3}" if len(distinct) > 3 else ""
    return ", ".join(distinct[:3]) + rest
