"""A foreign oracle: the `eql` engine finds the same write -> effect pairs, where its language reaches.

EQL keeps one open sequence a key and lets a new first event replace the old one, so that its pairs
are neighbours: the last write before an effect, and the first effect after that write. It wants
events in time order and has no notion of ties, so the events here have neither disorder nor ties.
"""

from __future__ import annotations

import os
import random
import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import ALPHABET, START_MS, RandomCase, RandomEvent, detection_row, verdict_row
from test_engine_against_oracle import build, feed

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    eql = pytest.importorskip("eql", exc_type=ImportError)

CASES = max(1, int(os.environ.get("FLOWTRAP_CASES", "2400")) // 8)
WINDOW_S = 10
QUERY = f"""
sequence with maxspan={WINDOW_S}s
  [any where stage == "write"] by function
  [any where stage == "effect"] by function
"""
Pair = tuple[str, str]


def pairs_in_eql(events: list[RandomEvent]) -> set[Pair]:
    """Return the (write, effect) pairs that the eql engine gives."""
    found: set[Pair] = set()
    engine = eql.PythonEngine()
    with engine.schema, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        engine.add_query(eql.parse_query(QUERY))
        engine.add_output_hook(lambda result: found.add(tuple(e.data["id"] for e in result.events)))
        engine.stream_events([_eql_event(event) for event in events], finalize=True)
    return found


def _eql_event(event: RandomEvent) -> Any:
    stage, rows = next(iter(event.values.items()))
    ticks = (event.time_ms - START_MS) * 10_000  # eql counts in 100 ns
    row = {"id": event.event_id, "stage": stage, "function": rows[0]["function"]}
    return eql.Event("generic", ticks, {**row, "timestamp": ticks})


def pairs_in_engine(events: list[RandomEvent]) -> set[Pair]:
    """Return the neighbours (write, effect) within the evidence of each case."""
    row = detection_row(
        {"effect": "after"},
        [verdict_row({"effect": 1})],
        case=("function",),
        window=f"{WINDOW_S}s",
    )
    engine = build(RandomCase([row], {}, events))
    feed(engine, events)
    times = {event.event_id: event.time_ms for event in events}
    found: set[Pair] = set()
    for finding in engine.flush():
        rows = [(times[e.event_id], e.stage, e.event_id) for e in finding.evidence]
        for (first, stage, write), (last, next_stage, effect) in zip(
            sorted(rows), sorted(rows)[1:], strict=False
        ):
            close = last - first <= WINDOW_S * 1000
            if close and (stage, next_stage) == ("write", "effect"):
                found.add((write, effect))
    return found


@st.composite
def ordered_events(draw: Any) -> list[RandomEvent]:
    """Return writes and effects in time order, no two at one time; gaps often end on the window."""
    dice = random.Random(draw(st.integers(0, 2**32)))
    events, time_ms = [], START_MS
    for number in range(draw(st.integers(0, 18))):
        time_ms += dice.choice((1, 999, 2_000, 5_000, 5_000, 10_000))
        values: dict[str, Any] = {key: dice.choice(ALPHABET[key]) for key in ("account", "role")}
        values["function"] = dice.choice(ALPHABET["function"])
        events.append(
            RandomEvent(f"e{number:02}", time_ms, {dice.choice(("write", "effect")): [values]})
        )
    return events


@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
@given(ordered_events())
def test_same_pairs(events: list[RandomEvent]) -> None:
    assert pairs_in_engine(events) == pairs_in_eql(events)


def test_both_ends_of_the_window_count() -> None:
    values = {"account": "1", "role": "r", "function": "f"}
    write = RandomEvent("w", START_MS, {"write": [values]})
    effect = RandomEvent("e", START_MS + WINDOW_S * 1000, {"effect": [values]})
    late = effect._replace(time_ms=effect.time_ms + 1)
    assert pairs_in_engine([write, effect]) == pairs_in_eql([write, effect]) == {("w", "e")}
    assert pairs_in_engine([write, late]) == pairs_in_eql([write, late]) == set()
