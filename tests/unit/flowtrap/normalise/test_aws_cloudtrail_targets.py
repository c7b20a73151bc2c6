"""Calls around a function: buckets, secrets, rules, security groups, interfaces."""

from __future__ import annotations

import pytest
from builders import aws
from builders.aws import ABROAD, HOME, Function, call, user

from flowtrap.normalise.aws_cloudtrail import normalise

EVE = user("eve", src="203.0.113.10")
BILL = Function("billing")
TAG = Function("autotag", account=ABROAD)


def fields_of(record):
    return normalise(record).fields


def test_object():
    fields = fields_of(aws.get_object(EVE, "templates", "a/stack.yml", 0))
    assert (fields["bucket"], fields["object"]) == ("templates", "templates/a/stack.yml")
    assert fields["summary"] == "GetObject templates/a/stack.yml"


def test_bucket_from_resources():
    record = aws.get_object(EVE, "templates", "a", 0)
    record["requestParameters"] = {"bucketName": "arn:aws:s3:us-east-1:123456789012:accesspoint/x"}
    assert fields_of(record)["bucket"] == "templates"


def test_bucket_notification_names_every_function():
    record = aws.put_bucket_notification(EVE, "templates", 0, BILL.arn, TAG.arn)
    fields = fields_of(record)
    assert fields["bucket"] == "templates"
    assert fields["function"] == ("billing", "autotag")
    assert fields["function_arn"] == (BILL.arn, TAG.arn)
    assert fields["function_account"] == (HOME, ABROAD)
    assert fields["foreign_function"] == "true"
    assert fields["summary"] == f"PutBucketNotification templates: calls {BILL.arn}, {TAG.arn}"
    fields = fields_of(aws.put_bucket_notification(EVE, "templates", 0, BILL.arn))
    assert fields["function"] == ("billing",)
    assert "foreign_function" not in fields


def test_secrets():
    assert fields_of(aws.get_secret(EVE, "prod/db", 0))["secret"] == "prod/db"
    assert fields_of(aws.get_secret(EVE, "prod/db", 0))["summary"] == "GetSecretValue prod/db"
    fields = fields_of(aws.get_parameters(EVE, 0, "/a", "/b"))
    assert fields["secret"] == ("/a", "/b")
    assert fields["summary"] == "GetParameters /a, /b"


@pytest.mark.parametrize(
    ("source", "name", "request_", "secret"),
    [
        ("secretsmanager", "BatchGetSecretValue", {"secretIdList": ["a", "b"]}, ("a", "b")),
        ("secretsmanager", "BatchGetSecretValue", {"filters": [{"key": "name"}]}, None),
        ("ssm", "GetParameter", {"name": "/a", "withDecryption": True}, "/a"),
        ("ssm", "GetParametersByPath", {"path": "/prod", "recursive": True}, "/prod"),
        ("ssm", "StartSession", {"target": "i-1", "name": "x"}, None),
    ],
)
def test_secret_spellings(source, name, request_, secret):
    assert fields_of(call(EVE, source, name, 0, request_)).get("secret") == secret


def test_rule_and_targets():
    assert fields_of(aws.put_rule(EVE, "on-create", 0, "CreateUser", BILL))["rule"] == "on-create"
    fields = fields_of(aws.put_targets(EVE, "on-create", 0, BILL, BILL.with_(name="other")))
    assert fields["rule"] == "on-create"
    assert fields["function"] == ("billing", "other")
    assert fields["summary"].startswith(f"PutTargets rule on-create: {BILL.arn}, arn:")


def test_target_that_is_no_function():
    request = {"rule": "r", "targets": [{"id": "1", "arn": "arn:aws:sqs:us-east-1:1:q"}, 7]}
    fields = fields_of(call(EVE, "events", "PutTargets", 0, request))
    assert "function" not in fields
    assert fields["summary"] == "PutTargets rule r"


