"""Activity Log records: flat, REST and table rows, start and end, roles, identities, settings."""

from __future__ import annotations

import json

import pytest
from builders import azure as az
from hypothesis import given
from hypothesis import strategies as st

from flowtrap.model.errors import RecordError
from flowtrap.normalise.azure_activity import SPEC
from flowtrap.normalise.table import FEEDS, recognise

EVE = az.person("Eve@Example.com", src="203.0.113.10")
PAY = az.App("Pay-fn")
WRITE = az.function_write(EVE, PAY, 0)
SITE = PAY.id.lower()


def fields(record):
    return SPEC.normalise(record).fields


def test_flat_write_in_capitals():
    event = SPEC.normalise(WRITE)
    assert event.time_ms == 1_773_133_200_000
    found = event.fields
    assert found["account"] == az.SUBSCRIPTION
    assert found["action"] == "microsoft.web/sites/functions/write"
    assert found["operation"] == "sites/functions/write"
    assert found["function"] == SITE
    assert found["function_id"] == PAY.id
    assert found["function_name"] == "Pay-fn"
    assert (found["change"], found["code"], found["outcome"]) == ("function", "true", "success")
    assert (found["actor"], found["caller"]) == ("eve@example.com", "Eve@Example.com")
    assert (found["actor_type"], found["src"]) == ("user", "203.0.113.10")
    assert found["summary"].startswith("MICROSOFT.WEB/SITES/FUNCTIONS/WRITE on /subscriptions/")


def test_rest_gives_the_same_as_flat():
    flat, rest = fields(WRITE), fields(az.rest(WRITE))
    differing = {name for name in flat if flat[name] != rest.get(name)}
    assert differing <= {"summary", "region"}
    assert SPEC.normalise(az.rest(WRITE)).event_id == az.rest(WRITE)["eventDataId"]


def test_table_row():
    row = {
        "TimeGenerated": "2026-03-10T09:00:00Z",
        "OperationNameValue": "MICROSOFT.WEB/SITES/FUNCTIONS/WRITE",
        "ActivityStatusValue": "Success",
        "CategoryValue": "Administrative",
        "Caller": "eve@example.com",
        "CallerIpAddress": "203.0.113.10",
        "CorrelationId": "c-1",
        "_ResourceId": SITE,
        "TenantId": "workspace",
        "Claims": json.dumps(EVE.claims),
    }
    assert recognise(row).name == "azure_activity"
    found = fields(row)
    assert (found["function"], found["actor"]) == (SITE, "eve@example.com")
    assert found["tenant"] == az.TENANT  # the row's own is the workspace's


def test_id_of_upper_case_resource_joins():
    upper = WRITE | {"resourceId": PAY.id.upper()}
    assert fields(upper)["function"] == SITE


@pytest.mark.parametrize("spelt", ["resourceGroups", "resourcegroups", "RESOURCEGROUPS"])
def test_spelling_of_resource_groups(spelt):
    record = WRITE | {"resourceId": PAY.id.replace("resourceGroups", spelt)}
    assert fields(record)["function"] == SITE


def test_slot_belongs_to_its_app():
    below = "/slots/stage/functions/run"
    record = az.on_app(EVE, PAY, "slots/functions/write", 0, below=below)
    found = fields(record)
    assert (found["function"], found["change"]) == (SITE, "function")


@pytest.mark.parametrize(
    ("operation", "below", "change"),
    [
        ("write", "", "app"),
        ("slots/write", "/slots/s", "app"),
        ("hostruntime/vfs/HttpTrigger1/run.csx/write", "", "file"),
        ("extensions/write", "/extensions/MSDeploy", "package"),
        ("sourcecontrols/write", "/sourcecontrols/web", "source"),
        ("config/write", "/config/appsettings", "settings"),
        ("config/write", "/config/logs", "logging"),
        ("publishxml/action", "", "credentials"),
        ("config/list/action", "/config/publishingcredentials/list", "settings_read"),
        ("config/list/action", "/config/appsettings/list", "settings_read"),
        ("basicPublishingCredentialsPolicies/write", "/x/scm", None),
        ("functions/listkeys/action", "/functions/run", "keys"),
        ("host/listkeys/action", "/host/default", "keys"),
        ("functions/keys/write", "/functions/run/keys/k", "keys"),
        ("hostruntime/host/action", "", "call"),
        ("host/sync/action", "/host/default", None),
        ("restart/action", "", None),
        ("read", "", None),
    ],
)
def test_what_a_write_changes(operation, below, change):
    assert fields(az.on_app(EVE, PAY, operation, 0, below=below)).get("change") == change


