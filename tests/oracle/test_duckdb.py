"""A foreign oracle: DuckDB's SQL of the star join fires for the same anchors as the engine.

One query per detection: an anchor fires if every related stage has enough events with equal keys
inside the window. DuckDB is somebody else's code and somebody else's idea of a join.
"""

from __future__ import annotations

import functools
import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import (
    RELATIONS,
    WHEN,
    RandomCase,
    RandomEvent,
    detection_row,
    star_events,
    verdict_row,
)
from test_engine_against_oracle import build, feed

duckdb = pytest.importorskip("duckdb", exc_type=ImportError)

CASES = max(1, int(os.environ.get("FLOWTRAP_CASES", "2400")) // 16)
WINDOW_MS = 10_000
BOUNDS = {
    "after": "h.t >= a.t AND h.t <= a.t + {w}",
    "before": "h.t >= a.t - {w} AND h.t <= a.t",
    "around": "h.t >= a.t - {w} AND h.t <= a.t + {w}",
}
COLUMNS = ("account", "function", "role")


def star_join(relations: dict[str, str], counts: dict[str, int]) -> str:
    """Return the SQL that yields the ids of the anchors that fire."""
    clauses = []
    for stage, when in relations.items():
        match, _ = RELATIONS[stage]
        keys = " AND ".join(f"h.{theirs} = a.{ours}" for ours, theirs in match.items())
        window = BOUNDS[when].format(w=WINDOW_MS)
        clauses.append(
            f"(SELECT count(DISTINCT h.id) FROM hits h WHERE h.stage = '{stage}' AND {keys} "
            f"AND {window} AND h.id <> a.id) >= {counts[stage]}"
        )
    return f"SELECT DISTINCT a.id FROM hits a WHERE a.stage = 'write' AND {' AND '.join(clauses)}"


def rows_of(events: list[RandomEvent]) -> list[tuple[Any, ...]]:
    """Return one row per hit."""
    return [
        (stage, hit.event_id, hit.time_ms, *(hit.values.get(name) for name in COLUMNS))
        for event in events
        for stage, hit in event.hits()
    ]


def fired_in_duckdb(rows: list[tuple[Any, ...]], query: str) -> set[str]:
    """Run the query over the rows."""
    names = ("stage", "id", "t", *COLUMNS)
    types = json.dumps([{name: "BIGINT" if name == "t" else "VARCHAR" for name in names}])
    text = json.dumps([dict(zip(names, row, strict=False)) for row in rows])
    rows_from_json = "SELECT unnest(from_json(?::VARCHAR, ?), recursive := true)"
    database = _database()
    database.execute(f"CREATE OR REPLACE TABLE hits AS {rows_from_json}", [text, types])
    return {row[0] for row in database.execute(query).fetchall()}


@functools.lru_cache(maxsize=1)
def _database() -> Any:
    return duckdb.connect(config={"threads": 1})


def fired_in_engine(row: dict[str, Any], events: list[RandomEvent]) -> set[str]:
    """Return the anchors shown as evidence of any case."""
    case = RandomCase([row], {}, events)
    engine = build(case)
    feed(engine, events)
    findings = engine.flush()
    assert all(f.evidence_totals["write"] <= 20 for f in findings)
    return {e.event_id for f in findings for e in f.evidence if e.stage == "write"}


@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    relations=st.dictionaries(
        st.sampled_from(("grant", "run", "effect")), st.sampled_from(WHEN), min_size=1
    ),
    counts=st.fixed_dictionaries({s: st.integers(1, 3) for s in ("grant", "run", "effect")}),
    events=star_events(),
)
def test_same_anchors_fire(
    relations: dict[str, str], counts: dict[str, int], events: list[RandomEvent]
) -> None:
    require = {stage: counts[stage] for stage in relations}
    row = detection_row(relations, [verdict_row(require)], window=f"{WINDOW_MS // 1000}s")
    known = [
        e._replace(values={s: v for s, v in e.values.items() if s in row["stages"]}) for e in events
    ]
    query = star_join(relations, counts)
    assert fired_in_engine(row, known) == fired_in_duckdb(rows_of(known), query)


def test_comparison_reports_a_difference() -> None:
    values = {"account": "1", "function": "f", "role": "r"}
    events = [
        RandomEvent("w", 0, {"write": [values]}),
        RandomEvent("e", WINDOW_MS, {"effect": [{"function": "f"}]}),
    ]
    row = detection_row({"effect": "after"}, [verdict_row({"effect": 1})], window="10s")
    query = star_join({"effect": "after"}, {"effect": 1})
    assert fired_in_engine(row, events) == fired_in_duckdb(rows_of(events), query) == {"w"}
    late = [events[0], events[1]._replace(time_ms=WINDOW_MS + 1)]
    assert fired_in_duckdb(rows_of(late), query) == set()
