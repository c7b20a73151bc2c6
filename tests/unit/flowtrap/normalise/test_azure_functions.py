"""Resource logs: function runs, web requests, workflow runs, vault reads."""

from __future__ import annotations

import json

import pytest
from builders import azure as az
from hypothesis import given
from hypothesis import strategies as st

from flowtrap.normalise.azure_functions import SPEC
from flowtrap.normalise.table import recognise

PAY = az.App("Pay-fn")
EVE = az.person("eve@example.com")


def fields(record):
    assert recognise(record).name == "azure_functions"
    return SPEC.normalise(record).fields


def test_function_log_with_single_quotes():
    found = fields(az.function_log(PAY, 0))
    assert found["function"] == PAY.id.lower()
    assert (found["run"], found["in_app"]) == ("started", "run")
    assert found["action"] == "FunctionStarted"
    assert "Executing 'Functions.run'" in found["summary"]


@pytest.mark.parametrize("shape", [dict, json.dumps])
def test_function_log_in_other_shapes(shape):
    properties = shape({"functionName": "run", "eventName": "FunctionStarted", "message": "x"})
    found = fields(az.function_log(PAY, 0) | {"properties": properties})
    assert (found["run"], found["in_app"]) == ("started", "run")


def test_function_log_as_a_row_of_its_table():
    row = {"Category": "Function.run", "Type": "FunctionAppLogs", "FunctionName": "run"}
    row |= {"TimeGenerated": "2026-03-10T09:00:00Z", "_ResourceId": PAY.id.lower()}
    found = fields(row | {"EventName": "FunctionStarted", "Message": "Executing 'Functions.run'"})
    assert (found["run"], found["in_app"], found["function"]) == ("started", "run", PAY.id.lower())


def test_host_start_up_is_no_run():
    properties = {"message": "Host started (64ms)", "level": "Information"}
    found = fields(az.function_log(PAY, 0) | {"properties": properties})
    assert "run" not in found


def test_category_left_out():
    record = az.function_log(PAY, 0)
    del record["category"]
    assert fields(record)["run"] == "started"


def test_web_request():
    record = {
        "time": "2026-03-10T09:00:00Z",
        "category": "AppServiceHTTPLogs",
        "resourceId": PAY.id.upper() + "/SLOTS/STAGE",
        "properties": {
            "CsMethod": "POST",
            "CsUriStem": "/admin/functions/run",
            "CIp": "203.0.113.9:4711",
            "ScStatus": 202,
            "CsHost": "pay-fn.azurewebsites.net",
            "UserAgent": "curl/8.5.0",
        },
    }
    found = fields(record)
    assert (found["function"], found["src"]) == (PAY.id.lower(), "203.0.113.9")
    assert (found["external"], found["admin"], found["outcome"]) == ("true", "true", "success")
    assert "POST /admin/functions/run" in found["summary"]
    assert fields(record | {"properties": {"ScStatus": "403"}})["outcome"] == "failure"


def test_workflow_run():
    flow = az.App("flow", "workflow")
    record = {
        "time": "2026-03-10T09:00:00Z",
        "category": "WorkflowRuntime",
        "operationName": "Microsoft.Logic/workflows/workflowRunStarted",
        "resourceId": flow.id.upper(),
        "properties": {"resource": {"workflowName": "flow", "runId": "0858"}, "status": "Running"},
    }
    found = fields(record)
    assert (found["function"], found["run"], found["invocation"]) == (
        flow.id.lower(),
        "started",
        "0858",
    )


def test_secret_read_by_an_identity():
    found = fields(az.secret_get(PAY.acts(told=True), "Vault1", "db", 0))
    assert found["secret"] == "https://Vault1.vault.azure.net/secrets/db"
    assert (found["secret_read"], found["outcome"]) == ("true", "success")
    assert PAY.id.lower() in found["actor_id"]
    assert (found["actor_type"], found["account"]) == ("managed_identity", az.SUBSCRIPTION)


def test_secret_read_with_short_claims():
    record = az.secret_get(EVE, "v", "s", 0)
    record["identity"] = {"claim": {"oid": PAY.object_id, "appid": az.guid("client")}}
    found = fields(record)
    assert (found["actor"], found["actor_type"]) == (PAY.object_id, "app")
    assert found["actor_id"] == (PAY.object_id, az.guid("client"))


@pytest.mark.parametrize(
    "change",
    [
        {"resultSignature": "Unauthorized", "properties": {"httpStatusCode": 401}},
        {"resultSignature": "Forbidden", "properties": {}},
        {"resultType": "Failed", "resultSignature": "x", "properties": {}},
    ],
)
def test_refused_read_says_success_in_its_type(change):
    assert fields(az.secret_get(EVE, "v", "s", 0) | change)["outcome"] == "failure"


def test_claims_in_columns():
    long = "identity_claim_http_schemas_microsoft_com_identity_claims_objectidentifier_g"
    row = {
        "TimeGenerated": "2026-03-10T09:00:00Z",
        "Category": "AuditEvent",
        "OperationName": "SecretGet",
        "id_s": "https://v.vault.azure.net/secrets/db/1",
        "httpStatusCode_d": 200.0,
        "identity_claim_xms_mirid_s": PAY.id,
    }
    found = fields(row | {long: PAY.object_id})
    assert found["actor_id"] == (PAY.object_id, PAY.id.lower())
    assert (found["secret"], found["outcome"]) == (
        "https://v.vault.azure.net/secrets/db",
        "success",
    )
    assert fields(row | {"httpStatusCode_d": 403.0})["outcome"] == "failure"


def test_audit_event_of_others_is_not_a_vaults():
    record = {"category": "AuditEvent", "resourceId": f"{PAY.id}/x", "time": "2026-03-10T09:00:00Z"}
    assert recognise(record) is None
    assert recognise({"category": "AuditEvent", "operationName": "SecretGet"}) is not None


@given(
    st.dictionaries(
        st.sampled_from(
            ["properties", "identity", "operationName", "resourceId", "callerIpAddress"]
        ),
        st.none()
        | st.integers()
        | st.text(max_size=5)
        | st.lists(st.text(max_size=3), max_size=2)
        | st.dictionaries(st.sampled_from(["claim", "id", "message"]), st.text(max_size=4)),
    ),
    st.sampled_from(["FunctionAppLogs", "AppServiceHTTPLogs", "WorkflowRuntime", "AuditEvent"]),
)
def test_odd_parts_are_no_value(record, category):
    event = SPEC.normalise(record | {"time": "2026-03-10T09:00:00Z", "category": category})
    assert event.fields["summary"]
    assert all(event.fields.values())
