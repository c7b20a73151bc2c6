"""One run after another against the model of the API: what comes out, and what the checkpoint says."""

from __future__ import annotations

import json

from builders.m365_api import content_id_in, event


def ids(runtime) -> list[int]:
    return [int(json.loads(line)["Id"][:8], 16) for line in runtime.lines()]


def fill(api, contents: int = 8, events: int = 5, content_type: str = "Audit.Exchange") -> int:
    """Make contents of the last hours; return how many events they hold."""
    now_s = api.now_s()
    for number in range(contents):
        first = number * events
        some = [event(first + n, now_s - 7200 - number) for n in range(events)]
        api.add(content_type, some, now_s - 3600 + number)
    return contents * events


def test_everything_once_in_the_vendors_own_bytes(api, run):
    total = fill(api)
    runtime = run()
    assert sorted(ids(runtime)) == list(range(total))
    texts = {json.dumps(one).encode() for content in api.contents["Audit.Exchange"] for one in json.loads(content.body)}
    assert set(runtime.lines()) == texts
    assert runtime.delivery.meta[0].keys() == {"time_s", "sourcetype", "index", "source", "host"}
    assert runtime.delivery.meta[0]["sourcetype"] == "o365:management:activity"


def test_second_run_fetches_nothing_again(api, run):
    total = fill(api)
    run()
    api.calls.clear()
    assert len(ids(run())) == total
    assert not any(map(content_id_in, api.calls))
