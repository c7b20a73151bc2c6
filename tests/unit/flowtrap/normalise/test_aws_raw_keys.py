"""The front door's promise: a record's bytes show its joining fields, or say that they do not.

A failure here means that the byte filter would drop a record that a detection needs.
"""

from __future__ import annotations

import json
import random

import pytest
from builders import aws
from builders.aws import ABROAD, HOME, Function, call, role_session, user
from hypothesis import given
from hypothesis import strategies as st

from flowtrap.model.errors import RecordError
from flowtrap.normalise.aws_cloudtrail import SPEC

BILL = Function("billing", role="service-role/billing-role")
QUIRKY = Function(
    "a-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
    role="p/q/r+=,.@-_",
    account=ABROAD,
    region="eu-west-1",
)
UUID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"


def compact(record):
    return json.dumps(record, separators=(",", ":"))


def spaced(record):
    return json.dumps(record, ensure_ascii=False)


def wide(record):
    return json.dumps(record, separators=(" , ", " : "))


def pretty(record):
    return json.dumps(record, indent=2)


WRITERS = (compact, spaced, wide, pretty)


def shuffled(node, chance):
    if isinstance(node, dict):
        keys = list(node)
        chance.shuffle(keys)
        return {key: shuffled(node[key], chance) for key in keys}
    return [shuffled(item, chance) for item in node] if isinstance(node, list) else node


def check(record, writers=WRITERS):
    """Assert the contract of RawKey for every field, however the record is written."""
    fields = SPEC.normalise(record).fields
    for write in writers:
        line = write(record).encode("utf-8", "surrogatepass")
        for name, raw in SPEC.raw_keys.items():
            value = fields.get(name, ())
            found = raw.values(line)
            if found is None:
                continue
            for true in (value,) if isinstance(value, str) else value:
                assert true.encode() in found, (name, true, found, line)


def records():
    for fn in (BILL, QUIRKY):
        for caller in (
            user("eve"),
            fn.acts(),
            fn.acts(scoped=False, session="a@example.com"),
            Function("other").acts(session="x+=y"),
            role_session("ops", "alice@example.com"),
            aws.on_behalf(role_session("ops", "x"), "cloudformation.amazonaws.com"),
        ):
            yield aws.create_function(caller, fn, 0)
            yield aws.invoke(caller, fn, 0, qualifier="live", eni="eni-0a1b2c3d")
            yield aws.invoke(caller, fn, 0, waits=True)
            yield aws.invoke_web(caller, fn, 0)
            yield aws.add_permission(caller, fn, 0, "sid", ABROAD)
            yield {**aws.add_permission(caller, fn, 0, "sid", "*"), "requestParameters": None}
            yield aws.create_url(caller, fn, 0)
            yield aws.update_configuration(caller, fn, 0)
            yield aws.put_targets(caller, "rule", 0, fn, BILL)
            yield aws.put_bucket_notification(caller, "templates", 0, fn.arn, BILL.arn)
            yield aws.get_object(caller, "templates", "a/b c.yml", 0)
            yield aws.assume_role(caller, "path/ops", "next", 0)
            yield aws.create_role(caller, "path/ops", 0)
            yield aws.update_assume_role_policy(caller, "ops", aws.trust(AWS=QUIRKY.acts().arn), 0)
            yield aws.attach_role_policy(caller, "ops", aws.ADMINISTRATOR, 0)
            yield aws.get_secret(caller, "prod/db", 0)
        yield aws.create_interface(fn, "eni-0a1b2c3d", 0)
        yield aws.create_access_key(fn.acts(), "backup", 0)
        yield aws.invoke(aws.service("lambda.amazonaws.com"), fn, 0)
        yield aws.role_check(fn, 0)
        yield from aws.cold_start(fn, 0)


RECORDS = list(records())


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["eventName"])
def test_bytes_show_the_fields(record):
    check(record)
    check(shuffled(record, random.Random(7)))


@pytest.mark.parametrize(
    "spelling",
    ["billing", "billing:1", "function:billing", f"{HOME}:function:billing:live", f"{HOME}:billing",
     f"us-east-1:{HOME}:function:billing", BILL.arn, BILL.arn + ":$LATEST", "function", "function:1",
     BILL.arn.replace(":function:", ":web-function/"), BILL.arn.replace(":function:", ":web-function:"),
     HOME, f"{HOME}:1", f"a-{UUID}", "a.b_c-d"],
)  # fmt: skip
def test_every_spelling_of_a_function_is_seen(spelling):
    request = {"functionName": spelling}
    record = call(user("eve"), "lambda", "GetFunction20150331v2", 0, request)
    assert SPEC.normalise(record).fields["function"]
    check(record)


