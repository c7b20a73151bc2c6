"""Cloud Audit Logs: what every entry has, in every spelling and copy."""

from __future__ import annotations

import copy

import pytest
from builders import gcp
from builders.gcp import HOME, Caller, Function, account, person
from builders.gcp_wrappers import COPIES

from flowtrap.model.errors import RecordError
from flowtrap.normalise.gcp_audit import SPEC, normalise

EVE = person("eve")
SYNC = Function("Billing_Sync", account("sync"))


def fields_of(record):
    return normalise(record).fields


def changed(record, **payload):
    copied = copy.deepcopy(record)
    for name, value in payload.items():
        if value is None:
            copied["protoPayload"].pop(name, None)
        else:
            copied["protoPayload"][name] = value
    return copied


@pytest.fixture
def owner():
    return gcp.project_policy(EVE, 0, "roles/owner", "user:mallory@example.org")


def test_what_every_entry_has(owner):
    fields = fields_of(owner)
    assert fields["account"] == HOME
    assert (fields["service"], fields["action"]) == ("cloudresourcemanager", "SetIamPolicy")
    assert (fields["actor"], fields["actor_kind"]) == ("eve@example.com", "person")
    assert (fields["src"], fields["user_agent"]) == ("203.0.113.10", gcp.GCLOUD)
    assert (fields["log"], fields["phase"], fields["outcome"]) == ("activity", "single", "success")
    assert fields["home_domain"] == "example.com"
    assert fields["summary"] == (
        "SetIamPolicy on projects/acme-prod: added roles/owner to user:mallory@example.org"
    )


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_tells_the_same(owner, name):
    copied = COPIES[name](owner)
    assert SPEC.recognise(copied)
    event, original = normalise(copied), normalise(owner)
    assert event.event_id == original.event_id
    assert event.time_ms == original.time_ms
    assert {**event.fields, "time": ""} == {
        **original.fields,
        "time": "",
    }


@pytest.mark.parametrize(
    ("method", "service", "action"),
    [
        (
            "google.cloud.functions.v2beta.FunctionService.CreateFunction",
            "cloudfunctions",
            "CreateFunction",
        ),
        ("google.iam.admin.v1.SetIAMPolicy", "iam", "SetIAMPolicy"),
        ("v1.compute.firewalls.insert", "compute", "compute.firewalls.insert"),
        ("beta.compute.instances.insert", "compute", "compute.instances.insert"),
        ("storage.objects.get", "storage", "storage.objects.get"),
        ("GenerateAccessToken", "iamcredentials", "GenerateAccessToken"),
    ],
)
def test_action(method, service, action):
    record = gcp.entry(EVE, service, method, 0, "projects/p")
    assert fields_of(record)["action"] == action


@pytest.mark.parametrize(
    ("method", "resource", "service"),
    [
        ("google.cloud.run.v2.Services.CreateService", "x", "run"),
        ("SetIamPolicy", "projects/p", "cloudresourcemanager"),
        ("SetIamPolicy", "projects/p/locations/l/functions/f", "cloudfunctions"),
        ("SetIamPolicy", "projects/p/locations/l/services/f", "run"),
        ("SignBlob", "projects/-/serviceAccounts/1", "iamcredentials"),
    ],
)
def test_service_of_a_copy_without_it(method, resource, service):
    record = changed(gcp.entry(EVE, "x", method, 0, resource), serviceName=None)
    assert fields_of(record)["service"] == service


@pytest.mark.parametrize(
    ("payload", "outcome"),
    [
        ({"status": {}}, "success"),
        ({"status": None}, "success"),
        ({"status": {"message": "OK"}}, "success"),
        ({"status": {"code": 0}}, "success"),
        ({"status": {"code": 7, "message": "no"}}, "PERMISSION_DENIED"),
        ({"status": {"code": 3, "message": "Build failed"}}, "Build failed"),
        ({"status": {"code": 13}}, "status 13"),
        ({"status": None, "authorizationInfo": [{"granted": False}]}, "PERMISSION_DENIED"),
        ({"status": {}, "authorizationInfo": [{"permission": "x"}]}, "PERMISSION_DENIED"),
        ({"authorizationInfo": [{"granted": True}, {"granted": False}]}, "success"),
        ({"authorizationInfo": None}, "success"),
    ],
)
def test_outcome(owner, payload, outcome):
    assert fields_of(changed(owner, **payload))["outcome"] == outcome


def test_outcome_by_severity_alone(owner):
    failed = {**changed(owner, status=None), "severity": "ERROR"}
    assert fields_of(failed)["outcome"] == "error"


SYNC_EMAIL = account("sync")
ROBOT = {
    "firstPartyPrincipal": {
        "principalEmail": "service-481516@serverless-robot-prod.iam.gserviceaccount.com"
    }
}


