"""What waits over several steps and saved states is let in as if it had never waited.

The reference is `hunt`, which sees everything at once. A step is what `elastic run` reads between
two looks at the cases, a run what it does between two saved states.
"""

from __future__ import annotations

import itertools
import json
import random
import tempfile
from typing import Any

import pytest
from builders.all_scenarios import NAMES, event_of, everything
from builders.hunting import NOW_MS, detections, hunt

from flowtrap.correlation.engine import Engine
from flowtrap.feed.waiting import WaitingRoom
from flowtrap.intake import ALWAYS, Context, Intake, every_default
from flowtrap.match.matcher import Matcher
from flowtrap.model.tunable import Tunables
from flowtrap.normalise.table import FEEDS, recognise
from flowtrap.sieve import Sieve

LATENESS_MS = 7_200_000
HOUR_MS = 3_600_000
SPECS = {spec.name: spec for spec in FEEDS}


class Run:
    """One run: `step` takes records and returns what is told, `end` the state to go on from."""

    def __init__(self, state: str | None) -> None:
        tunables = Tunables({}, now_ms=NOW_MS)
        self.engine = Engine(detections(), tunables, lateness_ms=LATENESS_MS)
        if state:
            self.engine.restore(json.loads(state))
        matcher = Matcher(self.engine.stages, every_default(detections(), tunables))
        self.intake = Intake(self.engine, matcher, ALWAYS, print, lambda event: None)
        self.room = WaitingRoom(tempfile.TemporaryFile, print)
        self.sieve = Sieve(self.engine, matcher, self.intake, self.room)

    def step(self, records: list[Any], until_ms: int, told: dict[str, Any]) -> None:
        context = Context("here")
        self.sieve.begin(context, came_ms=until_ms)
        for feed in {event_of(record).feed for record in records}:
            self._sift(feed, [r for r in records if event_of(r).feed == feed], context)
        self.sieve.settle()
        for finding in self.engine.flush(final=False, settled_ms=until_ms - LATENESS_MS):
            told[finding.finding_id] = finding.to_dict()
        for gone in self.engine.superseded:
            told.pop(gone.finding_id, None)

    def _sift(self, feed: str, records: list[Any], context: Context) -> None:
        lines = [json.dumps(record).encode() for record in records if isinstance(record, dict)]
        for record in records:
            if not isinstance(record, dict):
                self.intake.take(record, "here")
        for line in self.sieve.door(SPECS[feed]).sift(lines):
            self.intake.take_line(line, context, 0)

    def end(self) -> str:
        self.sieve.let_in_since(self.engine.late_before_ms or 0)
        self.room.close()
        return json.dumps(self.engine.snapshot())


def told_of(name: str, steps: int, saves: float, dice: random.Random) -> tuple[Any, int]:
    """Return what is told of a platform's records, and how many were not let in at once."""
    records = list(everything(name))
    told: dict[str, Any] = {}
    run, waited = Run(None), 0
    ends = [len(records) * n // steps for n in range(steps + 1)]
    for begin, end in itertools.pairwise(ends):
        portion = records[begin:end]
        until_ms = event_of(portion[-1]).time_ms + 1
        dice.shuffle(portion)
        run.step(portion, until_ms, told)
        assert run.engine.counters.late == 0
        if dice.random() < saves:
            waited += run.engine.counters.filtered_out
            run = Run(run.end())
    waited += run.engine.counters.filtered_out
    run.step([], until_ms + 90 * 24 * HOUR_MS, told)
    run.room.close()
    return sorted(told.values(), key=lambda row: (row["detection"], row["finding_id"])), waited


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("steps", "saves"), [(5, 1.0), (20, 0.0), (40, 0.4)])
def test_runs_in_steps_with_saved_states_equal_hunt(name, steps, saves):
    told, waited = told_of(name, steps, saves, random.Random(f"{name} {steps}"))
    expected = json.loads(json.dumps(hunt(list(everything(name))).plain()))
    assert json.loads(json.dumps(told)) == expected
    assert expected
    assert waited > 0 or name != "aws"


def test_a_late_record_that_waited_is_counted_when_it_is_let_in():
    """It came after the watermark had passed it, whenever it is asked for."""
    records = list(everything("aws"))
    by_name: dict[str, list[Any]] = {}
    for record in records:
        if isinstance(record, dict) and recognise(record):
            by_name.setdefault(record.get("eventName", ""), []).append(record)
    late = by_name["Invoke"][0]
    at_ms = event_of(late).time_ms
    run = Run(None)
    told: dict[str, Any] = {}
    run.step([], at_ms + 30 * HOUR_MS, told)
    run.step([late], at_ms + 31 * HOUR_MS, told)
    assert run.engine.counters.late == 0  # nobody asks
    run.sieve.let_in_since(0)
    assert run.engine.counters.late > 0
    run.room.close()
