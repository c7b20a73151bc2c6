"""A cap on memory changes no finding: beyond it hits go to a file, or are evicted and counted."""

from __future__ import annotations

import json
import random
import tempfile
from typing import Any

import pytest
from strategies import START_MS, RandomCase, RandomEvent, detection_row, verdict_row
from test_engine_against_oracle import build, expected, feed, seen, spill

from flowtrap.correlation.engine import Engine, Limits

HOUR_MS = 3_600_000


def many_events(count: int, functions: int = 40) -> list[RandomEvent]:
    """Return writes and effects of some functions over ten days, in no order."""
    dice = random.Random(7)
    events = []
    for number in range(count):
        name = f"f{dice.randrange(functions)}"
        values = {"account": "1", "function": name, "role": f"r-{name}"}
        stage = dice.choice(("write", "grant", "effect", "effect", "effect", "run"))
        time_ms = START_MS + dice.randrange(240 * HOUR_MS)
        events.append(RandomEvent(f"e{number:06}", time_ms, {stage: [values]}))
    return events


def chain_case(events: list[RandomEvent]) -> RandomCase:
    """Return a chain of all direct relations over the events."""
    relations = {"grant": "around", "effect": "after", "run": "before"}
    verdicts = [
        verdict_row({"effect": 1, "grant": 1}, name="granted", risk=90),
        verdict_row({"effect": {"at_least": 2}}, name="acted", risk=60),
        verdict_row({"effect": 0}, name="idle", risk=10, severity="low"),
    ]
    return RandomCase([detection_row(relations, verdicts, window="6h")], {}, events)


def plain(engine: Engine, **more: Any) -> list[Any]:
    """Return the findings as plain data."""
    return [finding.to_dict() for finding in engine.flush(**more)]


@pytest.fixture(scope="module")
def case() -> RandomCase:
    return chain_case(many_events(1_500))


@pytest.mark.parametrize("cap", [1, 7, 100, 1_499, 1_500, 1_000_000])
def test_findings_are_equal_at_any_cap(case: RandomCase, cap: int) -> None:
    free, capped = build(case), build(case, limits=Limits(hits_in_memory=cap), spill=spill)
    feed(free, case.events)
    feed(capped, case.events)
    assert plain(capped) == plain(free)
    assert (capped.counters.spilled > 0) == (cap < 1_500)


def test_findings_after_spilling_are_those_of_the_design() -> None:
    small = chain_case(many_events(220, functions=6))
    with tempfile.TemporaryFile() as scratch:
        engine = build(small, limits=Limits(hits_in_memory=10), spill=lambda: scratch)
        feed(engine, small.events)
        assert [seen(finding) for finding in engine.flush()] == expected(small)
    assert engine.counters.spilled > 0


def test_saved_state_holds_what_was_spilled(case: RandomCase) -> None:
    limits = Limits(hits_in_memory=50)
    first, free = build(case, limits=limits, spill=spill), build(case)
    feed(free, case.events)
    feed(first, case.events[:700])
    second = build(case, limits=limits, spill=spill)
    second.restore(json.loads(json.dumps(first.snapshot())))
    feed(second, case.events[700:])
    assert plain(second) == plain(free)


def test_spilled_hits_expire_with_the_watermark(case: RandomCase) -> None:
    ordered = sorted(case.events, key=lambda event: event.time_ms)
    capped = build(case, limits=Limits(hits_in_memory=50), spill=spill, lateness_ms=HOUR_MS)
    free = build(case)
    feed(free, ordered)
    wanted = {row["finding_id"]: row for row in plain(free)}
    latest = {}
    for start in range(0, len(ordered), 100):
        feed(capped, ordered[start : start + 100])
        latest.update({row["finding_id"]: row for row in plain(capped, final=False)})
    latest.update({row["finding_id"]: row for row in plain(capped)})
    assert {name: latest.get(name) for name in wanted} == wanted
    assert capped.counters.expired > 0
    assert capped.counters.late == 0


def test_eviction_is_counted_and_drops_the_oldest_first(case: RandomCase) -> None:
    engine = build(case, limits=Limits(hits_in_memory=500, evict=True))
    ordered = sorted(case.events, key=lambda event: event.time_ms)
    feed(engine, ordered)
    found = engine.flush()
    assert engine.counters.evicted > 0
    assert engine.counters.incomplete
    free = build(case)
    feed(free, ordered)
    newest = max(free.flush(), key=lambda finding: finding.last_time)
    assert newest.last_time in {finding.last_time for finding in found}
