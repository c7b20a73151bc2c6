"""Policies, keys, tokens, accounts."""

from __future__ import annotations

import pytest
from builders import gcp
from builders.gcp import ABROAD, HOME, NUMBER, Caller, Function, account, person

from flowtrap.normalise.gcp_audit import normalise

EVE = person("eve")
SYNC = Function("sync", account("sync"))
OTHER = account("deployer")


def fields_of(record):
    return normalise(record).fields


def test_grant_to_a_service_account():
    fields = fields_of(gcp.project_policy(EVE, 0, "roles/editor", f"serviceAccount:{SYNC.account}"))
    assert fields["role"] == ("roles/editor",)
    assert fields["added"] == (f"roles/editor to serviceAccount:{SYNC.account}",)
    assert fields["granted_account"] == (SYNC.account,)
    assert fields["policy_known"] == "delta"


def test_grant_to_a_default_account_has_its_alias():
    compute = f"{NUMBER}-compute@developer.gserviceaccount.com"
    fields = fields_of(gcp.project_policy(EVE, 0, "roles/editor", f"serviceAccount:{compute}"))
    assert fields["granted_account"] == (compute, f"compute-default@{HOME}")


@pytest.mark.parametrize("delta", [True, False])
def test_what_was_removed_or_is_unknown_is_no_grant(delta):
    action = "REMOVE" if delta else "ADD"
    record = gcp.project_policy(
        EVE, 0, "roles/owner", f"serviceAccount:{SYNC.account}", delta=delta, action=action
    )
    fields = fields_of(record)
    assert not {"added", "role", "member", "granted_account", "door"} & fields.keys()
    assert ("removed" if delta else "not logged") in fields["summary"]


def test_account_policy_names_the_address():
    fields = fields_of(
        gcp.account_policy(EVE, 0, OTHER, "roles/iam.serviceAccountUser", "user:x@example.com")
    )
    assert fields["target"] == OTHER
    assert fields["action"] == "SetIAMPolicy"


@pytest.mark.parametrize(
    ("member", "door"),
    [
        ("allUsers", "public"),
        ("allAuthenticatedUsers", "public"),
        ("user:x@gmail.com", "consumer"),
        ("group:x@googlegroups.com", "consumer"),
        ("user:x@rival.example", "outside"),
        ("domain:rival.example", "outside"),
        ("x@rival.example", "outside"),  # a copy without "user:"
        ("user:EVE@example.com", None),
        ("group:ops@corp.example.com", None),
        ("domain:example.com", None),
        (f"serviceAccount:{account('x', ABROAD)}", None),
        ("projectOwner:acme-prod", None),
    ],
)
def test_door(member, door):
    fields = fields_of(gcp.service_policy(EVE, SYNC, 0, member))
    assert fields.get("door") == door
    assert ("let_in" in fields) == (door is not None)


def test_the_house_of_a_pipeline_is_not_known():
    pipeline = Caller(account("ci"))
    assert "door" not in fields_of(gcp.service_policy(pipeline, SYNC, 0, "user:x@rival.example"))
    assert fields_of(gcp.service_policy(pipeline, SYNC, 0, "allUsers"))["door"] == "public"


def test_whole_policy_is_certain_only_if_it_has_one_member():
    assert "certain" not in fields_of(
        gcp.service_policy(EVE, SYNC, 0, "allUsers", "group:x@example.com")
    )


def test_key():
    fields = fields_of(gcp.create_key(SYNC.acts(), 0, OTHER))
    assert fields["target_account"] == OTHER
    assert fields["new_key"] == gcp.key_of(OTHER)
    assert fields["new_key_id"] == gcp.key_of(OTHER).rsplit("/", 1)[-1]
    assert fields["summary"] == f"CreateServiceAccountKey {gcp.key_of(OTHER)}"


@pytest.mark.parametrize("action", ["GenerateAccessToken", "SignJwt", "SignBlob"])
def test_token(action):
    fields = fields_of(gcp.token(SYNC.acts(), 0, OTHER, action))
    assert (fields["target_account"], fields["own_token"]) == (OTHER, "false")
    assert fields["summary"] == f"{action} as {OTHER}"
    assert fields_of(gcp.token(SYNC.acts(), 0, SYNC.account, action))["own_token"] == "true"


@pytest.mark.parametrize(("action", "own"), [("GenerateAccessToken", "false"), ("SignBlob", None)])
def test_token_by_number_alone(action, own):
    """Code signs in its own name all day, but asks for no token of its own."""
    record = gcp.token(SYNC.acts(), 0, OTHER, action)
    record["resource"]["labels"] = {}
    record["protoPayload"]["request"] = {}
    fields = fields_of(record)
    assert fields["target_account"] == "103566171230474107362"
    assert fields.get("own_token") == own


def test_new_account():
    fields = fields_of(gcp.create_account(EVE, 0, "helper"))
    assert fields["target_account"] == account("helper")


def test_role():
    record = gcp.entry(
        EVE, "iam", "google.iam.admin.v1.CreateRole", 0, f"projects/{HOME}/roles/all",
        request={"role": {"includedPermissions": ["iam.serviceAccountKeys.create"]}},
    )  # fmt: skip
    assert fields_of(record)["summary"].endswith("allows iam.serviceAccountKeys.create")


def test_role_named_by_the_request_alone():
    record = gcp.entry(
        EVE, "iam", "google.iam.admin.v1.CreateRole", 0, f"projects/{HOME}",
        request={"parent": f"projects/{HOME}", "role_id": "helper", "role": {}},
    )  # fmt: skip
    assert fields_of(record)["target"] == f"projects/{HOME}/roles/helper"
