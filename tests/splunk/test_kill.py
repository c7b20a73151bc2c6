"""A run that is killed at any point, and repeated, ends with the same findings; none is lost.

The model of splunkd ends the process before or after any of its requests takes effect, which are
the only points where the outside world changes but for the rows on the pipe.
"""

from __future__ import annotations

import functools
import json
import os
import random
import signal
from typing import Any

import pytest
from builders.all_scenarios import attacks
from builders.hunting import hunt
from builders.search_commands import executes, getinfo, raw_rows, run
from builders.splunkd import SESSION_KEY, Splunkd

ARGS = ["detection=aws_lambda_*", "state=killed"]


@functools.cache
def records_of() -> list[Any]:
    """Return attacks in four parts, of which each alone shows too little."""
    several = list(attacks("aws").values())
    return [record for n in range(3) for record in several[n]]


def portions() -> list[list[Any]]:
    records = records_of()
    return [records[n::4] for n in range(4)]


@functools.cache
def expected() -> dict[str, int]:
    found = json.loads(json.dumps(hunt(records_of()).plain()))
    return {
        f["finding_id"]: f["revision"] for f in found if f["detection"].startswith("aws_lambda")
    }


def expire_lease(splunkd: Splunkd) -> None:
    """Let time pass, as far as a dead run's lease goes."""
    for row in splunkd.rows.get("flowtrap_state", {}).values():
        if row["kind"] == "lease":
            row["until"] = 0


def one_run(nursery, splunkd: Splunkd, portion: list[Any], kill_at: tuple[int, bool] | None, seen):
    """Run once, killed around a request if asked for; tell whether it ended by itself."""
    alive = []
    start = len(splunkd.calls)

    def on_call(number: int, method: str, path: str, done: bool) -> None:
        if kill_at == (number - start, done):
            os.kill(alive[0].pid, signal.SIGKILL)

    splunkd.on_call = on_call
    first = getinfo(ARGS, splunkd.uri, SESSION_KEY)
    chunks = executes(raw_rows(portion), 7)
    outcome = run(nursery.app, "chaindetect", first, chunks,
                  launch=nursery.start, started=alive.append)  # fmt: skip
    splunkd.on_call = lambda *call: None
    expire_lease(splunkd)
    seen.update({f["finding_id"]: f["revision"] for f in outcome.findings})
    if outcome.code == 0:
        return True
    assert outcome.code == -signal.SIGKILL, outcome
    return False


def left_over(splunkd: Splunkd) -> list[str]:
    return sorted(row["kind"] for row in splunkd.rows["flowtrap_state"].values())


@pytest.mark.parametrize("seed", range(50))
def test_killed_at_random_points_and_repeated(nursery, splunkd, seed):
    dice = random.Random(seed)
    seen: dict[str, int] = {}
    kills = 0
    for portion in portions():
        while not one_run(
            nursery, splunkd, portion, (dice.randint(1, 22), dice.random() < 0.5), seen
        ):
            kills += 1
    assert seen == expected()
    assert left_over(splunkd) == ["head", "part"]


@pytest.mark.parametrize("done", [False, True])
def test_killed_around_each_request(nursery, splunkd, done):
    """The second of two runs is killed around its first request, then its second, and so on."""
    first, *rest = portions()
    seen: dict[str, int] = {}
    assert one_run(nursery, splunkd, first, None, seen)
    for number in range(1, 40):
        if one_run(nursery, splunkd, rest[0], (number, done), seen):
            break
    else:
        raise AssertionError("it never ended")
    assert number > 8
    for portion in rest[1:]:
        assert one_run(nursery, splunkd, portion, None, seen)
    assert seen == expected()


def test_killed_on_the_pipe_saves_nothing(app, splunkd):
    """The search ends before its last chunk: no state is written."""
    rows = raw_rows(portions()[0])
    first = getinfo(ARGS, splunkd.uri, SESSION_KEY)
    outcome = run(app, "chaindetect", first, executes(rows, 2)[:-1])
    assert (outcome.code, outcome.rows) == (0, [])
    assert "flowtrap_state" not in splunkd.rows
