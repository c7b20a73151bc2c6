"""Pages cut into events: bytes, keys, and whatever an answer may hold."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrap_inputs.errors import MalformedError
from flowtrap_inputs.gws.activities import read_page

ID = {"time": "2026-01-01T00:00:00.5Z", "uniqueQualifier": "1", "applicationName": "drive",
      "customerId": "C0"}  # fmt: skip


def page(*items, **more):
    return json.dumps({"items": items, **more}).encode()


def test_spacing_order_and_escapes_stay():
    body = b'{ "items" : [ {"id":{"time":"2026-01-01T00:00:00.5Z"},\n "events" :  [ {"n":1e400} , {"n": "\\u00e9"}],"z":0.10}] , "nextPageToken":"A"}'
    events, token = read_page(body)
    assert [event.content for event in events] == [
        b'{"id":{"time":"2026-01-01T00:00:00.5Z"},\n "event" :  {"n":1e400},"z":0.10}',
        b'{"id":{"time":"2026-01-01T00:00:00.5Z"},\n "event" :  {"n": "\\u00e9"},"z":0.10}',
    ]
    assert token == "A"
    assert events[0].time_s == 1767225600.5


def test_an_activity_without_members_is_one_event_as_it_came():
    for events in ([], None, "x", {}):
        (event,) = read_page(page({"id": ID, "events": events})).events
        assert json.loads(event.content) == {"id": ID, "events": events}


def test_each_part_of_the_key_counts():
    one = {"id": ID, "events": [{}, {}]}
    others = [{"id": {**ID, part: "2027-01-01T00:00:00Z"}, "events": [{}]} for part in ID]
    keys = [event.key for event in read_page(page(one, *others)).events]
    assert len(set(keys)) == len(keys) == 6
    again = [event.key for event in read_page(page(one)).events]
    assert again == keys[:2]


def test_what_has_no_time_or_no_name_is_not_lost():
    items = [{"id": None, "events": [{"a": 1}]}, {"events": [{"a": 2}]}, {"id": {"time": "x"}}]
    events = read_page(page(*items)).events
    assert [event.time_s for event in events] == [None] * 3
    assert len({event.key for event in events}) == 3


@pytest.mark.parametrize("cut", range(1, 80, 7))
def test_a_page_that_is_cut_off_is_refused(cut):
    body = page({"id": ID, "events": [{"a": 1}]}, nextPageToken="x")
    with pytest.raises(MalformedError):
        read_page(body[:-cut])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_answer_is_a_page_or_refused(body):
    with contextlib.suppress(MalformedError):
        assert isinstance(read_page(body).next_token, str)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"id": st.just(ID) | JSON, "events": st.lists(JSON, max_size=3) | JSON},
            optional={"event": JSON, "x": JSON},
        ),
        max_size=3,
    ),
    st.sampled_from([None, 1]),
)
def test_any_activities_come_out_member_by_member(items, indent):
    body = json.dumps({"items": items}, indent=indent, ensure_ascii=False)
    events = read_page(body.encode("utf-8", "surrogatepass")).events
    expected = []
    for item in items:
        members = item["events"]
        several = isinstance(members, list) and members
        rest = [pair for pair in item.items() if pair[0] != "events"]
        expected += (
            [[*rest, ("event", member)] for member in members] if several else [item.items()]
        )
    found = [json.loads(event.content.decode("utf-8", "surrogatepass")) for event in events]
    if not any("event" in item for item in items):
        assert same(found) == same([dict(pairs) for pairs in expected])
    assert len(found) == len(expected)


def same(value):
    """Return JSON as text: NaN equals NaN there."""
    return json.dumps(value, sort_keys=True)


def test_too_deep_is_refused():
    with pytest.raises(MalformedError):
        read_page(b'{"items":' + b"[" * 100_000)
