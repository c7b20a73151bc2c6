"""R_s(a): the hits of a stage that are related to an anchor (semantics 3 and 4)."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from flowtrap.model.detection import FirstSeen
from flowtrap.model.hit import Hit, hit_values
from flowtrap.model.window import bounds

from . import entry as entries_
from .conditions import holds
from .views import View, merged, span_heads, span_hits, span_without

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowtrap.model.detection import HitCondition, Relation, Requirement

    from .hit_log import HitLogs
    from .learnt import Learnt
    from .plan import Plan, Use
    from .views import Span

_VIEWS_KEPT = 4_096
NO_HITS = View([])


def key_hash(values: tuple[object, ...]) -> int:
    """Return the 64-bit key of a log. Seeded per process, so that no log can be aimed at."""
    return hash(values)


def past_key(hit: Hit, names: Iterable[str]) -> int:
    """Return the key of a hit's past; many values count as one, all together."""
    return key_hash(tuple(hit_values(hit, name) for name in names))


def keys_of(hit: Hit, names: tuple[str, ...]) -> list[int]:
    """Return the keys under which a hit asks for its relations: one per combination of values."""
    get = hit.values.get
    values = tuple([get(name) for name in names])
    for value in values:
        if value.__class__ is not str:
            choices = [hit_values(hit, name) for name in names]
            return [key_hash(chosen) for chosen in product(*choices)]
    return [key_hash(values)]


