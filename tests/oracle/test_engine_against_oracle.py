"""The engine gives what the brute force of the design gives, however the events arrive.

CI runs 2,400 random cases; `FLOWTRAP_CASES=20000 pytest tests/oracle` runs more. A failure prints
the detection and the events: judge by design section 4 which of the two is wrong.
"""

from __future__ import annotations

import io
import json
import os
import random
from typing import Any

import pytest
from brute_force import Expected, brute_force
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import (
    GRID_MS,
    START_MS,
    RandomCase,
    RandomEvent,
    cases,
    deliveries,
    detection_row,
    verdict_row,
)

from flowtrap.correlation import related
from flowtrap.correlation.engine import Engine, Limits
from flowtrap.model.finding import Finding

CASES = int(os.environ.get("FLOWTRAP_CASES", "2400"))


def _some(share: float) -> settings:
    return settings(
        max_examples=max(1, int(CASES * share)),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture
def patience(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Set when hops are worked out for all anchors: 0 at once, 1 where it pays."""
    monkeypatch.setattr(related, "PATIENCE", request.param)
    return int(request.param)


# -- the two sides ---------------------------------------------------------------------------


def expected(case: RandomCase, watermark_ms: int | None = None) -> list[Expected]:
    """Return what the design says, over all detections of the case."""
    found: list[Expected] = []
    for detection in case.detections:
        hits = {stage: case.hits(stage) for stage in detection.stages}
        found += brute_force(detection, case.tunables, hits, watermark_ms=watermark_ms)
    return sorted(found, key=lambda f: (f.first_time, f.detection, f.finding_id))


def seen(finding: Finding) -> Expected:
    """Return the part of an engine's finding that the design fixes."""
    evidence: dict[str, list[str]] = {}
    for row in finding.evidence:
        evidence.setdefault(row.stage, []).append(row.event_id)
    return Expected(
        finding_id=finding.finding_id,
        revision=finding.revision,
        detection=finding.detection,
        verdict=finding.verdict,
        severity=finding.severity,
        risk_score=finding.risk_score,
        first_time=finding.first_time,
        last_time=finding.last_time,
        entities=frozenset((entity.type, entity.value) for entity in finding.entities),
        evidence=evidence,
        evidence_totals={stage: n for stage, n in finding.evidence_totals.items() if n},
    )


def build(case: RandomCase, **more: Any) -> Engine:
    """Return an engine over the case's detections."""
    return Engine(case.detections, case.tunables, **more)


def feed(engine: Engine, events: list[RandomEvent]) -> None:
    """Add every hit of the events, as the pipeline does."""
    index = {stage.name: number for number, stage in enumerate(engine.stages)}
    for event in events:
        for stage, hit in event.hits():
            engine.add(index[stage], hit)


def tell(latest: dict[str, Expected], engine: Engine, **how: Any) -> None:
    """Take what a flush tells into what was told before; what is superseded stands no longer."""
    latest.update({f.finding_id: seen(f) for f in engine.flush(**how)})
    for gone in engine.superseded:
        assert gone.superseded_by is None or gone.superseded_by in latest
        del latest[gone.finding_id]


def standing(latest: dict[str, Expected]) -> list[Expected]:
    """Return what was told and still stands, in the order of the design."""
    return sorted(latest.values(), key=lambda f: (f.first_time, f.detection, f.finding_id))


def through_json(case: RandomCase, engine: Engine, **more: Any) -> Engine:
    """Return a new engine that continues from the saved state of this one."""
    saved = json.loads(json.dumps(engine.snapshot()))
    fresh = build(case, **more)
    fresh.restore(saved)
    return fresh


def spill() -> io.BytesIO:
    """Return an empty spill file."""
    return io.BytesIO()


# -- any order, chunking, duplication --------------------------------------------------------


@pytest.mark.parametrize("patience", [0, 1], indirect=True)
@_some(0.35)
@given(data=st.data())
def test_findings_are_those_of_the_design_in_any_order(data: st.DataObject, patience: int) -> None:
    case = data.draw(cases())
    engine = build(case)
    for run in data.draw(deliveries(case)):
        feed(engine, run)
    assert [seen(f) for f in engine.flush()] == expected(case)


@_some(0.1)
@given(st.data())
def test_whole_records_are_equal_in_any_order(data: st.DataObject) -> None:
    case = data.draw(cases())
    plain, shuffled = build(case), build(case)
    feed(plain, case.events)
    for run in data.draw(deliveries(case)):
        feed(shuffled, run)
    assert [f.to_dict() for f in shuffled.flush()] == [f.to_dict() for f in plain.flush()]


@_some(0.15)
@given(st.data())
def test_findings_are_those_of_the_design_with_flushes_between(data: st.DataObject) -> None:
    case = data.draw(cases())
    engine = build(case)
    latest: dict[str, Expected] = {}
    for run in data.draw(deliveries(case)):
        feed(engine, run)
        tell(latest, engine, final=False)
    tell(latest, engine, final=True)
    assert standing(latest) == expected(case)


# -- successive runs with saved state --------------------------------------------------------


@pytest.mark.parametrize("patience", [0, 1], indirect=True)
@_some(0.15)
@given(data=st.data())
def test_findings_are_those_of_the_design_in_successive_runs(
    data: st.DataObject, patience: int
) -> None:
    case = data.draw(cases())
    engine = build(case)
    latest: dict[str, Expected] = {}
    for run in data.draw(deliveries(case)):
        feed(engine, run)
        tell(latest, engine, final=False)
        engine = through_json(case, engine)
    tell(latest, engine, final=True)
    assert standing(latest) == expected(case)


@pytest.mark.parametrize("patience", [0, 1], indirect=True)
@_some(0.15)
@given(data=st.data())
def test_expiry_by_watermark_loses_nothing_within_lateness(
    data: st.DataObject, patience: int
) -> None:
    """No event is later than `lateness`; state is saved, restored and expires between runs.

    Each run reads the one before it again. The last decides what is absent by the clock alone.
    """
    case = data.draw(cases())
    lateness_ms = data.draw(st.sampled_from((0, GRID_MS, 2 * GRID_MS, 4 * GRID_MS)))
    dice = random.Random(data.draw(st.integers(0, 2**32)))
    order = sorted(case.events, key=lambda event: event.time_ms + dice.randint(0, lateness_ms))
    engine = build(case, lateness_ms=lateness_ms)
    latest: dict[str, Expected] = {}
    late, again, start = 0, 0, 0
    while start < len(order):
        end = start + dice.randint(1, 5)
        feed(engine, order[again:end])
        tell(latest, engine, final=False)
        late, again, start = late + engine.counters.late, start, end
        engine = through_json(case, engine, lateness_ms=lateness_ms)
    tell(latest, engine, final=False, settled_ms=START_MS + 100 * GRID_MS)
    assert standing(latest) == expected(case)
    assert late == 0


def test_anchor_waits_for_the_next_one_to_be_judged() -> None:
    """The first anchor's window has closed, the next one's has not: still one case."""
    values = {"account": "1", "role": "r"}
    one, two = {**values, "function": "f"}, {**values, "function": "g"}
    events = [
        RandomEvent("a1", START_MS, {"write": [one]}),
        RandomEvent("e1", START_MS, {"effect": [one]}),
        RandomEvent("a2", START_MS + 5_000, {"write": [two]}),
        RandomEvent("x", START_MS + 6_000, {"effect": [{"function": "z"}]}),
        RandomEvent("e2", START_MS + 10_000, {"effect": [two]}),
    ]
    verdicts = [verdict_row({"effect": 1})]
    row = detection_row({"effect": "after"}, verdicts, case=("account",), window="5s")
    case = RandomCase([row], {}, events)
    engine = build(case, lateness_ms=0)
    latest: dict[str, Expected] = {}
    for event in events:
        feed(engine, [event])
        tell(latest, engine, final=False)
    assert standing(latest) == expected(case)


def test_anchor_without_verdict_is_not_judged_again_in_an_open_case() -> None:
    """Its relations have expired by then; absence must not be read out of that."""
    quiet, loud = ({"account": "1", "function": name, "role": "r"} for name in "fg")
    events = [
        RandomEvent("e", START_MS, {"effect": [quiet]}),
        RandomEvent("no", START_MS + 5_000, {"write": [quiet]}),
        *(
            RandomEvent(f"a{number}", START_MS + number * 5_000, {"write": [loud]})
            for number in range(1, 7)
        ),
    ]
    row = detection_row(
        {"effect": "before"}, [verdict_row({"effect": 0})], case=("account",), window="5s"
    )
    case = RandomCase([row], {}, events)
    engine = build(case, lateness_ms=0)
    latest: dict[str, Expected] = {}
    for event in events:
        feed(engine, [event])
        tell(latest, engine, final=False)
    tell(latest, engine, final=True)
    assert standing(latest) == expected(case)


# -- a cap on memory -------------------------------------------------------------------------


@_some(0.1)
@given(st.data())
def test_spilling_changes_nothing(data: st.DataObject) -> None:
    case = data.draw(cases())
    limits = Limits(hits_in_memory=data.draw(st.integers(1, 5)))
    engine = build(case, limits=limits, spill=spill)
    for run in data.draw(deliveries(case)):
        feed(engine, run)
    assert [seen(f) for f in engine.flush()] == expected(case)


# -- what random cases are too small for, and that the comparison can fail ---------------------


def test_evidence_shows_the_first_twenty_and_counts_all() -> None:
    row = detection_row({"effect": "after"}, [verdict_row({"effect": 3})], window="5s")
    events = [
        RandomEvent("w", START_MS, {"write": [{"account": "1", "function": "f", "role": "r"}]})
    ]
    events += [
        RandomEvent(f"e{number:02}", START_MS + number % 7, {"effect": [{"function": "f"}]})
        for number in range(50)
    ]
    case = RandomCase([row], {}, events)
    engine = build(case)
    feed(engine, list(reversed(events)))
    found = [seen(f) for f in engine.flush()]
    assert found == expected(case)
    assert len(found[0].evidence["effect"]) == 20
    assert found[0].evidence_totals == {"write": 1, "effect": 50}
    assert found[0].revision == 51


@pytest.mark.parametrize("change", ["time", "key", "absent"])
def test_comparison_reports_a_difference(change: str) -> None:
    row = detection_row({"effect": "after"}, [verdict_row({"effect": 1})], window="5s")
    write = RandomEvent("w", START_MS, {"write": [{"account": "1", "function": "f", "role": "r"}]})
    effect = RandomEvent("e", START_MS + 5_000, {"effect": [{"function": "f"}]})
    other = {
        "time": [write, effect._replace(time_ms=START_MS + 5_001)],
        "key": [write, effect._replace(values={"effect": [{"function": "g"}]})],
        "absent": [write],
    }[change]
    engine = build(RandomCase([row], {}, [write, effect]))
    feed(engine, [write, effect])
    found = [seen(f) for f in engine.flush()]
    assert found == expected(RandomCase([row], {}, [write, effect]))
    assert found != expected(RandomCase([row], {}, other))
