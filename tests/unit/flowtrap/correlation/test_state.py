"""Saved state is plain data; what cannot be used is refused in one clear line."""

from __future__ import annotations

import json

import pytest

from flowtrap.correlation.engine import Engine
from flowtrap.correlation.hit_log import Limits
from flowtrap.model.detection import Detection
from flowtrap.model.errors import StateError
from flowtrap.model.hit import Hit
from flowtrap.model.tunable import Tunables

DAY_MS = 86_400_000

ROW = {
    "name": "write_then_act",
    "id": "3f0d7f9e-4d3f-4a7e-9a53-6a51ab8b1c3d",
    "title": "Written, then acting",
    "analytic": "AN1053",
    "attack": {"strategy": "DET0374", "techniques": ["T1648"]},
    "stages": {
        "write": {
            "feed": "f",
            "condition": ["in", "action", ["write"]],
            "keys": {"function": "function"},
            "facts": {"actor": "actor"},
        },
        "act": {
            "feed": "f",
            "condition": ["in", "action", ["act"]],
            "keys": {"function": "function"},
            "facts": {},
        },
    },
    "chain": {
        "anchor": "write",
        "case": ["function"],
        "window": "24h",
        "related": {"act": {"match": {"function": "function"}, "when": "after"}},
    },
    "verdicts": [
        {
            "name": "acted",
            "severity": "high",
            "risk": 80,
            "say": "{actor} wrote {function}; it then did {act} ({act.count})",
            "require": {"act": {"at_least": 1}},
        }
    ],
    "entities": {"function": ["function"], "user": ["actor"]},
}


def an_engine(**more: object) -> Engine:
    return Engine([Detection.from_dict(ROW)], Tunables({}, now_ms=0), **more)  # type: ignore[arg-type]


def write(time_ms: int, name: str = "billing") -> Hit:
    return Hit(
        time_ms, f"w{time_ms}", "f", "write", "al", "Write", {"function": name, "actor": "al"}
    )


def act(time_ms: int, name: str = "billing") -> Hit:
    return Hit(time_ms, f"a{time_ms}", "f", "act", "billing", f"Act {time_ms}", {"function": name})


def again(engine: Engine, **more: object) -> Engine:
    restored = an_engine(**more)
    restored.restore(json.loads(json.dumps(engine.snapshot())))
    return restored


def test_a_chain_over_two_runs_is_one_finding() -> None:
    first = an_engine(lateness_ms=0)
    first.add(0, write(0))
    assert first.flush(final=False) == []
    second = again(first, lateness_ms=0)
    second.add(1, act(DAY_MS))
    (finding,) = second.flush(final=False)
    assert (finding.verdict, finding.revision) == ("acted", 2)
    assert finding.explanation == "al wrote billing; it then did Act 86400000 (1)"


def test_more_evidence_keeps_the_id_and_raises_the_revision() -> None:
    engine = an_engine(lateness_ms=0)
    engine.add(0, write(0))
    engine.add(1, act(1))
    (before,) = engine.flush(final=False)
    engine = again(engine, lateness_ms=0)
    assert engine.flush(final=False) == []
    engine.add(1, act(2))
    (after,) = engine.flush(final=False)
    assert after.finding_id == before.finding_id
    assert after.revision == before.revision + 1