class Relations:
    """Answers for one detection during one flush."""

    def __init__(
        self,
        plan: Plan,
        number: int,
        logs: HitLogs,
        earliest: dict[int, int],
        learnt: Learnt,
    ) -> None:
        self.detection = plan.detections[number]
        self.settings = plan.settings[number]
        self.window_ms = plan.window_ms[number]
        self.uses = plan.by_name[number]
        self.unlearned: set[bytes] = set()
        self._inferred = plan.inferred[number]
        self._learnt = learnt
        self._logs = logs
        self._earliest = earliest
        self._views: dict[tuple[int, int], View] = {}

    def view(self, table: int, key: int) -> View:
        """Return a log as a view, kept for the next anchor with the same key."""
        view = self._views.get((table, key))
        if view is None:
            if not self._logs.has(table, key):
                return NO_HITS
            if len(self._views) >= _VIEWS_KEPT:
                self._views.clear()
            view = self._views[table, key] = View(self._logs.log(table, key), (table, key))
        return view

    def of(self, anchor: Hit) -> dict[str, list[Span]]:
        """Return R_s(anchor) for every related stage that has hits at all."""
        own = entries_.head_of(anchor.time_ms, anchor.event_id)
        found: dict[str, list[Span]] = {}
        keys: dict[tuple[str, ...], list[int]] = {}
        for relation in self.detection.relations:
            if relation.parent is None:
                names = relation.parent_keys
                if names not in keys:
                    keys[names] = keys_of(anchor, names)
                spans = self._direct(relation, anchor, own, keys[names])
            else:
                spans = self._hop(relation, anchor, own, found.get(relation.parent, []))
            if spans:
                found[relation.stage] = spans
        return found

    def _direct(self, relation: Relation, anchor: Hit, own: bytes, keys: list[int]) -> list[Span]:
        table = self.uses[relation.stage].relation_table or 0
        spans: list[Span] = []
        for key in keys:
            view = self.view(table, key)
            if view is NO_HITS:
                continue
            first, last = bounds(relation.when, anchor.time_ms, self.window_ms)
            if view.count_in(first, last):
                spans.append(span_without(view, first, last, (own,)))
        return spans

    def _hop(self, relation: Relation, anchor: Hit, own: bytes, parents: list[Span]) -> list[Span]:
        table = self.uses[relation.stage].relation_table or 0
        lowest, highest = bounds(relation.when, anchor.time_ms, self.window_ms)
        spans = []
        for parent in parents:
            for key, heads in self._targets(relation, parent.view).items():
                view = self.view(table, key)
                if not view.log:
                    continue
                related = [head for head in heads if parent.covers(head)]
                spans += self._reach(relation, view, related, own, (lowest, highest))
        return spans

    def _targets(self, relation: Relation, view: View) -> dict[int, list[bytes]]:
        """Return, for the keys that a parent's hits lead to, the heads that lead there."""
        if relation not in view.memo:
            targets: dict[int, list[bytes]] = {}
            for entry, hit in zip(view.log, view.hits):
                for key in keys_of(hit, relation.parent_keys):
                    targets.setdefault(key, []).append(entries_.head(entry))
            view.memo[relation] = targets
        return view.memo[relation]

    def _reach(
        self,
        relation: Relation,
        view: View,
        parents: list[bytes],
        own: bytes,
        limits: tuple[int, int],
    ) -> list[Span]:
        """Return the union of the parents' windows within the limits, in few spans."""
        windows = self._windows(relation, parents, limits)
        clipped = [(max(first, limits[0]), min(last, limits[1])) for first, last in windows]
        reached = merged([(first, last) for first, last in clipped if first <= last])
        alone = [head for head in parents if view.holds_event(head)]
        lonely = [head for head in alone if not self._has_other(relation, head, parents)]
        return [
            span_without(view, first, last, (own, *lonely))
            for first, last in reached
            if view.count_in(first, last)
        ]

    def _windows(
        self, relation: Relation, parents: list[bytes], limits: tuple[int, int]
    ) -> list[tuple[int, int]]:
        """Return when each parent's relations may lie; one that lends its keys sets no limit."""
        if relation.of_anchor:
            return [limits] if parents else []
        return [bounds(relation.when, entries_.time_ms(h), self.window_ms) for h in parents]

    def _has_other(self, relation: Relation, head: bytes, parents: list[bytes]) -> bool:
        """Tell whether an event that is its own parent is also related to another parent."""
        if relation.of_anchor:
            return any(parent != head for parent in parents)
        when = entries_.time_ms(head)
        for parent in parents:
            first, last = bounds(relation.when, entries_.time_ms(parent), self.window_ms)
            if parent != head and first <= when <= last:
                return True
        return False

    def meets(self, rule: Requirement, spans: list[Span]) -> bool:
        """Tell whether R_s reaches a requirement's count, or for 0 (absence) whether it has any."""
        wanted = max(rule.at_least, 1)
        spans = self.narrowed(rule, spans)
        if rule.distinct is None:
            return len_at_least(spans, wanted)
        seen: set[str] = set()
        for span in spans:
            for hit in span_hits([span]):
                seen.update(hit_values(hit, rule.distinct))
                if len(seen) >= wanted:
                    return True
        return False

    def narrowed(self, rule: Requirement, spans: list[Span]) -> list[Span]:
        """Return the spans of only the hits that pass the requirement's conditions."""
        for condition in rule.where:
            spans = [self._narrowed(condition, rule.stage, span) for span in spans]
        return spans

    def _narrowed(self, condition: HitCondition, stage: str, span: Span) -> Span:
        use = self.uses[stage]
        view = span.view.passing(condition, lambda hit: self.passes(condition, use, hit))
        return span._replace(view=view)

    def passes(self, condition: HitCondition, use: Use, hit: Hit) -> bool:
        """Tell whether a hit meets a condition."""
        if isinstance(condition, FirstSeen):
            return self._first_seen(condition, use, hit)
        return holds(condition, hit, self._listed)

    def _listed(self, tunable: str, values: tuple[str, ...], scope: str) -> bool:
        """Tell whether a list holds any of the values in this account or tenant."""
        if tunable in self._inferred:
            return self._learnt.knows(self._inferred[tunable], scope, values)
        return self.settings.patterns(tunable).find(values, scope) is not None

    def _first_seen(self, rule: FirstSeen, use: Use, hit: Hit) -> bool:
        """Semantics 10: no earlier hit of the stage with equal key in the period before."""
        table = next(table for known, table in use.past if known == rule)
        if hit.time_ms - self._earliest.get(table, hit.time_ms) < rule.learn_ms:
            self.unlearned.add(entries_.head_of(hit.time_ms, hit.event_id))
            return False
        past = self.view(table, past_key(hit, rule.key))
        return not past.count_in(hit.time_ms - rule.over_ms, hit.time_ms - 1)


def len_at_least(spans: list[Span], wanted: int) -> bool:
    """Tell whether the spans hold that many events; several spans may share an event."""
    if len(spans) == 1:
        return spans[0].total() >= wanted
    return bool(spans) and len(span_heads(spans)) >= wanted
