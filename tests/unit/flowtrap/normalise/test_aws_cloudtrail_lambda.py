"""Lambda calls: one function whatever the spelling, and what was done to it."""

from __future__ import annotations

import pytest
from builders import aws
from builders.aws import ABROAD, HOME, Function, call, user

from flowtrap.normalise.aws_cloudtrail import normalise

EVE = user("eve", src="203.0.113.10")
BILL = Function("billing", role="service-role/billing-role", region="eu-west-1")
RULE = aws.rule_arn("on-create")


def fields_of(record):
    return normalise(record).fields


def lambda_call(name, request=None, response=None, **more):
    return fields_of(call(EVE, "lambda", name, 0, request, response, region="eu-west-1", **more))


@pytest.mark.parametrize("qualifier", ["", ":1", ":$LATEST", ":live"])
@pytest.mark.parametrize("spelling", [BILL.arn, f"{HOME}:function:billing", "billing"])
def test_function_has_one_name(spelling, qualifier):
    fields = lambda_call("GetFunction20150331v2", {"functionName": spelling + qualifier})
    assert fields["function"] == "billing"
    assert fields["function_arn"] == BILL.arn
    assert fields["function_account"] == HOME
    assert fields["function_region"] == "eu-west-1"
    assert "foreign_function" not in fields
    assert fields["summary"] == f"GetFunction {BILL.arn if spelling == BILL.arn else 'billing'}"


def test_foreign_function():
    other = BILL.with_(account=ABROAD)
    for spelling in (other.arn, f"{ABROAD}:function:billing"):
        fields = lambda_call("Invoke", {"functionName": spelling})
        assert fields["foreign_function"] == "true"
        assert fields["function_account"] == ABROAD
        assert fields["account"] == HOME


def test_account_falls_back_to_the_function_s():
    record = aws.invoke(user("rival", ABROAD), BILL, 0)
    del record["recipientAccountId"]
    assert fields_of(record)["account"] == HOME


@pytest.mark.parametrize("waits", [True, False])
def test_invoke(waits):
    fields = fields_of(aws.invoke(EVE, BILL, 0, qualifier="live", eni="eni-0a1b2c3d", waits=waits))
    assert fields["action"] == "Invoke"
    assert fields["function_arn"] == BILL.arn
    assert fields["eni"] == "eni-0a1b2c3d"
    assert fields["summary"] == f"Invoke {BILL.arn}"


def test_web_function():
    fields = fields_of(aws.invoke_web(EVE, BILL, 0))
    assert fields["function"] == "billing"
    assert fields["function_arn"] == BILL.arn.replace(":function:", ":web-function/")


def test_create_function():
    layer = f"arn:aws:lambda:eu-west-1:{ABROAD}:layer:telemetry:1"
    record = aws.create_function(EVE, BILL, 0)
    record["requestParameters"]["layers"] = [layer, {"arn": layer + "0"}, 7]
    fields = fields_of(record)
    sha256 = record["responseElements"]["codeSha256"]
    assert fields["function_arn"] == BILL.arn
    assert fields["change"] == ("code",)
    assert fields["code_sha256"] == sha256
    assert (fields["role"], fields["role_arn"]) == ("billing-role", BILL.role_arn)
    assert fields["layers"] == (layer, layer + "0")
    assert fields["layer_account"] == (ABROAD,)
    assert fields["summary"] == (
        f"CreateFunction {BILL.arn} with role {BILL.role_arn}, code sha256 {sha256}, "
        f"layers {layer}, {layer}0"
    )


def test_function_list_bears_no_function():
    assert "function" not in lambda_call("ListFunctions20150331", {"maxItems": 50})


@pytest.mark.parametrize(("dry", "change"), [(True, None), ("true", None), (False, ("code",))])
def test_update_code(dry, change):
    fields = lambda_call("UpdateFunctionCode20150331v2", {"functionName": "billing", "dryRun": dry})
    assert fields.get("change") == change
    assert fields["summary"].startswith("UpdateFunctionCode billing")


@pytest.mark.parametrize(
    ("request_", "change"),
    [
        ({"memorySize": 512, "timeout": 30, "environment": {}}, None),
        ({"role": BILL.role_arn}, ("role",)),
        ({"layers": ["arn:aws:lambda:eu-west-1:123456789012:layer:x:1"], "handler": "a.b"}, ("layers", "handler")),
        ({"environment": {"variables": {}}}, ("environment",)),
        ({"imageConfig": {"command": ["x"]}, "runtime": "python3.12"}, ("imageConfig", "runtime")),
        ({"vpcConfig": {"subnetIds": []}, "layers": []}, ("vpcConfig",)),
    ],
)  # fmt: skip
def test_update_configuration(request_, change):
    name = "UpdateFunctionConfiguration20150331v2"
    fields = lambda_call(name, {"functionName": "billing", **request_}, {"role": BILL.role_arn})
    assert fields.get("change") == change
    assert fields["role"] == "billing-role"


def test_publish_layer():
    layer = f"arn:aws:lambda:us-east-1:{HOME}:layer:telemetry:1"
    fields = fields_of(aws.publish_layer(EVE, layer, 0))
    assert fields["layer"] == layer
    assert fields["layer_account"] == (HOME,)
    assert fields["summary"] == f"PublishLayerVersion {layer}"
    assert "function" not in fields


