"""Runs against the model of the API: what comes out, what is asked, what the checkpoint says."""

from __future__ import annotations

import json
import time
import urllib.parse
from datetime import datetime, timezone

import pytest
from builders.input_runtime import Delivery, Runtime
from builders.m365_api import TENANT, Answered, content_id_in, event, refusal

from flowtrap_inputs.errors import ClosedError, FetchError, RefusedError
from flowtrap_inputs.limiter import Limiter
from flowtrap_inputs.m365.collect import collect
from flowtrap_inputs.retry import Retry

TYPE = "Audit.Exchange"
DAY_S = 86_400


def ids(runtime) -> list[int]:
    return sorted(int(json.loads(line)["Id"][:8], 16) for line in runtime.lines())


def fill(
    api, contents: int = 8, events: int = 5, age_s: float = 3600, content_type=TYPE
) -> list[int]:
    """Make contents of the last hours; return their events' numbers."""
    now_s, start = api.now_s(), 1000 * len(api.contents)
    for number in range(contents):
        first = start + number * events
        some = [event(first + n, now_s - 7200 - number) for n in range(events)]
        api.add(content_type, some, now_s - age_s + number)
    return list(range(start, start + contents * events))


def checkpoint(runtime) -> dict:
    return runtime.checkpoints.load("m365")


def asked(api, part: str) -> list[dict[str, str]]:
    """Return the queries of the calls whose path holds a part."""
    parts = [urllib.parse.urlsplit(call.partition(" ")[2]) for call in api.calls]
    return [dict(urllib.parse.parse_qsl(one.query)) for one in parts if part in one.path]


ODD = b'{"Id" : "00000000-0000-4000-8000-000000000000",  "CreationTime":"2026-11-24T10:00:00","n":1.50e1 ,"text":"caf\xc3\xa9 \\u00e9 \\/"}'


def test_everything_once_in_the_vendors_own_bytes(api, run):
    expected = fill(api) + fill(api, content_type="Audit.General")
    api.contents[TYPE][0] = api.contents[TYPE][0]._replace(body=b"[ " + ODD + b"\r\n]")
    runtime = run()
    assert ids(runtime) == [n for n in expected if n not in range(1, 5)]
    assert ODD in runtime.lines()
    meta = runtime.delivery.meta[runtime.lines().index(ODD)]
    assert (meta["sourcetype"], meta["index"]) == ("o365:management:activity", "default")
    assert meta["time_s"] == datetime(2026, 11, 24, 10, tzinfo=timezone.utc).timestamp()


def test_second_run_fetches_nothing_again(api, run):
    expected = fill(api)
    run()
    api.calls.clear()
    assert ids(run()) == expected
    assert not any(map(content_id_in, api.calls))


def test_windows_are_whole_seconds_and_at_most_a_day(api, run):
    expected = fill(api, age_s=6.9 * DAY_S)
    runtime = run(start_s=int(time.time()) - 30 * DAY_S)
    assert ids(runtime) == expected
    assert runtime.health.errors == {}
    windows = [query for query in asked(api, "subscriptions/content") if "startTime" in query]
    assert len(windows) >= 14  # two content types, a week
    assert all(len(query["startTime"]) == len("2026-11-24T10:00:00") for query in windows)


def test_every_call_says_who_asks(api, run):
    fill(api)
    run()
    assert api.publishers == {TENANT}


def test_late_content_with_an_earlier_time_is_found_by_the_rescan(api, run):
    first = fill(api)
    run()
    late = fill(api, content_type="Audit.General", age_s=2 * 3600)
    assert ids(run()) == sorted(first + late)


def test_an_event_in_two_contents_is_out_once_even_in_two_runs(api, run):
    now_s = api.now_s()
    api.add(TYPE, [event(1, now_s), event(2, now_s)], now_s - 100)
    api.add(TYPE, [event(2, now_s), event(3, now_s)], now_s - 90)
    run()
    api.add(TYPE, [event(3, now_s), event(4, now_s)], now_s - 80)
    runtime = run()
    assert ids(runtime) == [1, 2, 3, 4]
    assert runtime.health.figures["duplicates"] == 1


def test_zero_ids_of_different_events_are_not_duplicates(api, run):
    now_s = api.now_s()
    zero = {"Id": "00000000-0000-0000-0000-000000000000"}
    api.add(TYPE, [event(1, now_s - 5, **zero), event(2, now_s - 9, **zero)], now_s - 100)
    assert len(run().lines()) == 2


