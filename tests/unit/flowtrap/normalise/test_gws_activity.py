"""One act is one event with one id, however it arrives."""

from __future__ import annotations

import pytest

from flowtrap.feed.wrappers import unwrap
from flowtrap.model.errors import RecordError
from flowtrap.normalise import gws_activity, gws_reports
from flowtrap.normalise.table import FEEDS, recognise

ID = {
    "time": "2026-03-10T09:00:00.123Z",
    "uniqueQualifier": "-17",
    "applicationName": "token",
    "customerId": "C01exampl",
}
ACTOR = {"callerType": "USER", "email": "Ann@Example.com", "profileId": "101"}
PARAMETERS = [
    {"name": "client_id", "value": "1-a.apps.googleusercontent.com"},
    {"name": "app_name", "value": "Notes"},
    {"name": "num_response_bytes", "intValue": "12"},
    {"name": "trusted", "boolValue": False},
    {"name": "scope", "multiValue": ["https://mail.google.com/", "openid"]},
    {"name": "counts", "multiIntValue": ["1", "2"]},
    {
        "name": "scope_data",
        "multiMessageValue": [
            {
                "parameter": [
                    {"name": "scope_name", "value": "https://mail.google.com/"},
                    {"name": "product_bucket", "multiValue": ["GMAIL"]},
                ]
            }
        ],
    },
    {"name": "nothing", "value": ""},
]
MAPPING = {
    "client_id": "1-a.apps.googleusercontent.com",
    "app_name": "Notes",
    "num_response_bytes": 12,
    "trusted": False,
    "scope": ["https://mail.google.com/", "openid"],
    "counts": [1, 2],
    "scope_data": [{"scope_name": "https://mail.google.com/", "product_bucket": ["GMAIL"]}],
    "nothing": None,
}
EVENT = {"type": "auth", "name": "authorize", "parameters": PARAMETERS}
SHARED = {"kind": "admin#reports#activity", "id": ID, "actor": ACTOR, "ipAddress": "192.0.2.1"}
PANTHER_ID = {**ID, "time": "2026-03-10 09:00:00.123000000"}
SHAPES = {
    "activity": {**SHARED, "events": [EVENT]},
    "splunk": {**SHARED, "event": EVENT},
    "elastic": {**SHARED, "events": EVENT},
    "panther": {
        **SHARED,
        "id": PANTHER_ID,
        "type": "auth",
        "name": "authorize",
        "parameters": MAPPING,
        "p_log_type": "GSuite.ActivityEvent",
    },
    "parameters as text": {**SHARED, "event": {**EVENT, "parameters": "[]"}, "events": [EVENT]},
    "without kind": {"id": ID, "actor": ACTOR, "ipAddress": "192.0.2.1", "events": [EVENT]},
    "columns": {
        "id.time": ID["time"],
        "id.uniqueQualifier": "-17",
        "id.applicationName": "token",
        "id.customerId": "C01exampl",
        "actor.email": "ann@example.com",
        "actor.profileId": "101",
        "actor.callerType": "USER",
        "ipAddress": "192.0.2.1",
        "name": "authorize",
        **{f"parameters.{name}": value for name, value in MAPPING.items()},
    },
}


def events_of(record):
    """Return the events of what one line holds."""
    return [gws_reports.normalise(item) for item in unwrap(record)]


@pytest.mark.parametrize("shape", [s for s in SHAPES if s != "parameters as text"])
def test_every_shape_gives_the_same_event(shape):
    (event,) = events_of(SHAPES[shape])
    (plain,) = events_of(SHAPES["activity"])
    assert event.event_id == plain.event_id
    assert event.time_ms == plain.time_ms == 1_773_133_200_123
    assert event.fields == plain.fields


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_recognised_by_this_feed_alone(shape):
    for record in unwrap(SHAPES[shape]):
        assert [spec.name for spec in FEEDS if spec.recognise(record)] == ["gws_reports"]


def test_parameters_as_text_are_read():
    text = '[{"name": "client_id", "value": "1"}]'
    activity = gws_activity.read({**SHARED, "event": {"name": "authorize", "parameters": text}})
    assert activity.parameters == {"client_id": "1"}
    broken = gws_activity.read({**SHARED, "event": {"name": "authorize", "parameters": "[{"}})
    assert broken.parameters == {}


