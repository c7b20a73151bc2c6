"""Which records can wait for others, and for which key values they are wanted.

A related hit matters only if some anchor (or parent hit) bears its key; an anchor only if something
that each of its verdicts requires bears its own. So both may wait under the raw value of a key,
until all input is read: `Waits.wanted` then tells which values meet.

Example: the acts of a function's session wait under the function's name until some write of a
function of that name is known; a session seen outside Lambda waits until it was seen inside too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, NamedTuple, Protocol

from flowtrap.model.hit import hit_values

from . import entry as entries_
from .cases import may_hold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence, Set

    from flowtrap.model.hit import Hit

    from .engine import Engine
    from .plan import Plan, Use

MANY = 500  # so many records cost more to read than to ask whether a verdict may need them
Take = Callable[["Sequence[int]"], None]  # lets in the records at some places


class Room(Protocol):
    """Where records wait in groups, each at a place, under hashes of key values."""

    def hashes(self, group: int) -> Set[int]:
        """Return the hashes of all values in a group."""

    def places(self, group: int, wanted: Set[int]) -> Sequence[int]:
        """Return the places in a group that bear a wanted value and were not let in yet."""


def value_hash(value: str) -> int:
    """Return the hash of a key value as the bytes of a record show it."""
    return hash(value.encode("utf-8", "surrogatepass"))


def join_fields(plan: Plan, index: int) -> frozenset[str]:
    """Return the event fields under each of which the hits of a distinct stage may wait.

    None where a list is inferred from the stage's facts, or a use of it looks at a past of other
    keys.
    """
    if plan.telling[index]:
        return frozenset()
    return frozenset.intersection(*(_fields_of(plan, use) for use in plan.uses[index]))


def _fields_of(plan: Plan, use: Use) -> frozenset[str]:
    keys = use.stage.keys
    if use.anchor_table is not None:
        fields = _anchor_fields(plan, use)
    else:
        fields = frozenset(keys[own] for _, own in _match(use) if own in keys)
    for rule, _ in use.past:
        fields &= {keys[name] for name in rule.key if name in keys}
    return fields


def learning_tables(plan: Plan, index: int) -> list[int]:
    """Return the tables of a distinct stage's past of which it counts how long they are known."""
    return [table for use in plan.uses[index] for rule, table in use.past if rule.learn_ms]


def _anchor_fields(plan: Plan, use: Use) -> frozenset[str]:
    """Return the fields of an anchor by which each verdict requires something that is there."""
    detection = plan.detections[use.detection]
    per_verdict = [
        frozenset(
            use.stage.keys[name]
            for partner in _partners(plan, use.detection, verdict.present)
            for name, _ in _match(partner)
            if name in use.stage.keys
        )
        for verdict in detection.verdicts
    ]
    return frozenset.intersection(*per_verdict)


def _partners(plan: Plan, detection: int, names: Iterable[str]) -> Iterator[Use]:
    """Yield, of the named stages of a detection, those that are joined to the anchor itself."""
    for name in sorted(names):
        use = plan.by_name[detection][name]
        if use.relation is not None and use.relation.parent is None:
            yield use


def _match(use: Use) -> tuple[tuple[str, str], ...]:
    """Return the (parent's key, own key) pairs that join a stage to its parent."""
    return use.relation.match if use.relation else ()


class Group(NamedTuple):
    """Records that wait under values of one field, for some distinct stages."""

    field: str
    stages: tuple[int, ...]


class _Ask(NamedTuple):
    """The values of a key or fact of a use's hits; with `waiting`, also of those that wait."""

    use: Use
    name: str
    waiting: bool

    @property
    def id(self) -> tuple[int, str]:
        """Return which values of which table these are."""
        return self.use.anchor_table or self.use.relation_table or 0, self.name