def test_subscriptions_are_listed_first_and_started_once_in_15_minutes(api, run):
    run()
    starts = asked(api, "subscriptions/start")
    assert [query["contentType"] for query in starts] == [TYPE, "Audit.General"]
    assert "subscriptions/list" in api.calls[1]  # after the token
    api.enabled.clear()
    api.calls.clear()
    run()
    assert asked(api, "subscriptions/start") == []
    assert not any("stop" in call for call in api.calls)


def test_subscription_that_is_enabled_already_is_none_to_worry_about(api, run):
    expected = fill(api)
    api.before = lambda path: Answered(200, []) if "subscriptions/list" in path else None
    assert ids(run()) == expected


@pytest.mark.parametrize(
    "fault",
    ["throttled", "throttled_403", "error_500", "error_503", "truncated", "dropped", "slow"],
)
def test_fault_is_tried_again(api, run, monkeypatch, fault):
    expected = fill(api)
    monkeypatch.setattr("builders.m365_api.FAULTS", (fault,))
    api.fault_rate = 0.3
    runtime = run()
    assert ids(runtime) == expected
    assert api.faults[fault] > 0
    if fault != "slow":
        assert runtime.health.figures["retries"] > 0
    if fault.startswith("throttled"):
        assert runtime.health.figures["throttles"] > 0


def test_expired_token_is_replaced_once(api, run):
    expected = fill(api)
    asked_for = []

    def before(path):
        if "/audit/" in path and not asked_for:
            asked_for.append(path)
            api.end_tokens()

    api.before = before
    assert ids(run()) == expected
    assert sum("/token" in call for call in api.calls) == 2


def test_token_that_is_never_taken_ends_the_run(api, run):
    fill(api)
    api.before = lambda path: Answered(401) if "/activity/feed/" in path else None
    with pytest.raises(RefusedError, match="the token is refused"):
        run()
    assert len(asked(api, "subscriptions/list")) == 2


@pytest.mark.parametrize("code", ["AF20050", "AF20051", "AF20052"])
def test_content_that_is_gone_is_counted_and_the_others_go_on(api, run, code):
    expected = fill(api)
    gone = api.contents[TYPE][3].content_id
    api.before = lambda path: refusal(400, code) if content_id_in(path) == gone else None
    runtime = run()
    assert ids(runtime) == expected[:15] + expected[20:]
    assert runtime.health.errors[code] == 1
    api.calls.clear()
    run()
    assert not any(map(content_id_in, api.calls))


@pytest.mark.parametrize("code", ["AF20001", "AF20010", "AF20012", "AF20013", "AF20020"])
def test_fatal_code_ends_the_run_and_moves_nothing(api, run, code):
    fill(api)
    api.before = lambda path: refusal(400, code) if "/content?" in path else None
    with pytest.raises(RefusedError, match=code):
        run()
    api.before = lambda path: None
    assert len(run().lines()) == 40


def test_content_type_without_permission_leaves_the_others_alone(api, run):
    expected = fill(api, content_type="Audit.General")
    api.enabled.add("DLP.All")
    api.before = lambda path: refusal(403, "AF10001") if "DLP.All" in path else None
    runtime = run(content_types=("DLP.All", "Audit.General"))
    assert ids(runtime) == expected
    assert runtime.health.errors == {"AF10001": 1}
    before = checkpoint(runtime)["types"]["DLP.All"]["watermark_s"]
    assert before < time.time() - DAY_S + 60


def test_missing_subscription_is_started_when_a_listing_says_so(api, run):
    api.enabled.add(TYPE)
    said = []

    def before(path):
        if "/content?" in path and TYPE in path and not said:
            said.append(path)
            return refusal(400, "AF20022")
        return None

    api.before = before
    run()
    assert TYPE in [query["contentType"] for query in asked(api, "subscriptions/start")]


@pytest.mark.parametrize("code", ["AF20030", "AF20055", "AF20031"])
def test_listing_is_begun_anew(api, run, code):
    expected = fill(api)
    said = []

    def before(path):
        if "/content?" in path and len(said) < 1:
            said.append(path)
            return refusal(400, code)
        return None

    api.before = before
    assert ids(run()) == expected


def test_malformed_content_is_parked_and_had_when_it_is_whole(api, run, monkeypatch):
    expected = fill(api)
    good = api.contents[TYPE][2]
    api.contents[TYPE][2] = good._replace(body=good.body[:-30])
    runtime = run()
    assert ids(runtime) == expected[:10] + expected[15:]
    assert checkpoint(runtime)["types"][TYPE]["parked"][0][0] == good.content_id
    assert runtime.health.errors["parked_content"] == 1
    api.contents[TYPE][2] = good
    monkeypatch.setattr(api, "skew_s", 1000)  # 15 minutes later
    runtime = run()
    assert ids(runtime) == expected
    assert checkpoint(runtime)["types"][TYPE]["parked"] == []


