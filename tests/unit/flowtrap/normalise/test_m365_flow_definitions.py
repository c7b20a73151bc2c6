"""Flow definitions: what starts a flow, what it does, with what, and where that leads."""

from __future__ import annotations

import copy
import json

import pytest
from builders import m365
from builders.evidence import (
    APPROVAL,
    HOURLY,
    ON_MAIL,
    SHARE,
    flow_definition,
    http,
    mail,
    summarised,
)

from flowtrap.model.errors import RecordError
from flowtrap.normalise.m365_flow_definitions import normalise
from flowtrap.normalise.table import FEEDS

DROP = "https://drop.example.net/in"


def fields(triggers, actions):
    return normalise(flow_definition(0, triggers, actions)).fields


def test_flow_is_named_as_the_audit_log_names_it():
    record = flow_definition(60, flow_id=m365.FLOW.upper())
    event = normalise(record)
    assert event.fields["flow"] == m365.FLOW
    assert event.fields["flow_id"] == m365.FLOW.upper()
    assert event.fields["account"] == m365.TENANT
    assert event.fields["environment"] == m365.ENVIRONMENT
    assert event.time_ms % 86_400_000 == (9 * 60 + 1) * 60_000


def test_inner_actions_are_read():
    read = fields(ON_MAIL, APPROVAL)
    assert read["trigger"] == ("OnNewEmailV3",)
    assert set(read["act"]) == {"StartAndWaitForAnApproval", "If", "SendEmailV2", "HttpRequest"}
    assert read["on_mail"] == read["sends_mail"] == read["passes_on"] == "true"


@pytest.mark.parametrize(
    "nest",
    [
        lambda inner: {"type": "Scope", "actions": inner},
        lambda inner: {"type": "Foreach", "foreach": "@x", "actions": inner},
        lambda inner: {"type": "If", "actions": {}, "else": {"actions": inner}},
        lambda inner: {"type": "Switch", "cases": {"One": {"case": 1, "actions": inner}}},
        lambda inner: {"type": "Switch", "cases": {}, "default": {"actions": inner}},
    ],
)
def test_branches(nest):
    read = fields(HOURLY, {"Outer": nest({"HTTP": http(DROP)})})
    assert read["outside_host"] == read["end_host"] == ("drop.example.net",)
    assert read["end_domain"] == ("example.net",)


def test_actions_that_call_any_address_count_as_connectors():
    assert fields(HOURLY, {"HTTP": http(DROP)})["connector"] == ("Http",)
    assert "HttpRequest" not in fields(HOURLY, APPROVAL)["connector"]


@pytest.mark.parametrize(
    "uri",
    ["https://graph.microsoft.com/v1.0/me", "https://example.sharepoint.com/_api/web",
     "@{variables('target')}", "@triggerBody()", "https://[", ""],
)  # fmt: skip
def test_own_hosts_and_expressions_lead_nowhere(uri):
    assert "end_host" not in fields(HOURLY, {"HTTP": http(uri)})


def test_addresses_of_the_body_are_no_recipients():
    sent = fields(
        HOURLY, {"Mail": mail("Drop@Example.net; x@mail.example.co.uk", "ask y@z.example")}
    )
    assert sent["recipient"] == ("drop@example.net", "x@mail.example.co.uk")
    assert sent["recipient_domain"] == ("example.net", "example.co.uk")


def test_forward_passes_content_on_and_a_notice_does_not():
    notice = fields(ON_MAIL, {"Mail": mail("drop@example.net", "Thanks for your mail.")})
    assert "passes_on" not in notice
    step = mail("drop@example.net", "")
    step["inputs"]["host"]["operationId"] = "ForwardEmail_V2"
    assert fields(ON_MAIL, {"Mail": step})["passes_on"] == "true"


def test_anonymous_links():
    assert fields(HOURLY, {"Share": SHARE})["opens"] == "true"
    inside = copy.deepcopy(SHARE)
    inside["inputs"]["parameters"]["permission/scope"] = "organization"
    assert "opens" not in fields(HOURLY, {"Share": inside})


def test_summary_of_a_flow_whose_definition_is_kept_back():
    record = summarised(flow_definition(0, ON_MAIL, {"Mail": mail("drop@example.net")}))
    read = normalise(record).fields
    assert read["detail"] == "operations alone"
    assert (read["trigger"], read["act"]) == (("OnNewEmailV3",), ("SendEmailV2",))
    assert read["connector"] == ("shared_office365",)
    assert "recipient" not in read


def test_definition_as_text_and_connection_references():
    record = flow_definition(0, ON_MAIL, {"HTTP": http(DROP)})
    properties = record["flow"]["properties"]
    properties["definition"] = json.dumps(properties["definition"])
    properties["connectionReferences"] = {"a": {"id": "/providers/x/apis/shared_gmail"}}
    assert normalise(record).fields["connector"] == ("shared_office365", "shared_gmail", "Http")


def test_older_actions_name_their_connector_by_its_address():
    step = {
        "type": "ApiConnection",
        "inputs": {
            "host": {"api": {"runtimeUrl": "https://europe-002.azure-apim.net/apim/gmail"}},
            "body": {"To": "drop@example.net"},
        },
    }
    assert fields(HOURLY, {"Send": step})["connector"] == ("gmail",)


@pytest.mark.parametrize("lacking", ["tenantId", "environmentName", "flowId", "flow"])
def test_sparse_record_is_read_by_this_feed_alone(lacking):
    record = flow_definition(0)
    del record[lacking]
    assert [spec.name for spec in FEEDS if spec.recognise(record)] == ["m365_flow_definitions"]
    assert normalise(record).event_id == normalise(copy.deepcopy(record)).event_id


def test_no_time():
    record = flow_definition(0)
    del record["observedTime"]
    with pytest.raises(RecordError):
        normalise(record)
