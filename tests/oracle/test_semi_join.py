"""What waits is let in whenever a finding needs it: the same findings as if all were read.

Random events wait under the value of a key wherever a stage may; the settled engine must give what
the brute force of the design gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import RandomCase, cases, detection_row, verdict_row
from test_engine_against_oracle import _some, build, expected, seen

from flowtrap.correlation import semi_join
from flowtrap.correlation.engine import Engine
from flowtrap.correlation.semi_join import Waits, join_fields, learning_tables, value_hash
from flowtrap.model.hit import hit_values

if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from flowtrap.model.hit import Hit


class Hall:
    """A waiting room for events as they are: an event waits under each of its hits' keys."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.waits = Waits(engine, self)
        self.events: list[list[tuple[int, Hit]]] = []
        self.keys: list[list[tuple[int, int]]] = []  # by place: (group, hash)
        self.done: set[int] = set()

    def hashes(self, group: int) -> set[int]:
        return {key for keys in self.keys for number, key in keys if number == group}

    def places(self, group: int, wanted: Set[int]) -> list[int]:
        return [
            place
            for place, keys in enumerate(self.keys)
            if place not in self.done and any(g == group and k in wanted for g, k in keys)
        ]

    def take(self, places: Sequence[int]) -> None:
        for place in places:
            assert place not in self.done
            self.done.add(place)
            for index, hit in self.events[place]:
                self.engine.add(index, hit)

    def offer(self, hits: list[tuple[int, Hit]], choose: int) -> None:
        """Let an event wait if all its stages may, each under one of its fields; else add it."""
        keys = []
        for index, hit in hits:
            fields = sorted(join_fields(self.engine.plan, index))
            if not fields or learning_tables(self.engine.plan, index):
                for number, one in hits:
                    self.engine.add(number, one)
                return
            # the field must be the same for all events of a stage, as raw keys are
            field = fields[(choose + index) % len(fields)]
            group = self.waits.group(field, (index,))
            name = next(n for n, f in self.engine.stages[index].keys.items() if f == field)
            keys += [(group, value_hash(value)) for value in hit_values(hit, name)]
        self.events.append(hits)
        self.keys.append(keys)


def settled(case: RandomCase, choose: int) -> Engine:
    engine = build(case)
    hall = Hall(engine)
    for event in case.events:
        hits = [
            (index, hit)
            for index, stage in enumerate(engine.stages)
            for name, hit in event.hits()
            if stage.name == name
        ]
        if hits:
            hall.offer(hits, choose)
    hall.waits.settle(hall.take)
    return engine


@pytest.mark.parametrize("many", [0, 2, 500])
@_some(0.25)
@given(case=cases(), choose=st.integers(0, 5))
def test_settled_gives_what_all_gives(case: RandomCase, choose: int, many: int) -> None:
    semi_join.MANY = many
    try:
        assert [seen(f) for f in settled(case, choose).flush()] == expected(case)
    finally:
        semi_join.MANY = 500


def test_an_anchor_waits_only_if_each_verdict_requires_something_joined_to_it() -> None:
    def fields(*verdicts: dict) -> frozenset[str]:
        related = {"run": "after", "eni": "after", "flow": "after"}
        case = RandomCase([detection_row(related, list(verdicts))], {}, [])
        engine = build(case)
        index = next(n for n, s in enumerate(engine.stages) if s.name == "write")
        return join_fields(engine.plan, index)

    assert fields(verdict_row({"run": 1})) == {"account", "function"}
    assert fields(verdict_row({"run": 1}), verdict_row({"eni": 1}, name="w")) == {"function"}
    assert fields(verdict_row({"run": 1}), verdict_row({}, name="w")) == frozenset()
    assert fields(verdict_row({"run": 0})) == frozenset()
    assert fields(verdict_row({"flow": 1})) == frozenset()  # two hops away
