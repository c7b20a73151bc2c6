"""CloudTrail: who called, from where, as which session; records of any shape and any oddity."""

from __future__ import annotations

import json

import pytest
from builders import aws
from builders.aws import ABROAD, HOME, Function, call, user
from hypothesis import given
from hypothesis import strategies as st

from flowtrap.model.errors import RecordError
from flowtrap.normalise.aws_cloudtrail import SPEC, normalise, recognise

EVE = user("eve", src="203.0.113.10")
BILL = Function("billing", role="service-role/billing-role")


def fields_of(record):
    return normalise(record).fields


def test_common_fields():
    record = call(EVE, "cloudtrail", "StopLogging", 0, {"name": "main"})
    event = normalise(record)
    assert event.feed == "aws_cloudtrail"
    assert event.event_id == record["eventID"]
    assert event.record is record
    assert event.time_ms == 1_773_133_200_000
    assert event.fields == {
        "action": "StopLogging",
        "service": "cloudtrail",
        "region": "us-east-1",
        "account": HOME,
        "actor": "arn:aws:iam::123456789012:user/eve",
        "principal": "arn:aws:iam::123456789012:user/eve",
        "actor_type": "IAMUser",
        "actor_account": HOME,
        "access_key": EVE.identity["accessKeyId"],
        "src": "203.0.113.10",
        "user_agent": aws.CLI,
        "outcome": "success",
        "summary": "StopLogging name main",
    }


def test_session_of_a_function_with_scope():
    fields = fields_of(call(BILL.acts(session="else"), "kms", "Decrypt", 0))
    assert fields["session"] == "billing-role/else"
    assert fields["session_role"] == "billing-role"
    assert fields["session_role_arn"] == BILL.role_arn
    assert fields["session_function"] == "billing"
    assert fields["in_lambda"] == "true"


def test_session_of_a_function_without_scope():
    fields = fields_of(call(BILL.acts(scoped=False, agent=aws.PLAIN_SDK), "kms", "Decrypt", 0))
    assert fields["session_function"] == "billing"
    assert "in_lambda" not in fields


@pytest.mark.parametrize("agent", [aws.RUNTIME, aws.WORKER])
def test_user_agent_says_lambda(agent):
    assert fields_of(call(BILL.acts(scoped=False, agent=agent), "kms", "Decrypt", 0))["in_lambda"]


def test_scope_of_something_else_is_no_function():
    caller = BILL.acts()
    caller.identity["inScopeOf"] = {
        "issuerType": "AWS::EC2::Instance",
        "credentialsIssuedTo": "arn:aws:ec2:us-east-1:123456789012:instance/i-1",
    }
    fields = fields_of(call(caller.using(agent="x"), "kms", "Decrypt", 0))
    assert fields["session_function"] == "billing"
    assert "in_lambda" not in fields


def test_session_role_without_issuer_is_the_arn_s():
    caller = aws.role_session("ops", "alice")
    del caller.identity["sessionContext"]
    fields = fields_of(call(caller, "kms", "Decrypt", 0))
    assert (fields["session_role"], fields["session"]) == ("ops", "ops/alice")
    assert "session_role_arn" not in fields


def test_federated_user_s_issuer_is_no_role():
    caller = user("eve")
    caller.identity["sessionContext"] = {"sessionIssuer": {"type": "IAMUser", "arn": EVE.arn}}
    assert "session_role" not in fields_of(call(caller, "kms", "Decrypt", 0))


@pytest.mark.parametrize(
    ("identity", "actor"),
    [
        ({"arn": EVE.arn, "invokedBy": "x.amazonaws.com", "userName": "u"}, EVE.arn),
        ({"type": "AWSService", "invokedBy": "lambda.amazonaws.com"}, "lambda.amazonaws.com"),
        ({"userName": "u", "principalId": "p", "accountId": HOME}, "u"),
        ({"principalId": "p", "accountId": HOME}, "p"),
        ({"accountId": HOME}, HOME),
        ({"arn": "-", "userName": "", "principalId": None, "accountId": "<null>"}, None),
        ({}, None),
        ("eve", None),
    ],
)
def test_actor_is_the_best_name(identity, actor):
    record = {**call(EVE, "kms", "Decrypt", 0), "userIdentity": identity}
    assert fields_of(record).get("actor") == actor