def test_outage_moves_no_watermark(api, run):
    expected = fill(api, contents=40)
    api.before = lambda path: Answered(503) if "/audit/" in path else None
    runtime = run()
    assert runtime.health.errors["TransientError"] == 1
    assert checkpoint(runtime)["types"][TYPE]["watermark_s"] < time.time() - DAY_S + 60
    assert checkpoint(runtime)["types"][TYPE]["parked"] == []
    api.before = lambda path: None
    assert ids(run()) == expected


def test_pages_that_go_round_end_and_move_nothing(api, run):
    fill(api)
    pages = []

    def round_and_round(address):
        pages.append(address)
        return pages[0]

    api.next_page = round_and_round
    runtime = run()
    assert runtime.health.errors["MalformedError"] == 1
    assert len(pages) < 10
    api.next_page = lambda address: address
    assert len(ids(run())) == 40


@pytest.mark.parametrize("skew_s", [-7200, 7200])
def test_clock_that_is_off_by_hours(api, run, skew_s):
    api.skew_s = skew_s
    expected = fill(api)
    runtime = run()
    assert ids(runtime) == expected
    assert abs(checkpoint(runtime)["types"][TYPE]["watermark_s"] - api.now_s()) < 60


def test_busy_window_is_halved_until_it_fits(api, run, monkeypatch):
    monkeypatch.setattr("flowtrap_inputs.m365.run.MOST_DONE", 40)
    monkeypatch.setattr("flowtrap_inputs.m365.progress.SLOT_S", 10)
    api.page_size = 50
    expected = fill(api, contents=120, events=1)
    runtime = run()
    assert ids(runtime) == expected
    kept = sum(len(text) // 10 for text in checkpoint(runtime)["types"][TYPE]["done"].values())
    assert kept <= 40
    assert ids(run()) == expected  # what was forgotten is not listed again


def test_gap_is_told(api, run):
    run()
    stored = json.loads((path := run().folder / "m365.json").read_text())
    for progress in stored["types"].values():
        progress["watermark_s"] = progress["complete_s"] = int(time.time()) - 9 * DAY_S
    path.write_text(json.dumps(stored))
    assert run().health.errors["gap"] == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda stored: {},
        lambda stored: [],
        lambda stored: {**stored, "version": 99},
        lambda stored: {**stored, "tenant": "another"},
        lambda stored: {**stored, "recent": "not base64!"},
        lambda stored: {**stored, "types": {TYPE: {"watermark_s": "x"}}},
        lambda stored: {**stored, "types": {TYPE: {**stored["types"][TYPE], "watermark_s": 9e12}}},
    ],
)
def test_checkpoint_that_cannot_be_used_is_told_and_left(api, run, damage):
    expected = fill(api)
    path = run().folder / "m365.json"
    path.write_text(json.dumps(damage(json.loads(path.read_text()))))
    runtime = run()
    assert runtime.health.errors["checkpoint"] == 1
    assert set(ids(runtime)) == set(expected)  # repeated, none missing
    assert checkpoint(run())["tenant"] == TENANT


def test_api_that_does_not_answer_is_an_error(api, run):
    fill(api)
    api.before = lambda path: Answered(503)
    with pytest.raises(FetchError, match="does not answer now"):
        run()


def test_inputs_of_a_tenant_share_its_limit(api, run, monkeypatch):
    limits = []
    monkeypatch.setattr(
        "flowtrap_inputs.m365.collect.Limiter",
        lambda per_minute, stop: limits.append(per_minute) or Limiter(per_minute, stop),
    )
    run()
    run(inputs_of_tenant=4)
    assert limits == [1800, 450]


@pytest.mark.parametrize("part", ["write", "flush"])
def test_delivery_that_is_closed_ends_the_run_and_saves_nothing(api, settings, tmp_path, part):
    class ClosedDelivery(Delivery):
        pass

    def closed(*args, **meta):
        raise ClosedError("splunkd takes no more events")

    setattr(ClosedDelivery, part, closed)
    fill(api)
    runtime = Runtime(tmp_path)
    runtime.close()
    runtime.delivery = ClosedDelivery(tmp_path / "events")
    with pytest.raises(ClosedError):
        collect(settings, runtime, retry=Retry)
    runtime.delivery.close()
    done = [
        one["done"]
        for one in (checkpoint(runtime) or {"types": {}})["types"].values()
        if one["done"]
    ]
    assert part == "write" or done == []
