"""The design's semantics (section 4), line by line, over lists: slow, plain, and nobody's helper.

It shares nothing with the engine but the model's records and the public hash of a finding. No
sorting structure, no bisection, no state: for every anchor every hit is asked every question.
Numbers in comments are the lines of design section 4; letters are the lead's interpretations.

Example: `brute_force(detection, tunables, {"write": [hit], "effect": [hit, hit]})`.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flowtrap.correlation.findings import finding_id
from flowtrap.model.detection import Detection, FirstSeen, Relation, Requirement, Verdict
from flowtrap.model.hit import Hit
from flowtrap.model.tunable import Tunables

HitsByStage = Mapping[str, Sequence[Hit]]
SHOWN = 20


class Expected(NamedTuple):
    """What of a finding the design fixes. Evidence is by stage, as event ids in their order."""

    finding_id: str
    revision: int
    detection: str
    verdict: str
    severity: str
    risk_score: int
    first_time: str
    last_time: str
    entities: frozenset
    evidence: dict[str, list[str]]
    evidence_totals: dict[str, int]


class Oracle:
    """One detection over all hits of its stages."""

    def __init__(
        self,
        detection: Detection,
        tunables: Tunables,
        hits: HitsByStage,
        *,
        watermark_ms: int | None = None,
    ) -> None:
        """`watermark_ms` None: the input has ended, so that absence is decided everywhere."""
        self.detection = detection
        self.tunables = tunables.over(detection.defaults())
        self.watermark_ms = watermark_ms
        self.length_ms = self._length_ms()
        self.history = {name: _distinct(hits.get(name, ())) for name in detection.stages}
        self.hits = {
            name: [hit for hit in rows if not self._suppressed(name, hit)]  # 6
            for name, rows in self.history.items()
        }

    def findings(self) -> list[Expected]:
        """Return the findings in the engine's order: first_time, detection, finding_id."""
        found = [self._finding(case) for case in self._cases()]
        return sorted(found, key=lambda f: (f.first_time, f.detection, f.finding_id))

    def fired(self) -> list[Hit]:
        """Return the anchors that have a verdict."""
        return [a for a in self.hits[self.detection.anchor] if self.verdict(a)]

    # -- 3 and 4: relations ------------------------------------------------------------------

    def related(self, anchor: Hit, relation: Relation) -> list[Hit]:
        """Return R_s(a)."""
        if relation.parent is None:
            return [
                hit
                for hit in self.hits[relation.stage]
                if self._joined(anchor, hit, relation) and hit.event_id != anchor.event_id
            ]
        parents = self.related(anchor, self._relation(relation.parent))
        found = []
        for hit in self.hits[relation.stage]:
            if hit.event_id == anchor.event_id:
                continue
            if not self._timely(anchor, hit, relation.when):  # 4, g: within the anchor's window
                continue
            for parent in parents:
                if hit.event_id != parent.event_id and self._joined(parent, hit, relation):
                    found.append(hit)
                    break
        return found

    def _relation(self, stage: str) -> Relation:
        for relation in self.detection.relations:
            if relation.stage == stage:
                return relation
        raise KeyError(stage)

    def _joined(self, parent: Hit, hit: Hit, relation: Relation) -> bool:
        for ours, theirs in relation.match:
            if _values(parent, ours) == () or _values(parent, ours) != _values(hit, theirs):
                return False
        lent = relation.parent is not None and relation.of_anchor
        return lent or self._timely(parent, hit, relation.when)

    def _timely(self, parent: Hit, hit: Hit, when: str) -> bool:
        after = parent.time_ms <= hit.time_ms <= parent.time_ms + self.length_ms
        before = parent.time_ms - self.length_ms <= hit.time_ms <= parent.time_ms
        return {"after": after, "before": before, "around": after or before}[when]

    # -- 5: verdicts -------------------------------------------------------------------------

    def verdict(self, anchor: Hit) -> Verdict | None:
        """Return the verdict of highest risk that holds, the first written of equal ones."""
        best = None
        for verdict in self.detection.verdicts:
            if self._holds(verdict, anchor) and (best is None or verdict.risk > best.risk):
                best = verdict
        return best

    def _holds(self, verdict: Verdict, anchor: Hit) -> bool:
        for condition in verdict.anchor:
            if not self._condition(condition, self.detection.anchor, anchor):
                return False
        return all(self._required(requirement, anchor) for requirement in verdict.require)

    def _required(self, requirement: Requirement, anchor: Hit) -> bool:
        relation = self._relation(requirement.stage)
        passing = [
            hit
            for hit in self.related(anchor, relation)
            if all(self._condition(c, requirement.stage, hit) for c in requirement.where)
        ]
        if requirement.distinct is None:
            count = len({hit.event_id for hit in passing})  # d
        else:
            count = len({v for hit in passing for v in _values(hit, requirement.distinct)})  # f
        if requirement.at_least == 0:
            return count == 0 and self._decided(anchor, relation)
        return count >= requirement.at_least

    def _decided(self, anchor: Hit, relation: Relation) -> bool:  # b
        if self.watermark_ms is None:
            return True
        waits = 0 if relation.when == "before" else self.length_ms
        return self.watermark_ms > anchor.time_ms + waits

    def _condition(self, condition: Any, stage: str, hit: Hit) -> bool:
        if isinstance(condition, FirstSeen):
            return self._first_seen(condition, stage, hit)
        values = _values(hit, condition.field)
        if condition.op in ("in", "not_in"):
            listed = self._listed(values, condition.operand, hit)
            return listed if condition.op == "in" else not listed
        equal = any(value.lower() == condition.operand.lower() for value in values)
        return equal if condition.op == "equals" else not equal

    def _listed(self, values: Sequence[str], tunable: str, hit: Hit) -> bool:
        scope = (_values(hit, "account") or _values(hit, "tenant") or ("",))[0]
        return self.tunables.patterns(tunable).find(values, scope) is not None

    # -- 10: first seen ----------------------------------------------------------------------

    def _first_seen(self, condition: FirstSeen, stage: str, hit: Hit) -> bool:
        history = self.history[stage]  # c: suppressed hits are history
        earliest = min(other.time_ms for other in history)
        if hit.time_ms - earliest < condition.learn_ms:
            return False  # a: unlearned
        for other in history:
            same = all(_values(other, name) == _values(hit, name) for name in condition.key)
            if same and hit.time_ms - condition.over_ms <= other.time_ms < hit.time_ms:
                return False
        return True

    # -- 6: suppression ----------------------------------------------------------------------

    def _suppressed(self, stage: str, hit: Hit) -> bool:
        for entry in self.detection.suppress:
            named = self.detection.anchor if entry.stage is None else entry.stage
            if named == stage and self._listed(_values(hit, entry.key), entry.tunable, hit):
                return True
        return False

    # -- 7 and 8: cases ----------------------------------------------------------------------

    def _cases(self) -> list[list[Hit]]:
        runs: list[list[Hit]] = []
        for anchor in sorted(self.fired(), key=_order):
            for run in reversed(runs):
                if self._case_key(run[0]) == self._case_key(anchor):
                    if anchor.time_ms - run[-1].time_ms <= self.length_ms:
                        run.append(anchor)
                    else:
                        runs.append([anchor])
                    break
            else:
                runs.append([anchor])
        return runs

    def _case_key(self, anchor: Hit) -> tuple:
        return tuple(str(anchor.values[name]) for name in self.detection.case)

    def _finding(self, case: list[Hit]) -> Expected:
        members: dict[str, list[Hit]] = {self.detection.anchor: list(case)}  # e
        for relation in self.detection.relations:
            union = [hit for anchor in case for hit in self.related(anchor, relation)]
            members[relation.stage] = _distinct(union)
        everything = [hit for hits in members.values() for hit in hits]
        events = {stage: _event_ids(hits) for stage, hits in members.items() if hits}
        best = max((self.verdict(a) for a in case), key=lambda v: (v.risk, -self._place(v)))
        return Expected(
            finding_id=finding_id(self.detection.name, self._case_key(case[0]), case[0].event_id),
            revision=len({hit.event_id for hit in everything}),
            detection=self.detection.name,
            verdict=best.name,
            severity=best.severity,
            risk_score=best.risk,
            first_time=_rfc3339(min(hit.time_ms for hit in everything)),
            last_time=_rfc3339(max(hit.time_ms for hit in everything)),
            entities=frozenset(
                (kind, value)
                for kind, names in self.detection.entities.items()
                for name in names
                for hit in everything
                for value in _values(hit, name)
            ),
            evidence={stage: ids[:SHOWN] for stage, ids in events.items()},
            evidence_totals={stage: len(ids) for stage, ids in events.items()},
        )

    def _place(self, verdict: Verdict) -> int:
        return self.detection.verdicts.index(verdict)

    def _length_ms(self) -> int:
        window = self.detection.window
        if isinstance(window, str):
            units = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
            return int(window[:-1]) * units[window[-1]]
        return self.tunables.span_ms(window["tunable"])


def brute_force(
    detection: Detection,
    tunables: Tunables,
    hits: HitsByStage,
    *,
    watermark_ms: int | None = None,
) -> list[Expected]:
    """Return what the design says about these hits, in any order and number of copies."""
    return Oracle(detection, tunables, hits, watermark_ms=watermark_ms).findings()


def _values(hit: Hit, name: str) -> tuple:
    value = hit.values.get(name)
    if value is None:
        return ()
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def _order(hit: Hit) -> tuple:
    return hit.time_ms, hit.event_id


def _distinct(hits: Sequence[Hit]) -> list[Hit]:
    kept: list[Hit] = []
    for hit in hits:  # 1: two events with the same feed and id are one; d: its hits may be many
        if hit not in kept:
            kept.append(hit)
    return kept


def _event_ids(hits: Sequence[Hit]) -> list[str]:
    ids: list[str] = []
    for hit in sorted(hits, key=_order):
        if hit.event_id not in ids:
            ids.append(hit.event_id)
    return ids


def _rfc3339(time_ms: int) -> str:
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    moment = (epoch + datetime.timedelta(milliseconds=time_ms)).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds" if time_ms % 1000 else "seconds") + "Z"