@pytest.mark.parametrize(
    ("kind", "operation", "change"),
    [
        ("workflow", "write", "workflow"),
        ("workflow", "triggers/run/action", "call"),
        ("workflow", "run/action", "call"),
        ("workflow", "triggers/listCallbackUrl/action", "callback"),
        ("automation", "runbooks/write", "runbook"),
        ("automation", "runbooks/draft/write", "runbook"),
        ("automation", "runbooks/draft/content/write", "runbook"),
        ("automation", "runbooks/publish/action", "runbook"),
        ("automation", "webhooks/write", "webhook"),
        ("automation", "schedules/write", "schedule"),
        ("automation", "jobs/write", "call"),
    ],
)
def test_what_else_is_written(kind, operation, change):
    app = az.App("x", kind)
    found = fields(az.on_app(EVE, app, operation, 0))
    assert (found["change"], found["function"]) == (change, app.id.lower())


@pytest.mark.parametrize(
    ("record", "outcome"),
    [
        ({"resultType": "Success"}, "success"),
        ({"resultType": "Succeeded"}, "success"),
        ({"resultType": "Start"}, "started"),
        ({"resultType": "Accept"}, "started"),
        ({"resultType": "Failure"}, "failure"),
        ({"resultType": "Failed"}, "failure"),
        ({"resultType": None, "resultSignature": "Forbidden.403"}, "failure"),
        ({"resultType": None, "resultSignature": None, "properties": {}}, "success"),
        (
            {"resultType": None, "resultSignature": None, "properties": {"statusCode": "403"}},
            "failure",
        ),
    ],
)
def test_outcome(record, outcome):
    found = fields(WRITE | record)
    assert found["outcome"] == outcome
    assert found["summary"].endswith(f"({outcome})") == (outcome != "success")


def test_pair_has_two_ids_and_one_correlation():
    start, end = map(SPEC.normalise, az.pair(WRITE))
    assert start.event_id != end.event_id
    assert start.fields["correlation"] == end.fields["correlation"]
    assert SPEC.normalise(json.loads(json.dumps(WRITE))).event_id == end.event_id


def test_role_assignment():
    scope = f"/subscriptions/{az.SUBSCRIPTION}"
    found = fields(az.role_assignment(EVE, PAY.object_id.upper(), az.OWNER, scope, 0))
    assert found["principal"] == PAY.object_id
    assert found["principal_type"] == "serviceprincipal"
    assert (found["role"], found["scope"]) == ("Owner", scope)
    assert found["privilege"] == ("Owner", "Owner at subscription", az.OWNER)
    assert "Owner" in found["summary"]
    assert scope in found["summary"]
    assert "function" not in found


def test_role_in_the_answer_with_small_names_and_as_objects():
    record = az.role_assignment(EVE, "x", az.OWNER, PAY.id, 0)
    answer = {"properties": {"principalId": "p-1", "roleDefinitionId": "/x/" + az.CONTRIBUTOR}}
    record["properties"] = {"responseBody": answer}
    found = fields(record)
    assert (found["principal"], found["role"]) == ("p-1", "Contributor")
    assert (found["scope"], found["privilege"][1]) == (PAY.id, "Contributor at resource")


def test_evidence_is_the_callers_role():
    record = az.role_assignment(EVE, "x", az.OWNER, PAY.id, 0)
    record["properties"] = {}
    found = fields(record)
    assert "role" not in found
    assert "principal" not in found


def test_identity_of_an_app():
    uami = az.Identity("id").id
    answer = {"identity": {"type": "SystemAssigned, UserAssigned", "principalId": PAY.object_id}}
    request = {"kind": "functionapp", "identity": {"userAssignedIdentities": {uami: {}}}}
    found = fields(az.sites_write(EVE, PAY, 0, request=request, answer=answer))
    assert found["object_id"] == PAY.object_id
    assert found["identities"] == (PAY.object_id, uami.lower())
    assert "web_app" not in found
    assert fields(az.sites_write(EVE, PAY, 0, request={"kind": "app"}))["web_app"] == "true"


def test_package_from_an_address_is_code():
    settings = {"WEBSITE_RUN_FROM_PACKAGE": "https://x.example.net/p.zip"}
    found = fields(az.config_write(EVE, PAY, 0, settings))
    assert (found["change"], found["code"]) == ("settings", "true")
    assert "code" not in fields(az.config_write(EVE, PAY, 0, {"WEBSITE_RUN_FROM_PACKAGE": "1"}))


def test_sparse_copy_has_its_address_for_an_actor():
    record = WRITE | {"identity": None}
    assert fields(record)["actor"] == "203.0.113.10"
    assert "caller" not in fields(record)


