"""What waits over several steps and saved states is let in as if it had never waited.

The reference is `hunt`, which sees everything at once. A step is what `elastic run` reads between
two looks at the cases, a run what it does between two saved states.
"""

from __future__ import annotations

import datetime
import itertools
import json
import random
import tempfile
from typing import Any

import pytest
from builders import all_scenarios
from builders.all_scenarios import NAMES, event_of, everything
from builders.hunting import NOW_MS, detections, hunt

from flowtrap.correlation.engine import Engine
from flowtrap.feed.waiting import WaitingRoom
from flowtrap.intake import ALWAYS, Context, Intake, every_default
from flowtrap.match.matcher import Matcher
from flowtrap.model.tunable import Tunables
from flowtrap.sieve import Sieve, Waiting

LATENESS_MS = 7_200_000
HOUR_MS = 3_600_000


class Run:
    """One run: `step` takes records and returns what is told, `end` the state to go on from."""

    def __init__(self, state: str | None) -> None:
        tunables = Tunables({}, now_ms=NOW_MS)
        self.engine = Engine(detections(), tunables, lateness_ms=LATENESS_MS)
        engine, waiting = json.loads(state) if state else (None, ())
        if engine:
            self.engine.restore(engine)
        matcher = Matcher(self.engine.stages, every_default(detections(), tunables))
        self.intake = Intake(self.engine, matcher, ALWAYS, print, lambda event: None)
        self.room = WaitingRoom(tempfile.TemporaryFile, print)
        self.sieve = Sieve(self.engine, matcher, self.intake, self.room)
        self.sieve.wait_again(Waiting(*portion) for portion in waiting)

    def step(self, records: list[Any], until_ms: int, told: dict[str, Any]) -> None:
        context = Context("here")
        for feed in {event_of(record).feed for record in records}:
            self.sieve.begin(context, feed=feed, came_ms=until_ms)
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
        for line in self.sieve.door(feed).sift(lines):
            self.intake.take_line(line, context, 0)

    def end(self) -> str:
        waiting = list(self.sieve.waiting(self.engine.late_before_ms or 0))
        return json.dumps([self.engine.snapshot(), waiting])


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
            state = run.end()
            run.room.close()
            run = Run(state)
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
    attack = [record for record in all_scenarios.attacks("aws")["A01"] if isinstance(record, dict)]
    (late,) = (record for record in attack if record["eventName"] == "Invoke")
    (write,) = (record for record in attack if record["eventName"].startswith("CreateFunction"))
    at_ms = event_of(late).time_ms
    run = Run(None)
    told: dict[str, Any] = {}
    run.step([], at_ms + 30 * HOUR_MS, told)
    run.step([late], at_ms + 31 * HOUR_MS, told)
    assert run.engine.counters.late == 0  # nobody asks
    again = Run(run.end())
    moment = datetime.datetime.fromtimestamp(at_ms / 1000 + 31 * 3600, datetime.timezone.utc)
    newer = {**write, "eventTime": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}
    run.step([newer], at_ms + 32 * HOUR_MS, told)
    assert run.engine.counters.late > 0
    run.room.close()
    again.step([newer], at_ms + 32 * HOUR_MS, told)
    assert again.engine.counters.late == 0  # the run before has judged what it read
    assert again.engine.counters.matched == 2
    again.room.close()