def test_foreign_caller():
    outsider = user("rival", ABROAD)
    assert fields_of(call(outsider, "s3", "ListBuckets", 0))["foreign_caller"] == "true"
    assert "foreign_caller" not in fields_of(call(EVE, "s3", "ListBuckets", 0))


def test_account_falls_back_to_the_caller_s():
    record = call(EVE, "kms", "Decrypt", 0)
    del record["recipientAccountId"]
    assert fields_of(record)["account"] == HOME


def test_outcome_of_a_refusal():
    fields = fields_of(call(EVE, "lambda", "CreateFunction20150331", 0, error="AccessDenied"))
    assert fields["outcome"] == "AccessDenied"
    assert fields["action"] == "CreateFunction"
    assert fields["summary"] == "CreateFunction (AccessDenied)"
    assert fields_of({**call(EVE, "kms", "Decrypt", 0), "errorCode": ["x"]})["outcome"] == "error"
    assert fields_of({**call(EVE, "kms", "Decrypt", 0), "errorCode": ""})["outcome"] == "success"


def test_summary_is_one_line():
    record = call(EVE, "kms", "CreateAlias", 0, {"alias": "a\r\nb\tc"})
    assert fields_of(record)["summary"] == "CreateAlias alias a b c"


@pytest.mark.parametrize(
    ("change", "time_ms"),
    [
        ({"eventTime": "2026-01-01T00:00:00Z"}, 1_767_225_600_000),
        ({"eventTime": None, "@timestamp": "2026-01-01T00:00:00.000Z"}, 1_767_225_600_000),
        ({"eventTime": "2026-01-01 00:00:00.653891982"}, 1_767_225_600_653),
        ({"eventTime": "", "p_event_time": "2026-01-01 00:00:00"}, 1_767_225_600_000),
        ({"eventTime": 1_767_225_600}, 1_767_225_600_000),
        ({"eventTime": 0}, 0),
    ],
)
def test_time_is_read_from_copies_too(change, time_ms):
    assert normalise({**call(EVE, "kms", "Decrypt", 0), **change}).time_ms == time_ms


@pytest.mark.parametrize("time", [None, "", "...", "redacted", [], "9999-01-01T00:00:00Z"])
def test_no_time_is_an_error(time):
    with pytest.raises(RecordError):
        normalise({**call(EVE, "kms", "Decrypt", 0), "eventTime": time})


def test_event_without_id_gets_one_that_depends_on_its_content_only():
    record = call(EVE, "kms", "Decrypt", 0)
    del record["eventID"]
    shuffled = dict(reversed(list(record.items())))
    assert normalise(record).event_id == normalise(shuffled).event_id
    assert normalise(record).event_id != normalise({**record, "requestID": "other"}).event_id
    assert len(normalise({**record, "eventID": 7}).event_id) == 32


def test_id_of_a_record_too_deep_to_hash_is_an_error():
    deep: list = []
    for _ in range(200_000):
        deep = [deep]
    record = {**call(EVE, "kms", "Decrypt", 0), "eventID": None, "requestParameters": {"a": deep}}
    with pytest.raises(RecordError, match="eventID"):
        normalise(record)
    while deep:  # take it apart by hand: its own deletion would recurse
        deep = deep.pop()


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"eventName": "Invoke", "eventSource": "lambda.amazonaws.com"}, True),
        ({"eventName": "x", "userIdentity": {}, "eventTime": "t"}, True),
        ({"eventName": "x", "userIdentity": {}, "@timestamp": "t"}, True),
        ({"eventName": "x", "userIdentity": {}, "awsRegion": "eu-west-1"}, True),
        ({"eventName": "x", "userIdentity": {}}, False),
        ({"eventName": "x", "eventSource": "example.com"}, False),
        ({"eventName": 7, "eventSource": "lambda.amazonaws.com"}, False),
        ({"eventName": "x", "eventSource": 7, "userIdentity": "eve"}, False),
        ({"eventName": ["x"]}, False),
        ({}, False),
    ],
)
def test_recognise(record, expected):
    assert recognise(record) is expected


# --- any type in any place --------------------------------------------------------------------

