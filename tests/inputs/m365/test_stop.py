"""SIGTERM ends a run at a safe place, soon, whatever it waits for."""

from __future__ import annotations

import json
import time
from collections import Counter

from builders.killed_runs import Killed
from builders.m365_api import Answered, event
from builders.m365_runs import TYPES, one_run


def fill(api, contents):
    for number in range(contents):
        api.add(TYPES[0], [event(number, api.now_s())], api.now_s() - 1000 + number)


def terminated_after(api, certificate, folder, requests):
    """Return the exit code, and the seconds from SIGTERM to the end."""
    run = Killed(one_run, api.root, api.secret, str(certificate), str(folder))
    seen, told_at = [], []

    def on_request():
        seen.append(1)
        if len(seen) == requests:
            told_at.append(time.monotonic())
            run.terminate()

    api.on_request = on_request
    code = run.wait()
    api.on_request = lambda: None
    return code, time.monotonic() - told_at[0]


def test_sigterm_while_contents_are_fetched(api, certificate, tmp_path):
    fill(api, 60)
    api.latency_s = 0.02
    code, took_s = terminated_after(api, certificate, tmp_path, 40)
    assert code == 0
    assert took_s < 3
    out = (tmp_path / "events").read_bytes().splitlines()
    assert 0 < len(out) < 60
    assert Killed(one_run, api.root, api.secret, str(certificate), str(tmp_path)).wait() == 0
    found = Counter(
        json.loads(line)["Id"] for line in (tmp_path / "events").read_bytes().splitlines()
    )
    assert len(found) == 60
    assert set(found.values()) == {1}


def test_sigterm_while_it_is_throttled(api, certificate, tmp_path):
    fill(api, 5)
    api.before = lambda path: (
        Answered(429, b"", {"Retry-After": "600"}) if "/audit/" in path else None
    )
    # token, list, start and two pages of a listing come before the first content
    code, took_s = terminated_after(api, certificate, tmp_path, 6)
    assert code == 0
    assert took_s < 3
