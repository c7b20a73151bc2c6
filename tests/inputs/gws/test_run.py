"""The input against the models: every behaviour of the Reports API, one at a time."""

from __future__ import annotations

import json
import time

import pytest
from builders.gws_api import Answered, refusal
from builders.workspace_input import events_of, health_of, let_rescans_be_due

HOUR_S = 3600


def names(room):
    return [event.name() for event in events_of(room)]


def test_each_member_is_an_event_with_googles_bytes(api, room, run_once):
    then_s = time.time() - 100.5
    activity = api.add("drive", then_s, members=2, note='é "<&>" \u2028')
    place = room(applications="drive")
    assert run_once(place) == 0
    events = events_of(place)
    whole = json.dumps(activity, separators=(",", ":"), ensure_ascii=False)
    assert len(events) == 2
    for event, member in zip(events, activity["events"], strict=True):
        one = json.dumps(member, separators=(",", ":"))
        all_of_them = json.dumps(activity["events"], separators=(",", ":"))
        assert event.text == whole.replace(f'"events":{all_of_them}', f'"event":{one}')
        assert event.sourcetype == "gws:reports:drive"
        assert event.index == "main"
        assert event.time_s == pytest.approx(then_s, abs=0.001)


def test_a_second_run_brings_what_is_new_and_what_is_late(api, splunkd, room, run_once):
    now_s = time.time()
    for n in range(5):
        api.add("drive", now_s - 1000 - n)
    place = room(applications="drive")
    assert run_once(place) == 0
    late = api.add("drive", now_s - 2000)
    new = api.add("drive", now_s - 1)
    time.sleep(1.1)
    let_rescans_be_due(splunkd)
    assert run_once(place) == 0
    assert len(names(place)) == 7
    assert {one["id"]["uniqueQualifier"] for one in (late, new)} <= {n for n, _ in names(place)}


def test_pages_of_at_most_a_thousand_and_no_filter(api, room, run_once):
    api.page_size = 2
    for n in range(7):
        api.add("token", time.time() - 60 - n)
    place = room(applications="token")
    assert run_once(place) == 0
    assert len(set(names(place))) == len(names(place)) == 7
    asked = [call for call in api.calls if "/applications/" in call]
    assert all("maxResults=1000" in call for call in asked)
    assert not any(word in call for call in asked for word in ("eventName", "filters", "orgUnit"))
    assert all("startTime=" in call and "endTime=" in call for call in asked)


def test_a_stale_page_token_has_the_window_read_anew(api, room, run_once):
    api.page_size = 2
    stale = [1, 1]
    for n in range(6):
        api.add("drive", time.time() - 60 - n)

    def before(path):
        if "pageToken" in path and stale:
            stale.pop()
            return refusal(400, "badRequest", "page token is stale")
        return None

    api.before = before
    place = room(applications="drive")
    assert run_once(place) == 0
    assert sorted(names(place)) == sorted(api.members())


def test_an_application_that_is_refused_leaves_the_others_alone(api, room, run_once):
    api.add("admin", time.time() - 60)
    api.before = lambda path: refusal(400, "invalid") if "/drive?" in path else None
    place = room(applications="drive,admin")
    assert run_once(place) == 0
    assert len(names(place)) == 1
    (health,) = health_of(place)
    assert (health["state"], health["errors"]) == ("degraded", {"invalid": 1})


def test_a_token_that_is_taken_back_is_replaced_once(api, room, run_once):
    api.add("drive", time.time() - 60)
    api.before = lambda path: None
    taken = []

    def before(path):
        if not taken:
            taken.append(1)
            api.revoke()
            return refusal(401, "authError")
        return None

    api.before = before
    place = room(applications="drive")
    assert run_once(place) == 0
    assert len(names(place)) == 1
    assert sum("/token" in call for call in api.calls) == 2


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"error": "unauthorized_client", "error_description": "Client is unauthorized"},
         "Domain-wide delegation"),
        ({"error": "invalid_grant", "error_description": "Invalid JWT Signature."},
         "does not accept the key"),
        ({"error": "invalid_grant", "error_description": "Invalid email or User ID"},
         "administrator does not exist"),
    ],
)  # fmt: skip
def test_who_cannot_sign_in_is_told_why(api, room, run_once, answer, said):
    api.sign_in = Answered(400, answer)
    place = room()
    assert run_once(place) == 1
    (health,) = health_of(place)
    assert health["state"] == "failed"
    assert said in health["message"]


def test_health_tells_figures(api, room, run_once):
    now_s = time.time()
    for n in range(3):
        api.add("drive", now_s - 60 - n)
    place = room(applications="drive")
    assert run_once(place) == 0
    (health,) = health_of(place)
    assert (health["state"], health["events"], health["errors"]) == ("ok", 3, {})
    assert 55 <= health["lag_s"] <= 75
    assert health["behind_s"] <= 10
    assert health["requests"] > 1
    assert health["bytes"] == sum(len(event.text.encode()) for event in events_of(place))


def test_a_clock_that_is_wrong_asks_for_no_future(api, room, run_once):
    api.skew_s = -120
    api.add("drive", api.now_s() - 60)
    place = room(applications="drive")
    assert run_once(place) == 0
    assert len(names(place)) == 1
    assert health_of(place)[0]["errors"] == {}


def test_the_daily_look_back_stays_within_the_start_of_the_first_run(api, splunkd, room, run_once):
    """A start that is empty means a day before the first run, not before each."""
    place = room(applications="drive")
    assert run_once(place) == 0
    content = json.loads(splunkd.rows["flowtrap_checkpoints"]["flowtrap_workspace:corp"]["content"])
    first_s = content["applications"]["drive"]["first_s"]
    assert first_s == pytest.approx(time.time() - 86_400, abs=60)
    late = api.add("drive", first_s + 5)
    api.add("drive", first_s - 5)
    let_rescans_be_due(splunkd)
    assert run_once(place) == 0
    assert [n for n, _ in names(place)] == [late["id"]["uniqueQualifier"]]
