"""The same events give the same findings: by `hunt`, by chaindetect, by twenty runs with a state.

A difference here means that a person who hunts over exports and one who runs Splunk are told
different things. The commands run as processes over the real protocol.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from typing import Any

import pytest
from builders.all_scenarios import NAMES, attacks, event_of, everything
from builders.hunting import NOW_MS, detections, hunt
from builders.search_commands import execute, executes, getinfo, raw_rows, run
from builders.splunkd import SESSION_KEY

from flowtrap.correlation.engine import Engine
from flowtrap.intake import ALWAYS, Intake, every_default
from flowtrap.match.matcher import Matcher
from flowtrap.model.tunable import Tunables

RUNS = 20
ARGS = ["detection=*", "state=all"]
every_platform = pytest.mark.parametrize("name", NAMES)


def hunted(records: Any) -> list[dict[str, Any]]:
    """Return what `hunt` finds, as plain JSON data."""
    return json.loads(json.dumps(hunt(records).plain()))


def delivered(records: list[Any], order: str, dice: random.Random) -> list[Any]:
    """Return records as they are indexed: in order of time, or late by less than two hours."""
    spread_ms = 0 if order == "in time" else 7_200_000
    return sorted(records, key=lambda record: event_of(record).time_ms + dice.randint(0, spread_ms))


@every_platform
@pytest.mark.parametrize(("size", "newest_first"), [(1, False), (7, True), (50_000, True)])
def test_one_shot_equals_hunt_in_any_chunking_and_order(app, name, size, newest_first):
    records = list(everything(name))
    rows = raw_rows(records[::-1] if newest_first else records)
    outcome = run(app, "chaindetect", getinfo(["detection=*"]), executes(rows, size))
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.findings == hunted(records)
    assert outcome.findings


@every_platform
def test_each_attack_alone_equals_hunt(app, name):
    several = attacks(name)
    for identity, records in random.Random(5).sample(sorted(several.items()), 4):
        rows = raw_rows(records)
        outcome = run(app, "chaindetect", getinfo(["detection=*"]), executes(rows, 7))
        assert outcome.findings == hunted(records), identity


@every_platform
@pytest.mark.parametrize("order", ["in time", "late"])
def test_twenty_runs_with_a_state_equal_hunt(nursery, splunkd, name, order):
    """Each run reads the one before it again; the last, of nothing, knows by the clock that all is in."""
    dice = random.Random(name)
    records = delivered(list(everything(name)), order, dice)
    ends = [0, *(len(records) * n // RUNS for n in range(RUNS + 1))]
    told: dict[str, dict[str, Any]] = {}
    superseded = 0
    for again, end in zip(ends, ends[2:], strict=False):
        portion = records[again:end]
        dice.shuffle(portion)
        first = getinfo(ARGS, splunkd.uri, SESSION_KEY)
        chunks = executes(raw_rows(portion), 50)
        outcome = run(nursery.app, "chaindetect", first, chunks, launch=nursery.start)
        assert (outcome.code, outcome.stderr, outcome.told("WARN")) == (0, "", "")
        outcome.add_to(told)
        superseded += len(outcome.superseded)
    month_later = str(max(event_of(record).time_ms for record in records) // 1000 + 30 * 86_400)
    first = getinfo(ARGS, splunkd.uri, SESSION_KEY, latest=month_later)
    chunks = [execute([], finished=True)]
    run(nursery.app, "chaindetect", first, chunks, launch=nursery.start).add_to(told)
    assert in_order(told.values()) == hunted(records)
    assert superseded <= 2 or order == "late"


def in_order(findings: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(findings, key=lambda row: (row["detection"], row["finding_id"]))


def test_events_seen_again_after_as_many_as_are_remembered_change_nothing():
    records = next(iter(attacks("aws").values()))
    found = []
    for kept in (None, 2):
        engine = Engine(detections(), Tunables({}, now_ms=NOW_MS))
        matcher = Matcher(engine.stages, every_default(detections(), Tunables({}, now_ms=NOW_MS)))
        intake = Intake(engine, matcher, ALWAYS, print, lambda event: None, seen_kept=kept)
        for record in [*records, *records]:
            intake.take(record, "here")
        found.append(([f.to_dict() for f in engine.flush()], engine.counters.duplicate > 0))
    assert found[0][0] == found[1][0] != []
    assert (found[0][1], found[1][1]) == (True, False)


def test_comparison_reports_a_difference(app):
    records = next(iter(attacks("aws").values()))
    outcome = run(app, "chaindetect", getinfo(["detection=*"]), executes(raw_rows(records[:-1]), 7))
    assert outcome.findings != hunted(records)
