"""R_s(a): the hits of a stage that are related to an anchor (semantics 3 and 4)."""

from __future__ import annotations

from bisect import bisect_left
from itertools import product
from typing import TYPE_CHECKING

from flowtrap.model.detection import FirstSeen
from flowtrap.model.hit import Hit, hit_values
from flowtrap.model.window import bounds

from . import entry as entries_
from .conditions import holds
from .reach import Parents, Reach, Seen, direct, over
from .views import Span, View, merged, span_heads, span_without

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowtrap.model.detection import HitCondition, Relation, Requirement

    from .hit_log import HitLogs
    from .learnt import Learnt
    from .plan import Plan, Use
    from .reach import Pieces

Related = dict[str, "list[Span] | Seen"]  # by stage
Origin = tuple[str, tuple[int, ...]]  # a stage joined to the anchor, and the anchor's keys
_VIEWS_KEPT = 4_096
_REACHED_KEPT = 100_000  # hits, unless few roots have that many
_ROOTS_KEPT = 8
PATIENCE = 1  # how often the hits at the ends of hops may be walked to, before all are worked out
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


class Root:
    """The chains that start at one key of the anchors."""

    def __init__(self, keys: tuple[int, ...]) -> None:
        self.keys = keys
        self.reaches: dict[str, Reach] = {}
        self.walked = 0  # parents, for single anchors
        self.size = 0  # hits that lie at the ends of the hops, as far as walked
        self._met: set[tuple[str, tuple[int, int]]] = set()

    def enlarge(
        self, relation: Relation, view: View, targets: list[tuple[View, list[bytes]]]
    ) -> None:
        """Take account of the logs that a parent's log leads to."""
        if (relation.stage, view.place) in self._met:
            return
        for place, log in ((view.place, view.log), *((v.place, v.log) for v, _ in targets)):
            if (relation.stage, place) not in self._met:
                self._met.add((relation.stage, place))
                self.size += len(log)


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
        self._roots: dict[Origin, Root] = {}
        self._reached = 0
        self._relations = {relation.stage: relation for relation in self.detection.relations}

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

    def of(self, anchor: Hit) -> Related:
        """Return R_s(anchor) for every related stage that has hits at all."""
        own = entries_.head_of(anchor.time_ms, anchor.event_id)
        found: Related = {}
        origins: dict[str, Origin] = {}
        keys: dict[tuple[str, ...], list[int]] = {}
        for relation in self.detection.relations:
            reached: list[Span] | Seen
            if relation.parent is None:
                names = relation.parent_keys
                if names not in keys:
                    keys[names] = keys_of(anchor, names)
                origins[relation.stage] = relation.stage, tuple(keys[names])
                reached = self._direct(relation, anchor, own, keys[names])
            else:
                origin = origins[relation.stage] = origins[relation.parent]
                parents = found.get(relation.parent, [])
                reached = self._hop(relation, origin, anchor, own, parents) if parents else []
            if reached:
                found[relation.stage] = reached
        return found

    def _direct(self, relation: Relation, anchor: Hit, own: bytes, keys: list[int]) -> list[Span]:
        table = self.uses[relation.stage].relation_table or 0
        first, last = bounds(relation.when, anchor.time_ms, self.window_ms)
        spans: list[Span] = []
        for key in keys:
            view = self.view(table, key)
            if view.log and view.count_in(first, last):
                spans.append(span_without(view, first, last, (own,)))
        return spans

    def _root(self, origin: Origin) -> Root:
        """Return what is known of the chains that start at a stage and these keys of an anchor."""
        root = self._roots.get(origin)
        if root is None:
            full = self._reached > _REACHED_KEPT and len(self._roots) > _ROOTS_KEPT
            if full or len(self._roots) >= _VIEWS_KEPT:
                self._roots.clear()
                self._reached = 0
            root = self._roots[origin] = Root(origin[1])
        return root

    def _hop(
        self,
        relation: Relation,
        origin: Origin,
        anchor: Hit,
        own: bytes,
        parents: list[Span] | Seen,
    ) -> list[Span] | Seen:
        """Return what the parents lead to.

        It is walked as long as that has cost less than working it out for all anchors of the root.
        """
        root = self._root(origin)
        if not isinstance(parents, Seen) and root.walked < PATIENCE * (root.size + 1):
            return self._walk(relation, root, anchor, own, parents)
        seen = Seen(self._reach(relation, root), own)
        return seen if self.count(seen) else []

    def _walk(
        self, relation: Relation, root: Root, anchor: Hit, own: bytes, parents: list[Span]
    ) -> list[Span]:
        limits = bounds(relation.when, anchor.time_ms, self.window_ms)
        spans: list[Span] = []
        for parent in parents:
            targets = self._targets(relation, parent.view)
            root.enlarge(relation, parent.view, targets)
            left_out = set(parent.without)
            for view, heads in targets:
                lo = bisect_left(heads, entries_.time_mark(parent.first_ms))
                hi = bisect_left(heads, entries_.time_mark(parent.last_ms + 1))
                root.walked += 1 + hi - lo
                related = [head for head in heads[lo:hi] if head not in left_out]
                spans += self._windows(relation, view, related, own, limits)
        return spans

    def _targets(self, relation: Relation, view: View) -> list[tuple[View, list[bytes]]]:
        """Return the logs that a parent's hits lead to, with the heads that lead there."""
        if relation not in view.memo:
            table = self.uses[relation.stage].relation_table or 0
            targets: dict[int, list[bytes]] = {}
            for entry, hit in zip(view.log, view.hits):
                for key in keys_of(hit, relation.parent_keys):
                    if self._logs.has(table, key):
                        targets.setdefault(key, []).append(entries_.head(entry))
            found = [(self.view(table, key), heads) for key, heads in targets.items()]
            view.memo[relation] = [target for target in found if target[0].log]
        known: list[tuple[View, list[bytes]]] = view.memo[relation]
        return known

    def _windows(
        self,
        relation: Relation,
        view: View,
        parents: list[bytes],
        own: bytes,
        limits: tuple[int, int],
    ) -> list[Span]:
        """Return the union of the parents' windows within the limits, in few spans."""
        if not parents:
            return []
        if relation.of_anchor:
            windows = [limits]
        else:
            times = map(entries_.time_ms, parents)
            windows = [bounds(relation.when, time, self.window_ms) for time in times]
        clipped = [(max(first, limits[0]), min(last, limits[1])) for first, last in windows]
        reached = merged([(first, last) for first, last in clipped if first <= last])
        lonely = self._lonely(relation, view, parents)
        return [
            span_without(view, first, last, (own, *lonely))
            for first, last in reached
            if view.count_in(first, last)
        ]

    def _lonely(self, relation: Relation, view: View, parents: list[bytes]) -> list[bytes]:
        """Return the events that are their own parents and related to no other: to no neighbour."""
        others = sorted(set(parents))
        found = []
        for at, head in enumerate(others):
            when = entries_.time_ms(head)
            for other in (*others[max(at - 1, 0) : at], *others[at + 1 : at + 2]):
                first, last = bounds(relation.when, entries_.time_ms(other), self.window_ms)
                if relation.of_anchor or first <= when <= last:
                    break
            else:
                if view.holds_event(head):
                    found.append(head)
        return found

    def _reach(self, relation: Relation, root: Root) -> Reach:
        """Return what all anchors of a root reach of a stage."""
        reach = root.reaches.get(relation.stage)
        if reach is not None:
            return reach
        table = self.uses[relation.stage].relation_table or 0
        if relation.parent is None:
            views = [self.view(table, key) for key in root.keys]
            reach = direct(relation, views, self.window_ms)
        else:
            parent = self._reach(self._relations[relation.parent], root)
            targets: dict[int, list[tuple[bytes, Pieces]]] = {}
            for entry, hit, pieces in parent.hits():
                for key in keys_of(hit, relation.parent_keys):
                    if self._logs.has(table, key):
                        targets.setdefault(key, []).append((entries_.head(entry), pieces))
            led = ((self.view(table, key), Parents(found)) for key, found in targets.items())
            reach = over(relation, led, self.window_ms)
        root.reaches[relation.stage] = reach
        self._reached += sum(len(stretch.entries) for stretch in reach.stretches)
        return reach

    def count(self, seen: Seen, rule: Requirement | None = None) -> int:
        """Return how many events (or distinct values) an anchor reaches that meet a rule."""
        if not seen.reach.knows(rule):
            spans = [Span(stretch.view, 0, 0) for stretch in seen.reach.stretches]
            views = [span.view for span in (self.narrowed(rule, spans) if rule else spans)]
            seen.reach.prepare(views, rule)
        return seen.reach.count(seen.anchor, rule)

    def meets(self, rule: Requirement, found: list[Span] | Seen) -> bool:
        """Tell whether R_s reaches a requirement's count, or for 0 (absence) whether it has any."""
        wanted = max(rule.at_least, 1)
        if isinstance(found, Seen):
            return self.count(found, rule) >= wanted
        if found and wanted == 1 and not (rule.where or rule.distinct or found[0].without):
            return True
        spans = self.narrowed(rule, found)
        if rule.distinct is None:
            return len_at_least(spans, wanted)
        seen: set[str] = set()
        for span in spans:
            seen |= span.values(rule.distinct, wanted)
            if len(seen) >= wanted:
                return True
        return False

    def narrowed(self, rule: Requirement, found: list[Span] | Seen) -> list[Span]:
        """Return the spans of only the hits that pass the requirement's conditions."""
        spans = found.spans() if isinstance(found, Seen) else found
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
    totals = [span.total() for span in spans]
    if len(spans) < 2 or sum(totals) < wanted or max(totals) >= wanted:
        return sum(totals) >= wanted
    return len(span_heads(spans)) >= wanted
