"""A case as a finding: identity, entities, evidence, and one sentence a person can act on."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from flowtrap.model.finding import EVIDENCE_SHOWN, Entity, Evidence, Finding, rfc3339
from flowtrap.model.hit import Hit, hit_values

from . import entry as entries_
from .cases import together
from .views import span_heads, span_hits

if TYPE_CHECKING:
    from flowtrap.model.detection import Detection

    from .cases import Judged
    from .related import Relations
    from .views import Span

NAMED_HITS = 2_000
_TOLD_KEPT = 64
_PLACEHOLDER = re.compile(r"\{([a-z0-9_]+)(?:\.([a-z0-9_]+))?(\.count)?\}")


def finding_id(detection: str, case: tuple[str, ...], first_event_id: str) -> str:
    """Return the stable id of a case: 32 hex digits (semantics 8)."""
    parts = "\x1f".join((detection, *case, first_event_id))
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Told(NamedTuple):
    """What a finding tells of one stage."""

    heads: list[bytes]
    hits: list[Hit]  # of the first events
    shown: list[Hit]
    values: dict[str, list[tuple[Any, str]]]  # by type of entity: where each first appears


class Teller:
    """Makes the findings of a detection. Cases that share evidence share the work on it."""

    def __init__(self, relations: Relations, incomplete: bool) -> None:
        self._relations = relations
        self._detection = relations.detection
        self._incomplete = incomplete
        self._told: dict[tuple[str, tuple[Span, ...]], Told] = {}

    def finding(self, case: list[Judged]) -> Finding:
        """Build the finding of a case (a run of judged anchors in time order)."""
        detection = self._detection
        worst = min(case, key=lambda item: detection.verdicts.index(item.verdict))
        anchors = [item.anchor for item in case]
        spans = together(case)
        told = {stage: self._of_stage(stage, found) for stage, found in spans.items()}
        told[detection.anchor] = self._of_anchors(anchors, spans.get(detection.anchor, []))
        told = {stage: part for stage, part in told.items() if part.heads}
        every = set().union(*(part.heads for part in told.values()))
        return Finding(
            finding_id=self._id_from(anchors[0]),
            revision=len(every),
            detection=detection.name,
            title=detection.title,
            analytic=detection.analytic,
            strategy=str(detection.attack.get("strategy", "")),
            techniques=tuple(detection.attack.get("techniques", ())),
            verdict=worst.verdict.name,
            severity=worst.verdict.severity,
            risk_score=worst.verdict.risk,
            first_time=rfc3339(entries_.time_ms(min(every))),
            last_time=rfc3339(entries_.time_ms(max(every))),
            entities=_entities(detection, told),
            evidence=_evidence(told),
            evidence_totals={n: len(told[n].heads) for n in detection.stages if n in told},
            explanation=_sentence(worst, self._relations, told),
            incomplete=self._incomplete,
        )

    def later_ids(self, case: list[Judged]) -> tuple[str, ...]:
        """Return the ids that the case would have if it began at one of its later anchors."""
        return tuple([self._id_from(item.anchor) for item in case[1:]])

    def _id_from(self, anchor: Hit) -> str:
        keys = tuple(hit_values(anchor, name)[0] for name in self._detection.case)
        return finding_id(self._detection.name, keys, anchor.event_id)

    def _of_stage(self, stage: str, spans: list[Span]) -> Told:
        name = stage, tuple(spans)
        if name not in self._told:
            if len(self._told) >= _TOLD_KEPT:
                self._told.clear()
            hits = span_hits(spans, NAMED_HITS)
            self._told[name] = self._tell(stage, span_heads(spans), hits)
        return self._told[name]

    def _of_anchors(self, anchors: list[Hit], spans: list[Span]) -> Told:
        heads = {entries_.head_of(hit.time_ms, hit.event_id) for hit in anchors}
        hits = [*anchors, *span_hits(spans, NAMED_HITS)]
        return self._tell(self._detection.anchor, sorted(heads.union(span_heads(spans))), hits)

    def _tell(self, stage: str, heads: list[bytes], hits: list[Hit]) -> Told:
        hits.sort(key=lambda hit: hit[:2])  # time and event id
        values = {
            kind: _first_appearances(stage, hits, names)
            for kind, names in self._detection.entities.items()
        }
        return Told(heads, hits, _first_of_each_event(hits), values)


def _first_appearances(
    stage: str, hits: list[Hit], names: tuple[str, ...]
) -> list[tuple[Any, str]]:
    found: dict[str, Any] = {}
    for hit in hits:
        for name in names:
            for value in hit_values(hit, name):
                if value not in found:
                    found[value] = hit.time_ms, hit.event_id, stage, len(found)
    return [(place, value) for value, place in found.items()]


def _first_of_each_event(hits: list[Hit]) -> list[Hit]:
    """Return a hit of each of the first events."""
    found: dict[tuple[int, str], Hit] = {}
    for hit in hits:
        found.setdefault((hit.time_ms, hit.event_id), hit)
        if len(found) == EVIDENCE_SHOWN:
            break
    return list(found.values())


def _evidence(told: dict[str, Told]) -> tuple[Evidence, ...]:
    shown = [(hit.time_ms, hit.event_id, stage, hit) for stage in told for hit in told[stage].shown]
    return tuple(
        Evidence(stage, rfc3339(time), event_id, hit.feed, hit.action, hit.actor, hit.summary)
        for time, event_id, stage, hit in sorted(shown, key=lambda row: row[:3])
    )


def _entities(detection: Detection, told: dict[str, Told]) -> tuple[Entity, ...]:
    """Return the vendor's values by type, in order of first appearance."""
    found = []
    for kind in detection.entities:
        rows = sorted(row for part in told.values() for row in part.values[kind])
        found += [Entity(kind, value) for value in dict.fromkeys(value for _, value in rows)]
    return tuple(found)


def _sentence(
    worst: Judged,
    relations: Relations,
    told: dict[str, Told],
) -> str:
    """Fill the verdict's sentence; what is not known reads "unknown"."""
    telling = _telling_hits(worst, relations, told)

    def value(found: re.Match[str]) -> str:
        name, part = found[1], found[2]
        if part is None and name not in relations.detection.stages:
            return _joined(hit_values(worst.anchor, name))
        if part is None and name == relations.detection.anchor:
            return worst.anchor.summary
        if part is None:
            return telling[name][0].summary if telling.get(name) else "unknown"
        if part == "count":
            return str(len(told[name].heads) if name in told else 0)
        values = dict.fromkeys(v for hit in telling.get(name, ()) for v in hit_values(hit, part))
        return str(len(values)) if found[3] else _joined(values)

    return _PLACEHOLDER.sub(value, worst.verdict.say)


def _telling_hits(
    worst: Judged, relations: Relations, told: dict[str, Told]
) -> dict[str, list[Hit]]:
    """Return per stage the hits that the verdict rests on, else all of the case."""
    telling = {stage: part.hits for stage, part in told.items()}
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
