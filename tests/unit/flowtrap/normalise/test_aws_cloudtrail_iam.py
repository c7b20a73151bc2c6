"""IAM and STS calls: privileges, trusts, users, keys."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from builders import aws
from builders.aws import ABROAD, ADMINISTRATOR, HOME, call, user

from flowtrap.normalise.aws_cloudtrail import normalise

EVE = user("eve", src="203.0.113.10")
ROOT = f"arn:aws:iam::{ABROAD}:root"


def fields_of(record):
    return normalise(record).fields


def iam(name, request=None, response=None, **more):
    return fields_of(call(EVE, "iam", name, 0, request, response, **more))


@pytest.mark.parametrize(
    ("name", "key", "whom"),
    [
        ("AttachUserPolicy", "userName", "to user x"),
        ("AttachRolePolicy", "roleName", "to role x"),
        ("AttachGroupPolicy", "groupName", "to group x"),
    ],
)
def test_attach(name, key, whom):
    fields = iam(name, {key: "x", "policyArn": ADMINISTRATOR})
    assert fields["policy_arn"] == ADMINISTRATOR
    assert fields["privilege"] == (ADMINISTRATOR,)
    assert fields["summary"] == f"{name} {ADMINISTRATOR} {whom}"
    assert fields.get("target_user") == ("x" if key == "userName" else None)
    assert fields.get("target_role") == fields.get("role") == ("x" if key == "roleName" else None)


def test_detach_grants_nothing():
    fields = iam("DetachRolePolicy", {"roleName": "ops", "policyArn": ADMINISTRATOR})
    assert "privilege" not in fields
    assert fields["summary"] == f"DetachRolePolicy {ADMINISTRATOR} from role ops"


def test_inline_policy():
    document = aws.policy("s3:Get*", "*")
    for written in (document, quote(document)):
        fields = iam(
            "PutRolePolicy", {"roleName": "ops", "policyName": "own", "policyDocument": written}
        )
        assert fields["privilege"] == ("s3:Get*", "administrator")
        assert fields["summary"] == "PutRolePolicy own to role ops: allows s3:Get*, administrator"


def test_policy_versions():
    arn = f"arn:aws:iam::{HOME}:policy/ops"
    fields = fields_of(aws.create_policy_version(EVE, arn, aws.policy("iam:*"), 0))
    assert fields["policy_arn"] == arn
    assert fields["privilege"] == ("iam:all",)
    assert fields["summary"] == f"CreatePolicyVersion {arn}: allows iam:*"
    fields = fields_of(aws.set_default_policy_version(EVE, arn, "v1", 0))
    assert (fields["policy_arn"], fields["privilege"]) == (arn, (arn,))
    assert fields["summary"] == f"SetDefaultPolicyVersion {arn} v1"
    fields = fields_of(aws.create_policy(EVE, arn, aws.policy("iam:*"), 0))
    assert fields["policy_arn"] == arn
    assert fields["privilege"] == ("iam:all",)


def test_bad_document_is_no_value():
    fields = iam("PutUserPolicy", {"userName": "x", "policyName": "own", "policyDocument": "{"})
    assert fields["privilege"] == ("own",)


def test_create_role():
    fields = fields_of(aws.create_role(EVE, "ops", 0))
    assert fields["role"] == fields["target_role"] == "ops"
    assert fields["role_arn"] == f"arn:aws:iam::{HOME}:role/ops"
    assert fields["trusted"] == ("lambda.amazonaws.com",)
    assert "privilege" not in fields
    assert fields["summary"] == f"CreateRole {fields['role_arn']}: trusts lambda.amazonaws.com"


def test_update_assume_role_policy():
    document = aws.trust(AWS=ROOT)
    fields = fields_of(aws.update_assume_role_policy(EVE, "ops", document, 0))
    assert fields["trusted"] == (ROOT,)
    assert fields["summary"] == f"UpdateAssumeRolePolicy of role ops: trusts {ROOT}"
    assert json.loads(document)


@pytest.mark.parametrize("asked", [{"userName": "backup"}, None])
def test_create_access_key(asked):
    key = {"accessKeyId": "AKIAEXAMPLEBACKUP001", "userName": "backup", "status": "Active"}
    fields = iam("CreateAccessKey", asked, {"accessKey": key})
    assert fields["new_key"] == "AKIAEXAMPLEBACKUP001"
    assert fields["target_user"] == "backup"
    assert fields["summary"] == "CreateAccessKey AKIAEXAMPLEBACKUP001 for user backup"


@pytest.mark.parametrize(
    ("name", "request_", "summary"),
    [
        ("CreateUser", {"userName": "deploy"}, "CreateUser deploy"),
        ("CreateLoginProfile", {"userName": "deploy"}, "CreateLoginProfile for user deploy"),
        (
            "AddUserToGroup",
            {"userName": "u", "groupName": "g"},
            "AddUserToGroup for user u of group g",
        ),
        ("DeleteRole", {"roleName": "ops"}, "DeleteRole ops"),
        ("ListUsers", {"maxItems": 100}, "ListUsers"),
        ("ListUsers", None, "ListUsers"),
    ],
)
def test_summaries(name, request_, summary):
    assert iam(name, request_)["summary"] == summary


def test_assume_role():
    fields = fields_of(aws.assume_role(EVE, "path/ops", "x", 0))
    assert fields["target_role"] == "ops"
    assert fields["summary"] == f"AssumeRole arn:aws:iam::{HOME}:role/path/ops as x"
    assert "session" not in fields  # the caller is a user still