def test_members_become_records_of_their_own():
    members = [{"name": "create", "parameters": []}, {"name": "edit"}, None, "x"]
    records = list(unwrap({**SHARED, "events": members}))
    assert [record["event"]["name"] for record in records] == ["create", "edit"]
    assert all(record["id"] is ID and "events" not in record for record in records)
    assert len({gws_reports.normalise(record).event_id for record in records}) == 2


def test_activity_without_members_is_one_record():
    (event,) = events_of({**SHARED, "events": []})
    assert "action" not in event.fields
    assert event.fields["summary"] == "an act"


def test_page_gives_a_record_per_member():
    page = {"kind": "admin#reports#activities", "items": [SHAPES["activity"], SHAPES["activity"]]}
    assert len(list(unwrap(page))) == 2


def test_login_and_user_accounts_report_one_act():
    ids = set()
    for application in ("login", "user_accounts"):
        identity = {**ID, "applicationName": application}
        (event,) = events_of({**SHARED, "id": identity, "events": [EVENT]})
        ids.add(event.event_id)
    assert len(ids) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"id": {**ID, "customerId": "C02other"}},
        {"id": {**ID, "uniqueQualifier": "-18"}},
        {"id": {**ID, "time": "2026-03-10T09:00:00.124Z"}},
        {"events": [{**EVENT, "name": "revoke"}]},
        {"events": [{**EVENT, "parameters": PARAMETERS[:2]}]},
    ],
)
def test_another_act_has_another_id(change):
    (plain,) = events_of(SHAPES["activity"])
    (other,) = events_of({**SHAPES["activity"], **change})
    assert other.event_id != plain.event_id


def test_copies_without_qualifier_are_told_apart_by_who_acted():
    flat = {"name": "view", "email": "ann@example.com", "time": ID["time"], "parameters": {}}
    one, other = gws_reports.normalise(flat), gws_reports.normalise({**flat, "email": "b@x.org"})
    assert one.event_id != other.event_id


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ({"value": "a"}, ("a",)),
        ({"intValue": "7"}, ("7",)),
        ({"boolValue": True}, ("true",)),
        ({"boolValue": False}, ("false",)),
        ({"multiValue": ["a", "b", "a", ""]}, ("a", "b")),
        ({"multiIntValue": ["1", "2"]}, ("1", "2")),
        ({"value": "", "multiValue": ["a"]}, ("a",)),
        ({"value": "-"}, ()),
        ({}, ()),
    ],
)
def test_values_of_every_type(value, texts):
    event = {"name": "x", "parameters": [{"name": "p", **value}]}
    assert gws_activity.read({**SHARED, "event": event}).all("p") == texts


@pytest.mark.parametrize("odd", [None, 7, "x", [], [1], {"a": [{}]}, True])
def test_parts_of_unexpected_type_are_no_value(odd):
    for key in ("actor", "ipAddress", "event"):
        assert gws_reports.normalise({**SHARED, key: odd}).fields["summary"]
    event = {"name": "authorize", "parameters": odd}
    assert gws_reports.normalise({**SHARED, "event": event}).fields["action"] == "authorize"
    for parameter in PARAMETERS:
        event = {**EVENT, "parameters": [{"name": parameter["name"], "value": odd}]}
        assert gws_reports.normalise({**SHARED, "event": event}).fields["summary"]


@pytest.mark.parametrize("time", [None, "", "string", {}])
def test_no_time(time):
    with pytest.raises(RecordError):
        gws_reports.normalise({**SHARED, "id": {**ID, "time": time}, "event": EVENT})


@pytest.mark.parametrize(
    "record",
    [
        {"id": "a", "actor": {"email": "x"}},
        {"eventName": "Invoke", "eventSource": "lambda.amazonaws.com", "id": {}},
        {"actor": {"email": "ann@example.com"}, "action": "x"},
        {"name": "view", "email": "ann@example.com"},
        {"resource": {"type": "gce_instance"}, "logName": "projects/p/logs/x"},
        {},
    ],
)
def test_strangers_are_not_recognised(record):
    found = recognise(record)
    assert found is None or found.name in ("aws_cloudtrail", "gcp_audit")
