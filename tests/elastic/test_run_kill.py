"""A run that is killed at any moment is made good by the next: the index ends the same."""

from __future__ import annotations

import random
import signal
import subprocess
import threading
import time

import pytest
from builders import all_scenarios
from builders import elastic_running as running
from builders.elastic_meddler import Meddler
from builders.kept_originals import load
from elasticsearch import Elasticsearch

pytestmark = pytest.mark.server
KILLS = 20
MOST_REQUESTS = 60  # a whole run makes more
STEPS = ("--step=2d", "--save-every=0s")


@pytest.fixture
def indices(node: Elasticsearch, room: str) -> list[str]:
    return load(node, room, all_scenarios.everything("aws"))


def begin(url: str, room: str, *options: str) -> subprocess.Popen[str]:
    """Start a run."""
    return subprocess.Popen(
        running.command(url, room, *options),
        stderr=subprocess.PIPE,
        text=True,
        env=running.environment(),
    )


class Assassin:
    """Kills a run as it makes its n-th request, before that takes effect or after."""

    def __init__(self, proxy: Meddler, number: int, *, after: bool) -> None:
        self._last = len(proxy.requests) + number
        self._after = after
        self._armed = threading.Event()
        self.victim: subprocess.Popen[str] | None = None
        proxy.meddle = self.meddle

    def aim(self, victim: subprocess.Popen[str]) -> None:
        self.victim = victim
        self._armed.set()

    def meddle(self, request, forward):
        self._armed.wait()
        answer = forward() if self._after or request.number != self._last else (500, {})
        if request.number == self._last:
            self.victim.kill()
            self.victim.wait()
        return answer


def test_twenty_kills_leave_the_index_of_a_run_that_nobody_killed(node, node_url, room, indices):
    whole = f"whole-{room}"
    assert running.run(node_url, whole, *indices, *STEPS).returncode == 0
    chance = random.Random(7)
    killed = 0
    with Meddler(node_url) as proxy:
        while killed < KILLS:
            number, after = chance.randint(1, MOST_REQUESTS), chance.random() < 0.5
            assassin = Assassin(proxy, number, after=after)
            process = begin(proxy.origin, room, *indices, *STEPS)
            assassin.aim(process)
            process.communicate(timeout=60)
            killed += process.returncode == -signal.SIGKILL
            if process.returncode == 0:  # it was through before it could be killed: begin anew
                node.delete(index="flowtrap-state", id=room)
    last = running.run(node_url, room, *indices, *STEPS)
    assert last.returncode == 0, last.stderr
    found = running.findings(node, room)
    assert found
    assert running.text(found) == running.text(running.findings(node, whole))


def test_terminated_run_says_where_the_next_goes_on(node, node_url, room, indices):
    process = begin(node_url, room, *indices, "--step=3h")
    index = f"flowtrap-findings-{room}"
    while not node.indices.exists(index=index):
        assert process.poll() is None
        time.sleep(0.02)
    process.terminate()
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130, told
    assert told.splitlines()[-1].startswith("flowtrap: stopped: ")
    assert "Traceback" not in told
