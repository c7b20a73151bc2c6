"""Runs that are killed at random points, against a service that fails at random, lose nothing.

Each seed is one story: activities, some shown late, some repeated by a page; runs that are killed
around a request to Google or to splunkd; at the end two runs that are let be. Then every event of
the model is out, and at most one page of each application for each kill is out twice.
"""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from datetime import datetime, timezone

import pytest
from builders.killed_runs import Killed
from builders.workspace_input import (
    events_of,
    expire_lease,
    health_of,
    let_rescans_be_due,
    run_input,
)

APPLICATIONS = ("drive", "token")
PAGE = 5  # activities, of 1 to 3 events
FIGURES: Counter[str] = Counter()


@pytest.fixture(scope="module", autouse=True)
def _figures(request):
    """Print at the end what the runs met and what they gave."""
    yield
    reporter = request.config.pluginmanager.getplugin("terminalreporter")
    reporter.write_line(f"\nGoogle Workspace, killed runs: {dict(FIGURES)}")


def fill(api, dice) -> None:
    """Add a few activities of the last three hours, some of which show a little later."""
    now_s = time.time()
    for _ in range(dice.randint(5, 20)):
        shown_s = now_s + 0.3 if dice.random() < 0.2 else 0.0
        then_s = now_s - dice.randint(2, 3 * 3600)
        api.add(dice.choice(APPLICATIONS), then_s, dice.randint(1, 3), shown_s)


@pytest.mark.parametrize(
    "seed", [n if n < 10 else pytest.param(n, marks=pytest.mark.slow) for n in range(50)]
)
def test_killed_at_random_points(api, splunkd, room, seed):
    dice = api.dice = random.Random(seed)
    api.page_size, api.repeat_rate = PAGE, 0.1
    api.fault_rate = dice.choice([0.0, 0.1, 0.25])
    start = datetime.fromtimestamp(time.time() - 4 * 3600, timezone.utc)
    place = room(applications=",".join(APPLICATIONS), start=f"{start:%Y-%m-%dT%H:%M:%SZ}")
    kills = 0
    for _ in range(dice.randint(1, 3)):
        fill(api, dice)
        killed = Killed(run_input, place)
        countdown = [dice.randint(1, 60)]

        def count(*call, killed=killed, countdown=countdown):
            countdown[0] -= 1
            if countdown[0] == 0:
                killed.kill()

        api.on_request = splunkd.on_call = count
        code = killed.wait()
        api.on_request = splunkd.on_call = lambda *call: None
        assert code in (0, -signal.SIGKILL)
        kills += code != 0
        FIGURES["runs"] += 1
        expire_lease(splunkd)
    time.sleep(0.35)  # the last late activities are shown now
    assert Killed(run_input, place).wait() == 0
    let_rescans_be_due(splunkd)
    assert Killed(run_input, place).wait() == 0
    found = Counter(event.name() for event in events_of(place))
    repeats = sum(found.values()) - len(found)
    allowed = kills * PAGE * 3 * len(APPLICATIONS)
    FIGURES.update(
        stories=1, runs=2, kills=kills, faults=sum(api.faults.values()), events=len(found), repeats=repeats,
        allowed=allowed,
    )  # fmt: skip
    assert set(found) == api.members()
    assert repeats <= allowed
    assert health_of(place)[-1]["state"] in ("ok", "degraded")
    assert not [row for row in splunkd.rows["flowtrap_checkpoints"].values() if row.get("until")]
