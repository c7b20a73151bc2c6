"""What the engine needs to know of the detections, worked out once.

Stages that several detections share are one distinct stage; each detection that uses it is a
`Use`, with a table per purpose: anchors by case key, hits by relation key, past by first_seen key.
Uses that would fill equal tables share one; anchors do not, for each detection forgets its own.
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


class Fills(NamedTuple):
    """Which tables a hit of a distinct stage goes into, and under which names of its key.

    `guarded` are the uses that a tunable may take the hit out of.
    """

    routes: tuple[tuple[int, tuple[str, ...]], ...]
    past: tuple[tuple[int, tuple[str, ...]], ...]
    guarded: tuple[Use, ...]

    @classmethod
    def of(cls, uses: Sequence[Use]) -> Fills:
        """Return where the hits of these uses, all of one stage, go."""
        open_uses = [use for use in uses if not use.suppress]
        routes = dict.fromkeys(route for use in open_uses for route in use.routes)
        past = dict.fromkeys((table, rule.key) for use in uses for rule, table in use.past)
        return cls(tuple(routes), tuple(past), tuple(use for use in uses if use.suppress))


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
        self._shared: dict[tuple[str, int, tuple[str, ...]], int] = {}
        for number in range(len(self.detections)):
            self.by_name.append(self._uses_of(number))
        wanted = {fact for lists in self.inferred for fact in lists.values()}
        self.telling = [tuple(sorted(wanted & s.facts.keys())) for s in self.stages]
        self.fills = [Fills.of(uses) for uses in self.uses]

    def _uses_of(self, number: int) -> dict[str, Use]:
        uses = {}
        for name, stage in self.detections[number].stages.items():
            index = self._index_of(stage)
            uses[name] = self._use(number, index, stage)
            self.uses[index].append(uses[name])
        return uses

    def _use(self, number: int, index: int, stage: Stage) -> Use:
        detection, settings = self.detections[number], self.settings[number]
        suppress = tuple(
            (item.tunable, item.key, settings.patterns(item.tunable))
            for item in detection.suppress
            if (item.stage or detection.anchor) == stage.name
            and settings.patterns(item.tunable).entries
        )
        relation = next((r for r in detection.relations if r.stage == stage.name), None)
        anchor_table = self._table() if stage.name == detection.anchor else None
        relation_table = None
        if relation:
            shared = ("related", index, relation.own_keys)
            relation_table = self._table() if suppress else self._shared_table(shared)
        routes = [(anchor_table, detection.case)] if anchor_table else []
        if relation and relation_table:
            routes.append((relation_table, relation.own_keys))
        past = tuple(
            (rule, self._shared_table(("past", index, rule.key)))
            for rule in first_seen_rules(detection, stage.name)
        )
        return Use(
            number, stage, anchor_table, relation, relation_table, tuple(routes), past, suppress
        )

    def _shared_table(self, purpose: tuple[str, int, tuple[str, ...]]) -> int:
        if purpose not in self._shared:
            self._shared[purpose] = self._table()
        return self._shared[purpose]

    def _table(self) -> int:
        self._tables += 1
        return self._tables

    def _index_of(self, stage: Stage) -> int:
        """Return the index of the distinct stage that equals this one, made if it is new."""
        for index, known in enumerate(self.stages):
            if _same(known, stage):
                return index
        self.stages.append(stage)
        self.uses.append([])
        return len(self.stages) - 1


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
