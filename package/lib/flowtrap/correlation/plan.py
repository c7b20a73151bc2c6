"""What the engine needs to know of the detections, worked out once.

Stages that several detections share are one distinct stage; each detection that uses it is a
`Use`, with a table per purpose: anchors by case key, hits by relation key, past by first_seen key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flowtrap.model.detection import Detection, FirstSeen, Relation, Stage
from flowtrap.model.window import span_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowtrap.model.tunable import PatternList, Tunables


class Use(NamedTuple):
    """One stage of one detection."""

    detection: int
    stage: Stage
    anchor_table: int | None
    relation: Relation | None
    relation_table: int | None
    routes: tuple[tuple[int, tuple[str, ...]], ...]  # (table, names of its key) of both
    past: tuple[tuple[FirstSeen, int], ...]
    suppress: tuple[tuple[str, str, PatternList], ...]


class Plan:
    """The distinct stages, and the uses of each, by index; `window_ms` by detection.

    `inferred` names, by detection, the lists that are inferred from a fact; `telling`, by stage,
    the facts that some list is inferred from.
    """

    def __init__(self, detections: Sequence[Detection], tunables: Tunables) -> None:
        self.detections = tuple(detections)
        self.settings = [tunables.over(d.defaults()) for d in detections]
        self.window_ms = [_window(d, t) for d, t in zip(detections, self.settings)]
        self.inferred = [_inferred(d, t) for d, t in zip(self.detections, self.settings)]
        self.stages: list[Stage] = []
        self.uses: list[list[Use]] = []
        self.by_name: list[dict[str, Use]] = []
        self._tables = 0
        for number in range(len(self.detections)):
            self.by_name.append(self._uses_of(number))
        wanted = {fact for lists in self.inferred for fact in lists.values()}
        self.telling = [tuple(sorted(wanted & s.facts.keys())) for s in self.stages]

    def _uses_of(self, number: int) -> dict[str, Use]:
        detection, settings = self.detections[number], self.settings[number]
        relations = {relation.stage: relation for relation in detection.relations}
        uses = {}
        for name, stage in detection.stages.items():
            relation = relations.get(name)
            anchor_table = self._table() if name == detection.anchor else None
            relation_table = self._table() if relation else None
            routes = [(anchor_table, detection.case)] if anchor_table else []
            if relation and relation_table:
                routes.append((relation_table, relation.own_keys))
            use = Use(
                detection=number,
                stage=stage,
                anchor_table=anchor_table,
                relation=relation,
                relation_table=relation_table,
                routes=tuple(routes),
                past=tuple((rule, self._table()) for rule in first_seen_rules(detection, name)),
                suppress=tuple(
                    (item.tunable, item.key, settings.patterns(item.tunable))
                    for item in detection.suppress
                    if (item.stage or detection.anchor) == name
                    and settings.patterns(item.tunable).entries
                ),
            )
            uses[name] = use
            self._index_of(stage, number).append(use)
        return uses

    def _table(self) -> int:
        self._tables += 1
        return self._tables

    def _index_of(self, stage: Stage, number: int) -> list[Use]:
        """Return the uses of the distinct stage that equals this one, made if it is new."""
        for index, known in enumerate(self.stages):
            if _same(known, stage):
                return self.uses[index]
        self.stages.append(stage)
        self.uses.append([])
        return self.uses[-1]


def _same(one: Stage, other: Stage) -> bool:
    return (one.feed, one.condition, one.keys, one.facts) == (
        other.feed,
        other.condition,
        other.keys,
        other.facts,
    )


def _inferred(detection: Detection, settings: Tunables) -> dict[str, str]:
    """Return, for the lists without an entry that may be inferred, the fact they come from."""
    return {
        name: row["infer"]
        for name, row in detection.tunables.items()
        if row.get("infer") and not settings.patterns(name).entries
    }


def _window(detection: Detection, tunables: Tunables) -> int:
    if isinstance(detection.window, str):
        return span_ms(detection.window, place=detection.name)
    return tunables.span_ms(detection.window["tunable"])


def first_seen_rules(detection: Detection, stage: str) -> list[FirstSeen]:
    """Return the distinct first_seen conditions that verdicts put on hits of a stage."""
    rules: list[FirstSeen] = []
    for verdict in detection.verdicts:
        conditions = list(verdict.anchor) if stage == detection.anchor else []
        for requirement in verdict.require:
            if requirement.stage == stage:
                conditions += requirement.where
        for item in conditions:
            if isinstance(item, FirstSeen) and item not in rules:
                rules.append(item)
    return rules
