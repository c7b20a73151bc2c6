"""Functions, services and jobs: which one, what it runs as, what changes."""

from __future__ import annotations

import copy

import pytest
from builders import gcp
from builders.gcp import HOME, NUMBER, Caller, Function, account, person

from flowtrap.normalise.gcp_audit import normalise

EVE = person("eve")
SYNC = Function("Billing_Sync", account("sync"))
JOB = Function("night-job", account("night"), kind="jobs")
KEY = "acme-prod/us-central1/services/billing-sync"


def fields_of(record):
    return normalise(record).fields


WRITES = {
    "gen 1 first": gcp.create_gen1(EVE, SYNC, 0)[0],
    "gen 1 last": gcp.create_gen1(EVE, SYNC, 0)[1],
    "gen 2 first": gcp.write_gen2(EVE, SYNC, 0)[0],
    "gen 2 last": gcp.write_gen2(EVE, SYNC, 0)[1],
    "gen 2 update": gcp.write_gen2(EVE, SYNC, 0, "UpdateFunction")[0],
    "service v1": gcp.create_service_v1(EVE, SYNC, 0),
}


@pytest.mark.parametrize("name", WRITES)
def test_write(name):
    fields = fields_of(WRITES[name])
    assert fields["function"] == KEY
    assert fields["run_as"] == fields["run_as_email"] == account("sync")
    assert fields["run_as_named"] == "true"
    assert fields["region"] == "us-central1"
    assert account("sync") in fields["summary"]


def test_job():
    for record in gcp.create_job_v2(EVE, JOB, 0):
        fields = fields_of(record)
        assert fields["function"] == "acme-prod/us-central1/jobs/night-job"
        assert fields["run_as"] == account("night")


def test_phases_share_an_operation():
    first, last = map(fields_of, gcp.create_gen1(EVE, SYNC, 0))
    assert (first["phase"], last["phase"]) == ("first", "last")
    assert first["operation"] == last["operation"]
    both = gcp.create_gen1(EVE, SYNC, 0)[1]
    both["operation"]["first"] = True
    assert fields_of(both)["phase"] == "single"


def test_resource_that_names_only_the_parent():
    record = gcp.write_gen2(EVE, SYNC, 0)[0]
    record["protoPayload"]["resourceName"] = f"projects/{HOME}/locations/us-central1"
    del record["protoPayload"]["request"]["function"]["name"]
    fields = fields_of(record)
    assert fields["function"] == KEY
    assert fields["function_resource"] == SYNC.path


def test_project_number_and_missing_location():
    record = gcp.create_service_v1(EVE, SYNC, 0)
    record["protoPayload"]["resourceName"] = f"namespaces/{NUMBER}/services/billing-sync"
    del record["resource"]["labels"]["location"]
    assert fields_of(record)["function"] == "acme-prod/any/services/billing-sync"
    record["protoPayload"]["resourceLocation"] = {"currentLocations": ["us-central1"]}
    assert fields_of(record)["function"] == KEY
    del record["protoPayload"]["resourceLocation"]
    label = {"labels": {"cloud.googleapis.com/location": "us-central1"}}
    record["protoPayload"]["request"]["service"]["spec"]["template"]["metadata"] = label
    assert fields_of(record)["function"] == KEY


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ("short", f"short@{HOME}.iam.gserviceaccount.com"),
        (f"projects/-/serviceAccounts/{account('sync')}", account("sync")),
        (account("sync").upper(), account("sync")),
    ],
)
def test_spellings_of_the_account(given, known):
    record = copy.deepcopy(WRITES["gen 1 first"])
    record["protoPayload"]["request"]["function"]["serviceAccountEmail"] = given
    assert fields_of(record)["run_as"] == known


def unnamed(record):
    copied = copy.deepcopy(record)
    copied["protoPayload"].pop("response", None)
    copied["protoPayload"]["request"] = {"function": {"name": SYNC.path}}
    return copied