PARTS = (
    "eventName", "eventSource", "userIdentity", "requestParameters", "responseElements", "resources",
    "additionalEventData", "errorCode", "awsRegion", "recipientAccountId", "sourceIPAddress",
    "userAgent", "eventID",
)  # fmt: skip
INNER = (
    "functionName", "functionArn", "role", "layers", "policyDocument", "assumeRolePolicyDocument",
    "principal", "sourceArn", "statement", "targets", "arn", "ARN", "type", "ipPermissions", "items",
    "cidrIp", "fromPort", "toPort", "ipProtocol", "groupId", "secretId", "names", "bucketName", "key",
    "NotificationConfiguration", "accessKey", "accessKeyId", "userName", "roleName", "policyArn",
    "networkInterface", "networkInterfaceId", "description", "sessionContext", "sessionIssuer",
    "inScopeOf", "issuerType", "credentialsIssuedTo", "customerEniId", "dryRun", "codeSha256",
)  # fmt: skip
CALLS = [
    ("lambda", name) for name in (
        "Invoke", "CreateFunction20150331", "UpdateFunctionCode20150331v2", "AddPermission20150331v2",
        "UpdateFunctionConfiguration20150331v2", "PublishLayerVersion20181031", "ListFunctions20150331",
        "CreateEventSourceMapping20150331", "CreateFunctionUrlConfig", "RemovePermission20150331v2",
    )
] + [
    ("iam", name) for name in (
        "AttachUserPolicy", "PutRolePolicy", "CreateRole", "CreateAccessKey", "CreateUser",
        "UpdateAssumeRolePolicy", "SetDefaultPolicyVersion", "CreatePolicyVersion",
    )
] + [
    ("sts", "AssumeRole"), ("s3", "GetObject"), ("s3", "PutBucketNotification"), ("events", "PutRule"),
    ("events", "PutTargets"), ("ec2", "AuthorizeSecurityGroupIngress"), ("ec2", "CreateSecurityGroup"),
    ("ec2", "CreateNetworkInterface"), ("secretsmanager", "GetSecretValue"), ("ssm", "GetParameters"),
    ("kms", "Decrypt"),
]  # fmt: skip


def anything():
    texts = st.text(max_size=6) | st.sampled_from(
        ["*", "-", BILL.arn, BILL.role_arn, BILL.acts().arn, HOME, "eni-0a1b", "{", '{"Statement":[7]}',
         "arn:aws:events:us-east-1:123456789012:rule/r", "AWS::Lambda::Function", "%7B", "::/0"]
    )  # fmt: skip
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
    keys = st.sampled_from(INNER) | st.text(max_size=3)
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    )


@given(st.sampled_from(CALLS), st.dictionaries(st.sampled_from(PARTS), anything(), max_size=5))
def test_odd_records_do_not_crash(named, odd):
    record = {**call(EVE, *named, 0, {"functionName": "billing"}), **odd}
    recognise(record)
    event = normalise(record)
    assert event.event_id
    assert event.fields["summary"]
    for name, value in event.fields.items():
        values = value if isinstance(value, tuple) else (value,)
        assert values, name
        assert all(isinstance(item, str) and item for item in values), name


@given(
    st.sampled_from(CALLS),
    st.sampled_from(PARTS[2:7]),
    st.dictionaries(st.sampled_from(INNER), anything()),
)
def test_odd_parts_do_not_crash(named, part, odd):
    assert normalise({**call(EVE, *named, 0), part: odd}).fields["summary"]


@pytest.mark.corpus
def test_corpus_is_recognised_and_normalised(corpus):
    total, refused = 0, []
    for path in sorted((corpus / "aws_cloudtrail").glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            record = json.loads(line)
            total += 1
            assert recognise(record), f"{path.name}:{number}"
            before = json.dumps(record)
            try:
                event = SPEC.normalise(record)
            except RecordError:
                refused.append(record.get("eventTime"))
                event = SPEC.normalise({**record, "eventTime": "2026-01-01T00:00:00Z"})
            assert json.dumps(record) == before, "a record was changed"
            assert event.fields["action"]
            assert event.fields["summary"]
            assert event.event_id
    assert total == 1_087
    assert len(refused) == 18  # twelve without any time, six with a placeholder
    assert set(refused) == {None, "...", "eventTime", "redacted"}