@pytest.mark.parametrize(
    ("principal", "conditions", "kind", "account"),
    [
        ("*", {}, "public", None),
        ("*", {"functionUrlAuthType": "NONE"}, "public", None),
        ("*", {"sourceAccount": HOME}, "public_limited", None),
        ("*", {"principalOrgID": "o-1"}, "public_limited", None),
        ("*", {"sourceArn": "arn:aws:s3:::templates"}, "public_limited", None),
        ("events.amazonaws.com", {"sourceArn": RULE}, "service", None),
        ("alexa-appkit.amazon.com", {}, "service", None),
        (ABROAD, {}, "foreign", ABROAD),
        (f"arn:aws:iam::{ABROAD}:role/x", {}, "foreign", ABROAD),
        (HOME, {}, "own", HOME),
        (EVE.arn, {}, "own", HOME),
        ("AROAEXAMPLE", {}, None, None),
    ],
)
@pytest.mark.parametrize("part", ["both", "request", "response"])
def test_add_permission(principal, conditions, kind, account, part):
    record = aws.add_permission(EVE, BILL, 0, "sid", principal, **conditions)
    if part == "request":
        record["responseElements"] = None
    elif part == "response":
        record["requestParameters"] = None
    fields = fields_of(record)
    assert fields["function"] == "billing"
    assert fields["function_arn"] == BILL.arn
    assert fields["statement"] == "sid"
    assert fields["permission_action"] == "lambda:InvokeFunction"
    assert fields.get("grantee_kind") == kind
    assert fields.get("grantee_account") == account
    limits = {key: value for key, value in conditions.items() if key != "functionUrlAuthType"}
    assert fields.get("grant_condition", ()) == tuple(f"{k} {v}" for k, v in limits.items())
    assert fields.get("source_arn") == conditions.get("sourceArn")


@pytest.mark.parametrize(
    "spelling", [{"AWS": "*"}, '{"AWS":"*"}', " * ", ["*"], '["*"]', {"AWS": ["*"]}]
)
def test_everybody_in_any_spelling(spelling):
    record = aws.add_permission(EVE, BILL, 0, "sid", "*")
    record["requestParameters"]["principal"] = spelling
    fields = fields_of(record)
    assert (fields["grantee"], fields["grantee_kind"]) == ("*", "public")


def test_add_permission_summary_and_rule():
    fields = fields_of(aws.add_permission(EVE, BILL, 0, "sid", "*", functionUrlAuthType="NONE"))
    assert fields["auth_type"] == "NONE"
    assert fields["summary"] == (
        "AddPermission sid: lambda:InvokeFunction to * (no conditions, URL auth NONE) "
        f"on {BILL.arn}"
    )
    fields = fields_of(
        aws.add_permission(EVE, BILL, 0, "rule", "events.amazonaws.com", sourceArn=RULE)
    )
    assert fields["rule"] == "on-create"
    assert fields["summary"] == (
        f"AddPermission rule: lambda:InvokeFunction to events.amazonaws.com "
        f"(sourceArn {RULE}) on {BILL.arn}"
    )


@pytest.mark.parametrize("statement", ["{", "", 7, None, "%7B%22Sid%22", "[]"])
def test_bad_statement_is_no_value(statement):
    fields = lambda_call(
        "AddPermission20150331v2",
        {"functionName": "billing", "principal": "*"},
        {"statement": statement},
    )
    assert fields["grantee_kind"] == "public"
    assert "statement" not in fields


def test_remove_permission():
    fields = fields_of(aws.remove_permission(EVE, BILL, 0, "sid"))
    assert fields["statement"] == "sid"
    assert fields["summary"] == "RemovePermission sid on billing"


def test_event_source_mapping():
    queue = f"arn:aws:sqs:eu-west-1:{HOME}:orders"
    fields = lambda_call(
        "CreateEventSourceMapping20150331", {"functionName": "billing", "eventSourceArn": queue}
    )
    assert (fields["function"], fields["source_arn"]) == ("billing", queue)
    assert fields["summary"] == f"CreateEventSourceMapping from {queue} to billing"


def test_function_url():
    fields = fields_of(aws.create_url(EVE, BILL, 0))
    url = aws.function_url(BILL)
    assert (fields["url"], fields["auth_type"]) == (url, "NONE")
    assert fields["summary"] == f"CreateFunctionUrlConfig {url} (auth NONE) for {BILL.arn}"


def test_cloudfront_s_functions_are_not_lambda_s():
    fields = fields_of(call(EVE, "cloudfront", "CreateFunction2020_05_31", 0, {"name": "rewrite"}))
    assert fields["action"] == "CreateFunction2020_05_31"
    assert "function" not in fields
    assert "change" not in fields


def test_role_of_a_write():
    """The role joins a write to its sessions; where no part says it, the mark for any does."""
    request = {"functionName": "billing"}
    said = lambda_call("UpdateFunctionCode20150331v2", request, {"role": BILL.role_arn})
    assert said["function_role"] == "billing-role"
    assert lambda_call("UpdateFunctionCode20150331v2", request)["function_role"] == "*"


@pytest.mark.parametrize(
    ("agent", "scoped", "roles"),
    [
        (aws.RUNTIME, False, ("billing-role", "*")),
        (aws.PLAIN_SDK, True, ("billing-role", "*")),
        (aws.PLAIN_SDK, False, "billing-role"),
    ],
)
def test_roles_of_a_session(agent, scoped, roles):
    """Only a call that surely came from inside Lambda meets a write of unknown role."""
    caller = BILL.acts(agent=agent, scoped=scoped)
    assert fields_of(aws.caller_identity(caller, 0))["session_roles"] == roles