def test_a_case_that_turns_out_to_begin_earlier_supersedes_what_was_told() -> None:
    hour = DAY_MS // 24
    engine = an_engine(lateness_ms=2 * hour)
    for hit in (write(0), write(hour)):
        engine.add(0, hit)
    engine.add(1, act(DAY_MS + hour // 2))
    (early,) = engine.flush(final=False)
    assert engine.superseded == []
    engine = again(engine, lateness_ms=2 * hour)
    engine.add(1, act(DAY_MS - hour))
    (whole,) = engine.flush(final=False)
    assert whole.evidence_totals == {"write": 2, "act": 2}
    (gone,) = engine.superseded
    assert (gone.finding_id, gone.superseded_by) == (early.finding_id, whole.finding_id)
    assert gone.revision == early.revision + 1
    engine = again(engine, lateness_ms=2 * hour)
    assert (engine.flush(final=False), engine.superseded) == ([], [])


def test_what_was_dropped_for_want_of_room_is_not_taken_back() -> None:
    engine = an_engine(lateness_ms=0)
    engine.add(0, write(0))
    engine.add(1, act(1))
    assert len(engine.flush(final=False)) == 1
    engine = again(engine, lateness_ms=0, limits=Limits(10, evict=True))
    for number in range(20):
        engine.add(0, write(100 + number, f"f{number}"))
    assert engine.flush(final=False) == []
    assert engine.logs.evicted
    assert engine.superseded == []


def test_what_is_read_again_is_neither_late_nor_judged_without_its_relations() -> None:
    engine = an_engine(lateness_ms=0)
    engine.add(0, write(0))
    engine.add(1, act(1))
    engine.add(0, write(10 * DAY_MS, "other"))
    assert len(engine.flush(final=False)) == 1
    for _ in range(2):
        engine = again(engine, lateness_ms=0)
        engine.add(0, write(0))
        engine.add(1, act(1))
        assert (engine.flush(final=False), engine.counters.late) == ([], 0)
        assert not engine.logs.appended.get(2)


def test_the_clock_moves_the_watermark_where_nothing_comes() -> None:
    engine = an_engine(lateness_ms=0)
    engine.add(0, write(0))
    engine.flush(final=False, settled_ms=None)
    engine = again(engine, lateness_ms=0)
    engine.flush(final=False, settled_ms=10 * DAY_MS)
    assert engine.counters.expired == 1
    engine.add(1, act(5))
    assert engine.counters.late == 1


def test_what_the_watermark_leaves_behind_is_forgotten_and_counted() -> None:
    engine = an_engine(lateness_ms=0)
    engine.add(0, write(0))
    engine.add(0, write(10 * DAY_MS, "other"))
    engine.flush(final=False)
    assert engine.counters.expired == 1
    assert "billing" not in json.dumps(engine.snapshot())


def test_an_event_from_the_future_does_not_move_the_watermark_past_now() -> None:
    engine = an_engine(lateness_ms=0)
    engine.add(0, write(0))
    engine.add(0, write(4_000 * DAY_MS, "hostile"))
    engine.flush(final=False, now_ms=DAY_MS)
    engine.add(1, act(DAY_MS))
    assert [f.verdict for f in engine.flush(final=False, now_ms=DAY_MS)] == ["acted"]


def test_an_event_behind_the_watermark_is_counted_as_late() -> None:
    engine = an_engine(lateness_ms=1_000)
    engine.add(0, write(10_000))
    engine.flush(final=False)
    engine.add(1, act(8_999))
    engine.add(1, act(9_000))
    assert engine.counters.late == 1


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({}, "is not a Flowtrap state"),
        ([], "is not a Flowtrap state"),
        ({"format": "flowtrap-state", "version": 99}, "has version 99"),
        ({"format": "flowtrap-state", "version": 2}, "has version 2, this Flowtrap writes 3"),
        ({"format": "flowtrap-state", "version": 3}, "is damaged"),
    ],
)
def test_a_state_that_cannot_be_used_is_refused(state: object, says: str) -> None:
    with pytest.raises(StateError, match=says):
        an_engine().restore(state)  # type: ignore[arg-type]


def test_a_hit_that_several_detections_hold_is_written_once() -> None:
    twin = {**ROW, "name": "twin", "id": "11111111-4d3f-4a7e-9a53-6a51ab8b1c3d"}
    detections = [Detection.from_dict(ROW), Detection.from_dict(twin)]
    engine = Engine(detections, Tunables({}, now_ms=0), lateness_ms=0)
    engine.add(0, write(0))
    engine.add(1, act(5))
    saved = json.loads(json.dumps(engine.snapshot()))
    assert [row[1] for row in saved["hits"]] == ["w0", "a5"]
    restored = Engine(detections, Tunables({}, now_ms=0), lateness_ms=0)
    restored.restore(saved)
    found = restored.flush(settled_ms=2 * DAY_MS)
    assert [finding.detection for finding in found] == ["twin", "write_then_act"]
