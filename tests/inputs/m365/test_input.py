"""The input as splunkd runs it: its XML, the account from splunkd, events on the pipe, health."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter

import pytest
from builders.killed_runs import Killed
from builders.m365_api import event, refusal
from builders.m365_input import configure, run_input
from builders.splunkd import Splunkd
from builders.workspace_input import events_of, expire_lease, health_of

from flowtrap.model.errors import FlowtrapError
from flowtrap_inputs.m365.clouds import CONTENT_TYPES
from flowtrap_inputs.m365.input import check_form, settings_of

TYPE = "Audit.Exchange"


@pytest.fixture
def splunkd(certificate):
    with Splunkd(certificate) as server:
        yield server


@pytest.fixture
def room(splunkd, api, certificate, tmp_path):
    return configure(splunkd, api, certificate, tmp_path, content_types=TYPE)


def fill(api, contents=5):
    first = len(api.contents.get(TYPE, []))
    for number in range(first, first + contents):
        api.add(
            TYPE, [event(number, api.now_s() - 500, note='é "<&>"')], api.now_s() - 100 - number
        )


def test_events_and_health_reach_splunkd(api, room):
    fill(api)
    assert Killed(run_input, room).wait() == 0
    texts = {json.dumps(json.loads(content.body)[0]) for content in api.contents[TYPE]}
    assert {event.text for event in events_of(room)} == texts
    assert {(event.sourcetype, event.index) for event in events_of(room)} == {
        ("o365:management:activity", "main")
    }
    (health,) = health_of(room)
    assert (health["state"], health["events"], health["errors"]) == ("ok", 5, {})
    assert 495 <= health["lag_s"] <= 560
    assert health["behind_s"] <= 60
    assert health["requests"] >= 8


def test_second_run_brings_what_is_new(api, room):
    fill(api)
    Killed(run_input, room).wait()
    api.add(TYPE, [event(77, api.now_s())], api.now_s() - 50)
    assert Killed(run_input, room).wait() == 0
    assert len(events_of(room)) == 6


@pytest.mark.parametrize("seed", range(6))
def test_killed_around_a_request_to_microsoft_or_to_splunkd(api, splunkd, room, seed):
    """The same promise as in test_kill, with splunkd's pipe, KV store and lease in between."""
    dice = random.Random(seed)
    api.fault_rate = 0.1
    kills = 0
    for _ in range(3):
        fill(api, 6)
        killed, countdown = Killed(run_input, room), [dice.randint(1, 40)]

        def count(*call, killed=killed, countdown=countdown):
            countdown[0] -= 1
            if countdown[0] == 0:
                killed.kill()

        api.on_request = splunkd.on_call = count
        kills += killed.wait() != 0
        api.on_request = splunkd.on_call = lambda *call: None
        expire_lease(splunkd)
    assert Killed(run_input, room).wait() == 0
    found = Counter(json.loads(event.text)["Id"] for event in events_of(room))
    assert len(found) == 18
    assert sum(found.values()) - 18 <= kills * 18  # test_kill knows it to the event


def test_fatal_refusal_is_told_in_plain_words(api, room):
    fill(api)
    api.before = lambda path: refusal(400, "AF20012") if "/list" in path else None
    assert Killed(run_input, room).wait() == 1
    (health,) = health_of(room)
    assert health["state"] == "failed"
    assert "turn on the unified audit log" in health["message"]


def test_secrets_are_in_nothing_that_the_run_leaves(api, splunkd, room):
    fill(api)
    api.fault_rate = 0.2
    assert Killed(run_input, room).wait() == 0
    left = "".join(
        path.read_text()
        for path in room.folder.rglob("*")
        if path.is_file() and path.name != "stdin"
    ) + json.dumps(splunkd.rows)
    secrets = {text.removeprefix("Bearer ") for text in api.secrets_seen if "token-" in text} | {
        api.secret
    }
    assert len(secrets) >= 2
    assert not [text for text in secrets if text in left]


def test_script_tells_its_scheme(repo):
    script = repo / "package" / "bin" / "flowtrap_m365.py"
    done = subprocess.run([sys.executable, script, "--scheme"], capture_output=True, check=True)
    assert b"<title>Microsoft 365 audit events</title>" in done.stdout


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"content_types": "Audit.Nothing"}, "not a content type"),
        ({"content_types": TYPE, "rescan_hours": "145"}, "not a number of hours"),
        ({"content_types": TYPE, "rescan_hours": "-1"}, "not a number of hours"),
        ({"content_types": TYPE, "start": "yesterday"}, "not a time"),
    ],
)
def test_form_that_cannot_be_used(form, words):
    with pytest.raises(FlowtrapError, match=words):
        check_form(form)


def test_form_with_nothing_but_defaults(account):
    settings = settings_of("flowtrap_m365://corp", {}, account)
    assert settings.content_types == CONTENT_TYPES[:-1]
    assert (settings.rescan_s, settings.start_s, settings.index) == (6 * 3600, None, "")
