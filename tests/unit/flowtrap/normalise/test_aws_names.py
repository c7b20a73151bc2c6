"""Names: one function has one name, whichever way it is spelled."""

from __future__ import annotations

import pytest

from flowtrap.normalise.aws_names import (
    Function,
    account_of,
    function_arn,
    function_of,
    function_of_interface,
    interface,
    operation_of,
    plain,
    role_of,
    rule_of,
    session_of,
    texts,
)

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:billing"
UUID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("billing", Function("billing")),
        ("billing:live", Function("billing")),
        ("billing:$LATEST", Function("billing")),
        ("function:billing", Function("billing")),
        ("123456789012:function:billing", Function("billing", "", "123456789012")),
        ("123456789012:function:billing:1", Function("billing", "", "123456789012")),
        ("123456789012:billing", Function("billing", "", "123456789012")),
        (ARN, Function("billing", ARN, "123456789012", "eu-west-1")),
        (f"{ARN}:1", Function("billing", ARN, "123456789012", "eu-west-1")),
        (f"{ARN}:$LATEST", Function("billing", ARN, "123456789012", "eu-west-1")),
        (
            "arn:aws-cn:lambda:cn-north-1:123456789012:web-function/billing",
            Function(
                "billing",
                "arn:aws-cn:lambda:cn-north-1:123456789012:web-function/billing",
                "123456789012",
                "cn-north-1",
            ),
        ),
        ("arn:aws:lambda:eu-west-1:123456789012:layer:telemetry:1", None),
        ("arn:aws:sqs:eu-west-1:123456789012:orders", None),
        ("arn:aws:lambda", None),
        ("arn:aws:lambda:eu-west-1:123456789012:function", None),
        ("", None),
        ("-", None),
        ('bil"ling', None),
        ("bil ling", None),
        (["billing"], None),
        (7, None),
        (None, None),
    ],
)
def test_function_of(spelling, expected):
    assert function_of(spelling) == expected


@pytest.mark.parametrize(
    ("arn", "role", "session"),
    [
        ("arn:aws:sts::123456789012:assumed-role/ops/alice", "ops", "alice"),
        ("arn:aws:sts::123456789012:assumed-role/ops/a@example.com", "ops", "a@example.com"),
        ("arn:aws:sts::123456789012:assumed-role/ops", "ops", ""),
        ("arn:aws:sts::123456789012:assumed-role/ops/a/b", "ops", ""),
        ("arn:aws:sts::123456789012:assumed-role/ops/zoë", "ops", ""),
        ("arn:aws:iam::123456789012:user/alice", "", ""),
        ("...", "", ""),
    ],
)
def test_session_of(arn, role, session):
    assert session_of(arn) == (role, session)


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("arn:aws:iam::123456789012:role/ops", "ops"),
        ("arn:aws:iam::123456789012:role/service-role/a/ops", "ops"),
        ("arn:aws:iam::123456789012:role/", ""),
        ("arn:aws:iam::123456789012:user/ops", ""),
        ("ops", ""),
    ],
)
def test_role_of(arn, expected):
    assert role_of(arn) == expected


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        ("lambda.amazonaws.com", "CreateFunction20150331", "CreateFunction"),
        ("lambda.amazonaws.com", "UpdateFunctionCode20150331v2", "UpdateFunctionCode"),
        ("lambda.amazonaws.com", "PublishLayerVersion20181031", "PublishLayerVersion"),
        ("lambda.amazonaws.com", "Invoke", "Invoke"),
        ("lambda.amazonaws.com", "20150331", "20150331"),
        ("cloudfront.amazonaws.com", "CreateFunction2020_05_31", "CreateFunction2020_05_31"),
        ("cloudfront.amazonaws.com", "CreateThing20200531", "CreateThing20200531"),
        ("", "", ""),
    ],
)
def test_operation_of(source, name, expected):
    assert operation_of(source, name) == expected


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        (f"AWS Lambda VPC ENI-billing-{UUID}", "billing"),
        (f"AWS Lambda VPC ENI-billing-eu-1-{UUID}", "billing-eu-1"),
        (f"AWS Lambda VPC ENI-{UUID}", ""),
        ("AWS Lambda VPC ENI-billing", ""),
        ("my interface", ""),
        (None, ""),
        ([], ""),
    ],
)
def test_function_of_interface(description, expected):
    assert function_of_interface(description) == expected


def test_small_names():
    assert rule_of("on-create") == "on-create"
    assert rule_of("arn:aws:events:eu-west-1:123456789012:rule/on-create") == "on-create"
    assert rule_of("arn:aws:events:eu-west-1:123456789012:rule/bus/on-create") == "on-create"
    assert rule_of("arn:aws:s3:::templates") == ""
    assert account_of("210987654321") == "210987654321"
    assert account_of("arn:aws:iam::210987654321:root") == "210987654321"
    assert account_of("arn:aws:s3:::templates") == account_of("events.amazonaws.com") == ""
    assert interface("eni-0a1b2c3d") == "eni-0a1b2c3d"
    assert interface("eni-0a_1") == interface(None) == interface("-") == ""
    assert plain("a.b+c=d,e@f-g")
    assert not plain("a/b")
    assert not plain("a:b")
    assert not plain("<null>")
    assert texts(["a", None, "a", "", 3, "b"]) == ("a", "b")
    assert texts("a") == ("a",)
    assert texts({}) == texts(None) == ()


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-west-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
    ],
)
def test_function_arn(region, partition):
    arn = function_arn(region, "123456789012", "billing")
    assert arn == f"arn:{partition}:lambda:{region}:123456789012:function:billing"
    assert function_of(arn) == Function("billing", arn, "123456789012", region)
