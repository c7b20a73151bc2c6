"""Runs that are killed at random points, against a service that fails at random, lose nothing.

Each seed is one story: contents, some of them late, some with events that came before, some gone
when they are asked for; runs that are killed while requests, writes and saves go on; at the end a
run that is let be. Then every event that could be had is out, and events are out twice only where
they were on their way (out, but not yet in a checkpoint) when a run was killed.
"""

from __future__ import annotations

import json
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from builders.killed_runs import Killed
from builders.m365_api import M365Api, event
from builders.m365_runs import TYPES, one_run

from flowtrap_inputs.m365.progress import key_of, unpack

EVENTS = 4  # a content
FIGURES: Counter[str] = Counter()


@pytest.fixture(scope="module", autouse=True)
def _figures(request):
    """Print at the end what the runs met and what they gave."""
    yield
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        sys.stderr.write(f"\nMicrosoft 365, killed runs: {dict(FIGURES)}\n")


def fill(api: M365Api, dice: random.Random, number: int) -> int:
    """Add a few contents, in no order of time; return the next event's number."""
    now_s = api.now_s()
    for _ in range(dice.randint(4, 12)):
        created_s = now_s - dice.randint(60, 4 * 3600)
        some = [event(number + n, created_s - dice.randint(0, 86_400)) for n in range(EVENTS)]
        number += EVENTS
        if dice.random() < 0.2 and api.contents:
            before = dice.choice(dice.choice(list(api.contents.values())))
            some.append(json.loads(before.body)[0])  # an event that came before
        listed_s = now_s + 0.2 if dice.random() < 0.2 else 0.0
        content = api.add(dice.choice(TYPES), some, created_s, listed_s=listed_s)
        if dice.random() < 0.03:
            api.expired.add(content.content_id)
    return number


def obtainable(api: M365Api) -> set[str]:
    return {
        one["Id"]
        for contents in api.contents.values()
        for content in contents
        if content.content_id not in api.expired
        for one in json.loads(content.body)
    }


def out(folder: Path) -> Counter[str]:
    """Return how often each event is out; a line that a kill has cut is none."""
    path = folder / "events"
    text = path.read_bytes() if path.exists() else b""
    lines, cut = text[: text.rfind(b"\n") + 1], len(text) - text.rfind(b"\n") - 1
    if cut:
        path.write_bytes(lines)
    return Counter(json.loads(line)["Id"] for line in lines.splitlines())


def on_their_way(api: M365Api, folder: Path) -> int:
    """Return how many events are out whose content is not done in the checkpoint."""
    path = folder / "m365.json"
    done = set()
    if path.exists():
        for progress in json.loads(path.read_text())["types"].values():
            done |= {key for text in progress["done"].values() for key in unpack(text)}
    undone = {
        one["Id"]
        for contents in api.contents.values()
        for content in contents
        if key_of(content.content_id) not in done
        for one in json.loads(content.body)
    }
    return sum(1 for name in out(folder) if name in undone)


@pytest.mark.parametrize(
    "seed", [n if n < 10 else pytest.param(n, marks=pytest.mark.slow) for n in range(100)]
)
def test_killed_at_random_points(certificate, tmp_path, seed):
    dice = random.Random(seed)
    allowed, kills, number = 0, 0, 0
    with M365Api(certificate, seed=seed) as api:
        api.fault_rate = dice.choice([0.0, 0.1, 0.25])
        args = (api.root, api.secret, str(certificate), str(tmp_path))
        for _ in range(dice.randint(2, 4)):
            number = fill(api, dice, number)
            killed = Killed(one_run, *args)
            countdown = [dice.randint(1, 30)]
            delay_s = dice.choice([0, 0.002, 0.01])

            def on_request(killed=killed, countdown=countdown, delay_s=delay_s):
                countdown[0] -= 1
                if countdown[0] == 0:
                    time.sleep(delay_s)
                    killed.kill()

            api.on_request = on_request
            code = killed.wait()
            api.on_request = lambda: None
            assert code in (0, -signal.SIGKILL)
            if code:
                kills += 1
                allowed += on_their_way(api, tmp_path)
        time.sleep(0.25)  # the last late contents are listed now
        for _ in range(2):
            assert Killed(one_run, *args).wait() == 0
        found = out(tmp_path)
        repeats = sum(found.values()) - len(found)
        FIGURES.update(
            runs=1, kills=kills, faults=sum(api.faults.values()), expired=len(api.expired),
            events=len(found), repeats=repeats, allowed=allowed,
        )  # fmt: skip
        assert set(found) == obtainable(api)
        assert repeats <= allowed