def test_patterns_take_the_names_and_not_the_rest():
    line = compact(aws.invoke(BILL.acts(), BILL, 0, eni="eni-0a1b2c3d")).encode()
    keys = SPEC.raw_keys
    assert set(keys["session_function"].values(line)) == {b"billing"}
    assert set(keys["session"].values(line)) == {b"billing-role/billing"}
    assert b"billing" in keys["function"].values(line)
    assert set(keys["session_role"].values(line)) == {b"billing-role"}
    assert keys["eni"].values(line) == [b"eni-0a1b2c3d"]
    line = compact(aws.get_object(BILL.acts(), "templates", "k", 0)).encode()
    assert set(keys["bucket"].values(line)) == {b"templates"}


def test_a_record_without_a_key_shows_none():
    line = compact(call(user("eve"), "kms", "Decrypt", 0)).encode()
    for name in ("session", "session_function", "function", "bucket", "role", "eni"):
        assert SPEC.raw_keys[name].values(line) == [], name


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("session", call(role_session("ops", "a=b"), "kms", "Decrypt", 0)),
        ("session_function", call(role_session("ops", "a=b"), "kms", "Decrypt", 0)),
        ("session_role", call(role_session("a=b", "x"), "kms", "Decrypt", 0)),
        ("role", aws.attach_role_policy(user("eve"), "a=b", aws.ADMINISTRATOR, 0)),
        ("bucket", aws.get_object(user("eve"), "a=b", "k", 0)),
        ("function", call(user("eve"), "lambda", "GetFunction", 0, {"functionName": "a=b"})),
        ("access_key", call(user("eve", key="a=b"), "kms", "Decrypt", 0)),
    ],
)
def test_escaped_value_asks_for_a_parse(name, record):
    """Writers such as Gson escape `=`: a value is then not cut short, but left to the guard."""
    assert "a=b" in SPEC.normalise(record).fields[name]
    line = compact(record).replace("=", r"\u003d").encode()
    assert SPEC.raw_keys[name].values(line) is None


NAMES = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x17F, blacklist_categories=["Cs"])
    | st.sampled_from('"\\/:-=+ a1'),
    max_size=12,
)
SPELLINGS = st.builds(
    "{}{}{}".format,
    st.sampled_from(
        ["", "function:", f"{HOME}:", f"{HOME}:function:", "arn:aws:lambda:us-east-1:123456789012:function:",
         "arn:aws:lambda:us-east-1:123456789012:web-function/", "arn:aws:sts::123456789012:assumed-role/",
         "arn:aws:sts::123456789012:assumed-role/ops/", "arn:aws:iam::123456789012:role/", "eni-",
         "arn:aws:iam::123456789012:role/path/", "arn:aws:s3:::", "AWS Lambda VPC ENI-"]
    ),
    NAMES,
    st.sampled_from(["", ":1", "/key", f"-{UUID}"]),
)  # fmt: skip
PLACES = (
    ("userIdentity", "arn"), ("userIdentity", "accessKeyId"),
    ("userIdentity", "sessionContext", "sessionIssuer", "arn"),
    ("userIdentity", "inScopeOf", "credentialsIssuedTo"),
    ("requestParameters", "functionName"), ("requestParameters", "role"),
    ("requestParameters", "roleName"), ("requestParameters", "bucketName"),
    ("responseElements", "functionArn"), ("responseElements", "role"),
    ("additionalEventData", "functionVersion"), ("additionalEventData", "customerEniId"),
)  # fmt: skip


def placed(record, place, value):
    head, *rest = place
    part = record.get(head)
    part = part if isinstance(part, dict) else {}
    return {**record, head: placed(part, rest, value) if rest else value}


@given(
    st.sampled_from([r for r in RECORDS if r["eventName"] != "CreateNetworkInterface"]),
    st.dictionaries(st.sampled_from(PLACES), SPELLINGS, min_size=1, max_size=4),
    st.randoms(use_true_random=False),
)
def test_bytes_show_hostile_names_or_say_so(record, values, chance):
    for place, value in values.items():
        record = placed(record, place, value)
    check(shuffled(record, chance), writers=(compact, spaced))


@pytest.mark.corpus
def test_bytes_of_real_records_show_the_fields(corpus):
    chance, checked = random.Random(7), 0
    for path in sorted((corpus / "aws_cloudtrail").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                check(shuffled(json.loads(line), chance))
            except RecordError:
                continue
            checked += 1
    assert checked == 1_069