@pytest.mark.parametrize(
    ("identity", "actor", "acting", "hand"),
    [
        ({"principalEmail": SYNC_EMAIL.upper()}, SYNC_EMAIL, (SYNC_EMAIL,), None),
        ({"principalSubject": f"serviceAccount:{SYNC_EMAIL}"}, SYNC_EMAIL, (SYNC_EMAIL,), None),
        ({"principalEmail": SYNC_EMAIL, "serviceAccountDelegationInfo": [ROBOT]}, SYNC_EMAIL, (SYNC_EMAIL,), None),
        (
            {"serviceAccountDelegationInfo": [{"firstPartyPrincipal": {"principalEmail": SYNC_EMAIL}}]},
            SYNC_EMAIL, (SYNC_EMAIL,), None,
        ),
        (
            {"principalEmail": SYNC_EMAIL, "serviceAccountDelegationInfo": [
                {"firstPartyPrincipal": {"principalEmail": "eve@example.com"}}]},
            SYNC_EMAIL, None, ("eve@example.com",),
        ),
        (
            {"principalEmail": SYNC_EMAIL, "serviceAccountDelegationInfo": [
                {"principalSubject": "principal://iam.googleapis.com/projects/1/x"}]},
            SYNC_EMAIL, None, ("principal://iam.googleapis.com/projects/1/x",),
        ),
        (
            {"principalEmail": SYNC_EMAIL, "serviceAccountKeyName": "//iam.googleapis.com/projects/p/serviceAccounts/s/keys/0A1B"},
            SYNC_EMAIL, None, None,
        ),
        ({"principalEmail": "eve@example.com"}, "eve@example.com", None, None),
        ({}, None, None, None),
    ],
)  # fmt: skip
def test_who_called(owner, identity, actor, acting, hand):
    fields = fields_of(changed(owner, authenticationInfo=identity))
    assert fields.get("actor") == actor
    assert fields.get("acting_as") == acting
    assert fields.get("delegated_by") == hand
    assert fields.get("key_id") == ("0a1b" if "serviceAccountKeyName" in identity else None)


@pytest.mark.parametrize("gone", ["labels", "resource", "log"])
def test_project_is_an_id_rather_than_a_number(owner, gone):
    if gone == "labels":
        owner["resource"]["labels"]["project_id"] = gcp.NUMBER
    elif gone == "resource":
        owner["resource"] = "..."
    else:
        del owner["logName"]
    assert fields_of(owner)["account"] == HOME


def test_organisation(owner):
    owner["logName"] = "organizations/88/logs/cloudaudit.googleapis.com%2Factivity"
    owner["resource"]["labels"] = {"organization_id": "88"}
    owner["protoPayload"]["resourceName"] = "organizations/88"
    assert fields_of(owner)["account"] == "organizations/88"


def test_time_and_id(owner):
    whole = normalise(owner)
    del owner["insertId"]
    assert normalise(owner).event_id != whole.event_id
    owner["timestamp"] = "..."
    assert normalise(owner).time_ms == whole.time_ms  # receiveTimestamp
    owner["receiveTimestamp"] = ""
    with pytest.raises(RecordError):
        normalise(owner)


def test_insert_id_alone_repeats(owner):
    later = {**owner, "timestamp": gcp.stamp(1)}
    assert normalise(later).event_id != normalise(owner).event_id


def test_recognise():
    assert SPEC.recognise(gcp.create_build(EVE, 0))
    assert SPEC.recognise(
        {"logName": "projects/p/logs/run.googleapis.com%2Frequests", "httpRequest": {}}
    )
    assert SPEC.recognise(
        {"serviceName": "run.googleapis.com", "methodName": "x", "authenticationInfo": {}}
    )
    script = {"logName": "projects/p/logs/script.googleapis.com%2Fconsole_logs", "insertId": "1"}
    assert not SPEC.recognise(script)
    assert not SPEC.recognise(
        {"logName": "projects/p/logs/stdout", "resource": {"type": "app_script_function"}}
    )
    assert not SPEC.recognise({"eventName": "Invoke", "eventSource": "lambda.amazonaws.com"})
    assert not SPEC.recognise({"methodName": "x"})
    assert not SPEC.recognise({})


def test_odd_types_are_no_value():
    odd = {
        "protoPayload": {
            "methodName": "google.cloud.functions.v1.CloudFunctionsService.CreateFunction",
            "authenticationInfo": "...", "requestMetadata": ["x"], "authorizationInfo": "...",
            "status": "...", "request": [1], "response": "...", "resourceName": 7, "serviceData": {"policyDelta": []},
        },
        "resource": "...", "operation": "...", "timestamp": "2026-03-10T09:00:00Z",
        "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity",
    }  # fmt: skip
    assert fields_of(odd)["summary"]
    for method in (
        "SetIamPolicy",
        "storage.objects.get",
        "x.CreateBuild",
        "SignBlob",
        "v1.compute.firewalls.insert",
    ):
        odd["protoPayload"]["methodName"] = method
        assert fields_of(odd)["summary"]


def test_other_logs_have_no_action():
    entry = {
        "logName": "projects/p/logs/run.googleapis.com%2Frequests",
        "timestamp": gcp.stamp(0),
        "httpRequest": {},
    }
    fields = fields_of(entry)
    assert "action" not in fields
    assert fields["summary"] == "an entry of requests"


def test_person_of_a_free_mail_proves_no_home():
    fields = fields_of(gcp.create_build(Caller("eve@gmail.com"), 0))
    assert "home_domain" not in fields