def test_settings_are_named_but_not_shown():
    settings = {"WEBSITE_RUN_FROM_PACKAGE": "https://x.example.net/p.zip?sig=1", "KEY": "hunter2"}
    found = fields(az.config_write(EVE, PAY, 0, settings))
    assert found["setting"] == ("KEY", "WEBSITE_RUN_FROM_PACKAGE")
    assert "WEBSITE_RUN_FROM_PACKAGE=https://x.example.net/p.zip" in found["summary"]
    assert "sig=1" not in found["summary"]
    assert "hunter2" not in found["summary"]


@pytest.mark.parametrize(("allow", "change"), [(True, "basic_auth"), (False, None), (None, None)])
def test_basic_sign_in_counts_where_it_is_allowed(allow, change):
    operation, request = (
        "basicPublishingCredentialsPolicies/write",
        {"properties": {"allow": allow}},
    )
    assert fields(az.on_app(EVE, PAY, operation, 0, request=request)).get("change") == change


def test_federated_credential():
    identity = az.Identity("id-pay")
    found = fields(az.federated_credential(EVE, identity, 0))
    assert found["identity_key"] == identity.id.lower()
    assert found["identity_name"] == "id-pay"
    assert (found["issuer"], found["subject"]) == ("https://idp.example.net/", "system:eve")
    assert f"id-pay@{az.TENANT}" in found["owner_ties"]


def test_managed_identity_by_its_claims():
    found = fields(az.list_keys(PAY.acts(told=True), "data1", 0))
    assert (found["actor"], found["actor_type"]) == (PAY.object_id, "managed_identity")
    assert SITE in found["actor_id"]
    assert PAY.object_id in found["actor_id"]
    plain = fields(az.list_keys(PAY.acts(), "data1", 0))
    assert plain["actor_type"] == "app"


def test_object_id_without_dashes_in_evidence():
    record = az.list_keys(PAY.acts(), "data1", 0)
    record["identity"] = {
        "authorization": {
            "evidence": {
                "principalId": PAY.object_id.replace("-", ""),
                "principalType": "ServicePrincipal",
            }
        }
    }
    found = fields(record)
    assert (found["actor_id"], found["actor_type"]) == (PAY.object_id, "app")


def test_guest_and_provider_prefix():
    record = az.function_write(EVE, PAY, 0)
    record["identity"] = {"claims": {az.XMLSOAP + "name": "live.com#Bob@Example.com"}}
    assert fields(record)["actor"] == "bob@example.com"


def test_address_with_port():
    record = {
        "time": "2026-03-10T09:00:00Z",
        "resourceId": f"/subscriptions/{az.SUBSCRIPTION}/x",
        "operationName": "PutBlob",
        "category": "StorageWrite",
        "statusCode": 201,
        "callerIpAddress": "203.0.113.5:29713",
    }
    assert recognise(record).name == "azure_activity"
    assert fields(record)["src"] == "203.0.113.5"


@pytest.mark.parametrize(
    "record",
    [
        {"category": "MicrosoftGraphActivityLogs", "operationName": "Microsoft Graph Activity"},
        {"category": "NetworkSecurityGroupEvent", "operationName": "NetworkSecurityGroupEvents"},
        {"category": "kube-audit", "operationName": "Microsoft.ContainerService/managedClusters/x"},
        {"operationName": "Sign-in activity"},
        {"operationName": {"value": None}},
        {},
    ],
)
def test_others_of_the_hub_are_not_recognised(record):
    found = recognise({"time": "2026-03-10T09:00:00Z", "resourceId": PAY.id} | record)
    assert found is None or found.name == "m365_graph"


def test_each_record_is_of_one_feed():
    records = [
        WRITE,
        az.rest(WRITE),
        az.secret_get(EVE, "v", "s", 0),
        az.function_log(PAY, 0),
        az.identity_signin(PAY, 0),
        az.directory_change(EVE, "Add member to role", {"id": "1", "type": "User"}, 0),
    ]
    for record in records:
        assert sum(spec.recognise(record) for spec in FEEDS) == 1


def test_without_a_time():
    with pytest.raises(RecordError):
        SPEC.normalise({"operationName": "Microsoft.Web/sites/write"})


_junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from([*WRITE, "status", "caller", "claims", "authorization", "httpRequest"]),
        _junk,
    )
)
def test_odd_parts_are_no_value(record):
    for spec in FEEDS[2:]:
        spec.recognise(record)
    event = SPEC.normalise(WRITE | record | {"time": WRITE["time"]})
    assert event.fields["summary"] is not None
    for value in event.fields.values():
        assert isinstance(value, (str, tuple))
        assert value
