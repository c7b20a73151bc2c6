"""The same events give the same findings: by `hunt`, by chaindetect, by twenty runs with a state.

A difference here means that a person who hunts over exports and one who runs Splunk are told
different things. The commands run as processes over the real protocol.
"""

from __future__ import annotations

import itertools
import json
import random
from typing import Any

import pytest
from builders.all_scenarios import NAMES, attacks, event_of, everything
from builders.hunting import detections, hunt
from builders.search_commands import execute, executes, getinfo, raw_rows, run
from builders.splunkd import SESSION_KEY

RUNS = 20
every_platform = pytest.mark.parametrize("name", NAMES)


def hunted(records: Any) -> list[dict[str, Any]]:
    """Return what `hunt` finds, as plain JSON data."""
    return json.loads(json.dumps(hunt(records).plain()))


def in_time(record: Any, latest: Any) -> bool:
    """Tell whether a record that is read again lies within the lateness of two hours."""
    return event_of(record).time_ms >= event_of(latest).time_ms - 7_200_000


def absence() -> set[str]:
    """Return the detections that ask for something to be absent: decided when time has passed."""
    return {
        detection.name
        for detection in detections()
        for verdict in detection.verdicts
        if any(rule.at_least == 0 for rule in verdict.require)
    }


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
def test_twenty_runs_with_a_state_equal_hunt(app, splunkd, name):
    """Runs are in order of time, shuffled within, and overlap; the last decides what is absent."""
    records = list(everything(name))
    ends = [len(records) * n // RUNS for n in range(RUNS + 1)]
    args, dice = ["detection=*", "state=all"], random.Random(name)
    told: dict[str, dict[str, Any]] = {}
    for begin, end in itertools.pairwise(ends):
        again = [r for r in records[max(0, begin - 3) : begin] if in_time(r, records[begin - 1])]
        portion = [*again, *records[begin:end]]
        dice.shuffle(portion)
        first = getinfo(args, splunkd.uri, SESSION_KEY)
        outcome = run(app, "chaindetect", first, executes(raw_rows(portion), 7))
        assert (outcome.code, outcome.stderr, outcome.told("WARN")) == (0, "", "")
        told.update({finding["finding_id"]: finding for finding in outcome.findings})
    wanted = hunted(records)
    late = absence()
    for finding in wanted:
        if finding["detection"] not in late:
            assert told.get(finding["finding_id"]) == finding
    first = getinfo([*args, "final=true"], splunkd.uri, SESSION_KEY)
    outcome = run(app, "chaindetect", first, [execute([], finished=True)])
    told.update({finding["finding_id"]: finding for finding in outcome.findings})
    found = {finding["finding_id"]: finding for finding in wanted}
    assert {name: told.get(name) for name in found} == found
    for extra in told.keys() - found.keys():
        assert any(is_part(told[extra], finding) for finding in wanted)


def is_part(early: dict[str, Any], final: dict[str, Any]) -> bool:
    """Tell whether a finding was told of a case before an older anchor of it had its verdict.

    The id of a case is that of its first anchor (design, semantics 8), so it was another then; or
    what was absent then has come, and the case is another detection's now.
    """
    events = {row["event_id"] for row in early["evidence"]}
    return events <= {row["event_id"] for row in final["evidence"]}


def test_comparison_reports_a_difference(app):
    records = next(iter(attacks("aws").values()))
    outcome = run(app, "chaindetect", getinfo(["detection=*"]), executes(raw_rows(records[:-1]), 7))
    assert outcome.findings != hunted(records)