class Waits:
    """The groups in which records wait for others, and what is wanted of each."""

    def __init__(self, engine: Engine, room: Room) -> None:
        self._engine = engine
        self._plan = engine.plan
        self._room = room
        self.groups: list[Group] = []
        self._told: dict[tuple[int, str], tuple[int, set[int]]] = {}

    def group(self, field: str, stages: tuple[int, ...]) -> int:
        """Return the number of the group of records that wait under a field for some stages."""
        group = Group(field, stages)
        if group not in self.groups:
            self.groups.append(group)
        return self.groups.index(group)

    def settle(self, take: Take) -> None:
        """Let in what waits and meets something, hop by hop, until nothing does.

        Where that is much, only what may still decide or belong to a finding.
        """
        changed = True
        while changed:
            many, changed = self._settle_few(take), False
            for done, number in enumerate(many):
                values = self.still_wanted(number, set(many[done:]), set(many))
                places = self._room.places(number, values)
                take(places)
                changed = changed or bool(places)

    def _settle_few(self, take: Take) -> list[int]:
        """Let in the groups of which few are wanted, until nothing changes; return the others."""
        while True:
            changed = False
            many: list[tuple[int, int]] = []
            for number, values in enumerate(self.wanted()):
                places = self._room.places(number, values)
                if len(places) > MANY:
                    many.append((len(places), number))
                elif places:
                    take(places)
                    changed = True
            if not changed:
                return [number for _, number in sorted(many)]

    def wanted(self) -> list[set[int]]:
        """Return by group the hashes of the values that meet a hit, or another that waits.

        Each log is read once, however many stages hang on it.
        """
        asks = [list(self._asks(group)) for group in self.groups]
        known = self._known({ask for found in asks for ask in found})
        return [
            set().union(*(known[ask.id] | self._values_waiting(ask, number) for ask in found))
            for number, found in enumerate(asks)
        ]

    def still_wanted(self, number: int, open_groups: Set[int], moving: Set[int]) -> set[int]:
        """Return of `wanted` what only anchors ask for that may yet have a verdict.

        Anything may still come of the stages that wait in `open_groups`, and of what is reached
        over a stage in `moving`; of all others everything is in.
        """
        found: set[int] = set()
        names: dict[Use, set[str]] = {}  # of the keys and facts asked of each anchor
        for ask in self._asks(self.groups[number]):
            found |= self._values_waiting(ask, number)
            if ask.use.anchor_table is None:
                found |= self._known({ask})[ask.id]
            else:
                names.setdefault(ask.use, set()).add(ask.name)
        for anchor, asked in names.items():
            for hit in self._live_anchors(anchor, open_groups, moving):
                found.update(value_hash(v) for name in asked for v in hit_values(hit, name))
        return found

    def _live_anchors(self, anchor: Use, open_groups: Set[int], moving: Set[int]) -> Iterator[Hit]:
        """Yield the hits of an anchor that may yet have a verdict."""
        unsettled = self._unsettled(anchor.detection, open_groups, moving)
        relations = self._engine.relations(anchor.detection)
        for hit in self._hits(anchor.anchor_table or 0):
            if may_hold(hit, relations, unsettled):
                yield hit

    def _unsettled(self, detection: int, open_groups: Set[int], moving: Set[int]) -> frozenset[str]:
        """Return the stages of a detection of which something may still come."""
        found = set(self._stages(detection, open_groups))
        parents = set(self._stages(detection, moving))
        somewhere = set(self._stages(detection, range(len(self.groups))))
        for relation in self._plan.detections[detection].relations:  # parents come first
            table = self._plan.by_name[detection][relation.stage].relation_table or 0
            if relation.parent in parents and (
                relation.stage in somewhere or self._appended(table)
            ):
                parents.add(relation.stage)
                found.add(relation.stage)
        return frozenset(found)

    def _stages(self, detection: int, groups: Iterable[int]) -> Iterator[str]:
        for number in groups:
            for index in self.groups[number].stages:
                for use in self._plan.uses[index]:
                    if use.detection == detection:
                        yield use.stage.name

    def _asks(self, group: Group) -> Iterator[_Ask]:
        """Yield whose values wake the records of a group.

        An anchor is woken by what some verdict requires, be it read or waiting as well; all else
        by the hit of its parent.
        """
        for use in (use for index in group.stages for use in self._plan.uses[index]):
            for name, own in _match(use):
                if use.stage.keys.get(own) == group.field:
                    yield _Ask(self._parent(use), name, waiting=False)
            if use.anchor_table is None:
                continue
            verdicts = self._plan.detections[use.detection].verdicts
            present = {name for verdict in verdicts for name in verdict.present}
            for partner in _partners(self._plan, use.detection, present):
                for name, own in _match(partner):
                    if use.stage.keys.get(name) == group.field:
                        yield _Ask(partner, own, waiting=True)

    def _parent(self, use: Use) -> Use:
        parent = use.relation.parent if use.relation else None
        anchor = self._plan.detections[use.detection].anchor
        return self._plan.by_name[use.detection][parent or anchor]

    def _known(self, asks: Set[_Ask]) -> dict[tuple[int, str], set[int]]:
        """Return, per asked key, the hashes of its values among the hits.

        A table that got no hit since it was last asked is not read again.
        """
        stale: dict[int, list[str]] = {}
        for table, name in {ask.id for ask in asks}:
            if self._told.get((table, name), (-1, ()))[0] != self._appended(table):
                stale.setdefault(table, []).append(name)
        for table, names in stale.items():
            values: dict[str, set[int]] = {name: set() for name in names}
            for hit in self._hits(table):
                for name, found in values.items():
                    found.update(map(value_hash, hit_values(hit, name)))
            for name, found in values.items():
                self._told[table, name] = self._appended(table), found
        return {ask.id: self._told[ask.id][1] for ask in asks}

    def _appended(self, table: int) -> int:
        return self._engine.logs.appended.get(table, 0)

    def _hits(self, table: int) -> Iterator[Hit]:
        for _, log in self._engine.logs.scan(table):
            yield from map(entries_.unpack, log)

    def _values_waiting(self, ask: _Ask, number: int) -> set[int]:
        """Return the values of a key among the records that wait.

        If they wait under another key they cannot be told, and the whole group that asks is wanted.
        """
        found: set[int] = set()
        field = ask.use.stage.keys.get(ask.name)
        for other, group in enumerate(self.groups if ask.waiting else ()):
            if any(ask.use in self._plan.uses[index] for index in group.stages):
                found |= self._room.hashes(other if group.field == field else number)
        return found