def test_default_accounts_are_one_of_these():
    fields = fields_of(unnamed(WRITES["gen 1 last"]))
    assert fields["run_as"] == (f"compute-default@{HOME}", f"{HOME}@appspot.gserviceaccount.com")
    assert fields["run_as_email"] == (f"{HOME}@appspot.gserviceaccount.com",)
    assert "one of these" in fields["runs_as"]
    assert "run_as_named" not in fields


def test_default_account_by_number():
    record = unnamed(WRITES["gen 2 last"])
    record["protoPayload"]["response"] = {
        "serviceConfig": {"uri": f"https://f-{NUMBER}.us-central1.run.app"}
    }
    compute = f"{NUMBER}-compute@developer.gserviceaccount.com"
    assert compute in fields_of(record)["run_as"]


def test_default_account_that_is_named_is_shared():
    record = copy.deepcopy(WRITES["gen 1 last"])
    compute = f"{NUMBER}-compute@developer.gserviceaccount.com"
    record["protoPayload"]["response"]["serviceAccountEmail"] = compute
    fields = fields_of(record)
    assert fields["run_as"] == compute
    assert "one of these" in fields["runs_as"]


def test_code_that_runs_as_its_writer():
    own = Caller(account("sync"))
    assert fields_of(gcp.create_service_v1(own, SYNC, 0))["self_run"] == "true"
    assert "self_run" not in fields_of(WRITES["service v1"])


@pytest.mark.parametrize(
    ("mask", "change"),
    [
        ("labels,availableMemoryMb", "plain"),
        ("timeout", "plain"),
        ("sourceUploadUrl,labels", "code"),
        ({"paths": ["service_config.max_instance_count"]}, "plain"),
        ({"paths": ["build_config.source.storage_source", "labels"]}, "code"),
        ("serviceAccountEmail", "account"),
        ({"paths": ["service_config.service_account_email"]}, "account"),
        ("", None),
        (None, None),
    ],
)
def test_change(mask, change):
    record = gcp.update_gen1(EVE, SYNC, 0)[0]
    record["protoPayload"]["request"]["updateMask"] = mask
    assert fields_of(record).get("change") == change


def test_builds():
    fields = fields_of(WRITES["gen 2 first"])
    assert fields["build_account"] == (f"build-default@{HOME}",)
    assert "self_built" not in fields
    builder = Caller(f"{NUMBER}@cloudbuild.gserviceaccount.com")
    assert fields_of(gcp.write_gen2(builder, SYNC, 0)[0])["self_built"] == "true"
    record = copy.deepcopy(WRITES["gen 2 first"])
    config = record["protoPayload"]["request"]["function"]["build_config"]
    config["service_account"] = f"projects/{HOME}/serviceAccounts/{account('ci')}"
    assert fields_of(record)["build_account"] == (account("ci"),)


def test_open_service_and_mounted_secrets():
    record = gcp.create_service_v1(EVE, SYNC, 0)
    service = record["protoPayload"]["request"]["service"]
    service["metadata"]["annotations"] = {"run.googleapis.com/invoker-iam-disabled": "true"}
    env = [{"name": "X", "valueFrom": {"secretKeyRef": {"name": "s"}}}]
    service["spec"]["template"]["spec"]["containers"] = [{"env": env}]
    fields = fields_of(record)
    assert (fields["door"], fields["opened_by"], fields["mounts_secrets"]) == (
        "public",
        "write",
        "true",
    )
    assert "mounts_secrets" not in fields_of(WRITES["service v1"])


def test_policy_of_the_service_meets_the_function():
    fields = fields_of(gcp.service_policy(EVE, SYNC, 0, "allUsers"))
    assert fields["function"] == KEY
    assert (fields["door"], fields["opened_by"], fields["certain"]) == ("public", "policy", "true")


def test_call():
    assert fields_of(gcp.call_function(EVE, SYNC, 0))["function"] == KEY