@pytest.mark.parametrize(
    ("request_", "response", "ingress"),
    [
        (
            {"cidrIp": "0.0.0.0/0", "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipPermissions": {}},
            None,
            ("tcp 22-22 from 0.0.0.0/0",),
        ),
        (
            {"ipPermissions": {"items": [
                {"ipProtocol": "-1", "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]},
                 "ipv6Ranges": {"items": [{"cidrIpv6": "::/0"}]}, "groups": {}},
                {"ipProtocol": "udp", "fromPort": 0.0, "toPort": 65535.0,
                 "groups": {"items": [{"groupId": "sg-2"}]}},
            ]}},
            None,
            ("all from 0.0.0.0/0", "all from ::/0", "udp 0-65535 from sg-2"),
        ),
        (
            {},
            {"securityGroupRuleSet": {"items": [
                {"cidrIpv4": "0.0.0.0/0", "ipProtocol": "tcp", "fromPort": 3389, "toPort": 3389}]}},
            ("tcp 3389-3389 from 0.0.0.0/0",),
        ),
        ({}, None, None),
    ],
)  # fmt: skip
def test_ingress(request_, response, ingress):
    record = call(
        EVE, "ec2", "AuthorizeSecurityGroupIngress", 0, {"groupId": "sg-1", **request_}, response
    )
    fields = fields_of(record)
    assert fields["group_id"] == "sg-1"
    assert fields.get("ingress") == ingress
    line = "AuthorizeSecurityGroupIngress sg-1"
    assert fields["summary"] == (f"{line}: {', '.join(ingress)}" if ingress else line)


def test_group_made_and_opened_share_their_id():
    made = fields_of(aws.create_group(EVE, "web", 0))
    opened = fields_of(aws.authorize_ingress(EVE, aws.group_id("web"), 22, "0.0.0.0/0", 0))
    assert made["group_id"] == opened["group_id"] == aws.group_id("web")


def test_interface_of_a_function():
    fields = fields_of(aws.create_interface(BILL, "eni-0a1b2c3d", 0))
    assert (fields["function"], fields["eni"]) == ("billing", "eni-0a1b2c3d")
    assert fields["summary"] == "CreateNetworkInterface eni-0a1b2c3d for function billing"


def test_interface_that_a_function_made_is_not_named_by_its_word():
    record = aws.create_interface(BILL, "eni-0a1b2c3d", 0)
    record["userIdentity"] = TAG.acts().identity
    assert "function" not in fields_of(record)


def test_interface_deleted():
    request = {"networkInterfaceId": "eni-0a1b2c3d"}
    assert (
        fields_of(call(EVE, "ec2", "DeleteNetworkInterface", 0, request))["eni"] == "eni-0a1b2c3d"
    )


LENT_TO = "444455556666"


@pytest.mark.parametrize(
    ("service", "action", "request_", "line"),
    [
        (
            "ec2", "ModifySnapshotAttribute",
            {"snapshotId": "snap-1", "createVolumePermission": {"add": {"items": [{"userId": LENT_TO}]}}},
            f"snap-1: shared with {LENT_TO}",
        ),
        (
            "ec2", "ModifyImageAttribute",
            {"imageId": "ami-1", "launchPermission": {"add": {"items": [{"group": "all"}]}}},
            "ami-1: shared with all",
        ),
        (
            "ec2", "ModifySnapshotAttribute",
            {"snapshotId": "snap-1", "createVolumePermission": {"remove": {"items": [{"userId": LENT_TO}]}}},
            "snap-1",
        ),
        (
            "rds", "ModifyDBSnapshotAttribute",
            {"dBSnapshotIdentifier": "nightly", "attributeName": "restore", "valuesToAdd": [LENT_TO]},
            f"nightly: shared with {LENT_TO}",
        ),
        (
            "rds", "ModifyDBClusterSnapshotAttribute",
            {"dBClusterSnapshotIdentifier": "nightly", "valuesToAdd": None}, "nightly",
        ),
        ("ec2", "ModifyImageAttribute", {"launchPermission": "x"}, ""),
    ],
)  # fmt: skip
def test_lending_names_the_borrower(service, action, request_, line):
    fields = fields_of(call(EVE, service, action, 0, request_))
    assert fields["summary"] == f"{action} {line}".rstrip()
