"""Graph activity: as an Event Hub has it and in columns."""

from __future__ import annotations

import pytest
from builders import m365
from builders.m365 import FLOW_APP, TENANT, Person

from flowtrap.normalise.m365_graph import normalise, recognise

EVE = Person("eve@example.com")
FORWARD = m365.graph(EVE, 0, "/me/messages/AAMk1/forward", session="ABC")


def fields_of(path, **more):
    return normalise(m365.graph(EVE, 0, path, **more)).fields


@pytest.mark.parametrize("record", [FORWARD, m365.in_columns(FORWARD)], ids=["hub", "columns"])
def test_both_shapes_give_the_same(record):
    event = normalise(record)
    assert recognise(record)
    assert event.time_ms == 1_773_133_200_000
    assert event.event_id == FORWARD["properties"]["requestId"]
    fields = event.fields
    assert fields["account"] == TENANT
    assert fields["who"] == (EVE.id, "session:abc")
    assert fields["actor"] == fields["user_id"] == EVE.id
    assert (fields["graph_act"], fields["by_flow"]) == ("forward", "true")
    assert fields["app"] == (FLOW_APP,)
    assert fields["outcome"] == "success"
    assert fields["summary"].startswith(
        "POST https://graph.microsoft.com/v1.0/me/messages/AAMk1/forward 202"
    )


def test_which_running_flow_it_is():
    assert fields_of("/me/sendMail")["workflow"] == "8f1d2c3b4a5968778695a4b3c2d1e0f9"
    assert "workflow" not in fields_of("/me/sendMail", agent="microsoft-flow/1.0")


def test_sparse_records():
    bare = {key: value for key, value in FORWARD.items() if key not in ("category", "tenantId")}
    assert recognise(bare)
    assert normalise(bare).fields["account"] == TENANT  # of resourceId
    assert not recognise({"operationName": "x", "category": "AuditLogs", "properties": {}})
    assert not recognise({"properties": "x"})


@pytest.mark.parametrize(
    ("method", "path", "act"),
    [
        ("POST", "/me/messages/A/forward", "forward"),
        ("POST", "/users/eve@example.com/mailFolders/inbox/messages/A/forward", "forward"),
        ("POST", "/me/messages('A')/microsoft.graph.forward", "forward"),
        ("POST", "/me/messages/A/createForward", "forward"),
        ("POST", "/me/sendMail", "sendMail"),
        ("POST", "/me/microsoft.graph.sendMail?x=1", "sendMail"),
        ("POST", "/me/messages/A/send", "sendMail"),
        ("POST", "/me/mailFolders/inbox/messageRules", "messageRules"),
        ("PATCH", "/me/mailFolders/inbox/messageRules/AQ", "messageRules"),
        ("POST", "/drives/B/items/C/createLink", "createLink"),
        ("POST", "/drives/B/items/C/invite", "invite"),
        ("GET", "/me/messages?$top=5", "readMail"),
        ("GET", "/me/mailFolders/inbox/messageRules", "readMail"),
        ("GET", "/me", None),
        ("POST", "/teams/x/channels", None),
    ],
)
def test_what_a_request_does(method, path, act):
    assert fields_of(path, method=method).get("graph_act") == act


@pytest.mark.parametrize(
    ("status", "outcome"), [(202, "success"), (403, "failure"), (500, "failure")]
)
def test_outcome(status, outcome):
    assert fields_of("/me/sendMail", status=status)["outcome"] == outcome
    columns = m365.in_columns(m365.graph(EVE, 0, "/me/sendMail", status=status))
    columns["ResponseStatusCode"] = str(status)
    assert normalise(columns).fields["outcome"] == outcome


def test_user_in_the_path():
    assert "eve@example.com" in fields_of("/users/Eve%40example.com/sendMail")["who"]
    other = m365.key_of("other")
    assert other in fields_of(f"/users/{other}/sendMail")["who"]


def test_another_client_is_no_flow():
    assert "by_flow" not in fields_of("/me/sendMail", app=m365.MAIL_APP, agent=m365.BROWSER)
    assert "by_flow" in fields_of("/me/sendMail", app=m365.MAIL_APP, agent="Azure-Logic-Apps/1.0")
