"""CloudTrail records become events: who called, from where, as which session, on what.

Fields that every record has are read at once; the rest by a table of calls, so that a record pays
only for its own.

Example: a record with `"eventName": "CreateFunction20150331"` and
`"eventSource": "lambda.amazonaws.com"` becomes an event with action CreateFunction, function,
role and `summary` "CreateFunction arn:aws:lambda:… with role arn:aws:iam::…, code sha256 …".

Sources: CloudTrail user guide, "CloudTrail record contents for management, data, and network
activity events" and "CloudTrail userIdentity element".
"""

from __future__ import annotations

import json
import re
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from flowtrap.model.errors import RecordError
from flowtrap.model.event import Event
from flowtrap.model.feed import FeedSpec

from . import aws_cloudtrail_iam as iam
from . import aws_cloudtrail_lambda as functions
from . import aws_cloudtrail_targets as targets
from .aws_names import (
    ANY_REGION,
    ANY_ROLE,
    function_by_arn,
    operation_of,
    plain,
    role_of,
    session_of,
)
from .aws_raw_keys import RAW_KEYS
from .aws_summary import one_line, plain_summary
from .times import least_ms, time_ms
from .values import NONE, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowtrap.model.event import FieldValue

    Fields = dict[str, FieldValue]

NAME = "aws_cloudtrail"
_HOST = ".amazonaws.com"
_TIMES = ("eventTime", "@timestamp", "p_event_time")
_NOTHING: dict[str, Any] = {}  # stands for a part that a record lacks; never written to
_TOP = (("src", "sourceIPAddress"), ("user_agent", "userAgent"), ("region", "awsRegion"))
_IDENTITY = (("actor_type", "type"), ("actor_account", "accountId"), ("invoked_by", "invokedBy"))
_ACTOR = ("arn", "invokedBy", "userName", "principalId", "accountId")


def _other(fields: Fields, action: str, request: Any, response: Any, record: Any) -> str:
    return plain_summary(action, request)


# source -> (what reads a call of its own kind, what reads the others)
_CALLS: dict[str, tuple[dict[str, Any], Any]] = {
    "lambda.amazonaws.com": (functions.CALLS, functions.any_call),
    "iam.amazonaws.com": (iam.CALLS, iam.any_call),
    "sts.amazonaws.com": (iam.STS_CALLS, _other),
    "s3.amazonaws.com": (targets.S3_CALLS, targets.bucket_call),
    "secretsmanager.amazonaws.com": ({}, targets.secret_call),
    "ssm.amazonaws.com": (targets.PARAMETER_CALLS, _other),
    "events.amazonaws.com": (targets.RULE_CALLS, _other),
    "ec2.amazonaws.com": (targets.EC2_CALLS, _other),
    "rds.amazonaws.com": (targets.RDS_CALLS, _other),
}
_OTHERS: tuple[dict[str, Any], Any] = ({}, _other)


def recognise(record: Mapping[str, Any]) -> bool:
    """Tell whether a record is CloudTrail's; copies may lack the source, or who called."""
    if not isinstance(record.get("eventName"), str):
        return False
    source = record.get("eventSource")
    if isinstance(source, str) and source.endswith(_HOST):
        return True
    # Example: {"eventName": "DeleteBucket", "awsRegion": "us-east-2", "userIdentity": {…}}, a copy
    return isinstance(record.get("userIdentity"), dict) and any(
        key in record for key in ("eventTime", "@timestamp", "awsRegion", "eventSource")
    )


def normalise(record: Mapping[str, Any]) -> Event:
    """Return the event that a record tells. Raises RecordError where its time is no good.

    Parts of an unexpected type are no value. Some 5 µs for a common record.
    """
    get = record.get
    when = time_ms(get("eventTime") or _other_time(record))
    name, source = get("eventName"), get("eventSource")
    name = name if name.__class__ is str else ""
    source = source if source.__class__ is str else ""
    action = operation_of(source, name)
    fields: Fields = {}
    if action:
        fields["action"] = action
    if source:
        fields["service"] = source[:-14] if source.endswith(_HOST) else source
    for field, key in _TOP:
        value = get(key)
        if value.__class__ is str and value not in NONE:
            fields[field] = value
    identity = get("userIdentity")
    if identity.__class__ is dict and identity:
        _read_caller(fields, identity)
    _read_accounts(fields, get("recipientAccountId"))
    agent = fields.get("user_agent")
    if isinstance(agent, str) and (
        "exec-env/AWS_Lambda" in agent or agent.startswith("awslambda-worker")
    ):
        fields["in_lambda"] = "true"
    role = fields.get("session_role")
    if role.__class__ is str:
        fields["session_roles"] = (role, ANY_ROLE) if "in_lambda" in fields else role
    request, response = get("requestParameters"), get("responseElements")
    own, rest = _CALLS.get(source, _OTHERS)
    summary = own.get(action, rest)(
        fields,
        action or "a call",
        request if request.__class__ is dict else _NOTHING,
        response if response.__class__ is dict else _NOTHING,
        record,
    )
    error = get("errorCode")
    if error is None or error == "" or error == "-":
        fields["outcome"] = "success"
    else:
        error = fields["outcome"] = error if isinstance(error, str) else "error"
        summary = f"{summary} ({error})"
    fields["summary"] = one_line(summary)
    event_id = get("eventID")
    if event_id.__class__ is not str or event_id in NONE:
        event_id = _hash(record)
    return Event(NAME, event_id, when, fields, record)


def _other_time(record: Mapping[str, Any]) -> Any:
    """Return the time under the names that copies give it."""
    return next((record[key] for key in _TIMES if record.get(key) not in (None, "")), None)


def _hash(record: Mapping[str, Any]) -> str:
    """Return an id for a record that bears none: equal records have equal ids."""
    try:
        canonical = json.dumps(record, sort_keys=True, separators=(",", ":"), default=str)
    except (TypeError, ValueError, RecursionError):
        raise RecordError(
            "no eventID, and nothing to make one of", cure="the record was left out"
        ) from None
    return blake2b(canonical.encode(), digest_size=16).hexdigest()


def _read_accounts(fields: Fields, recipient: Any) -> None:
    caller = fields.get("actor_account")
    if recipient.__class__ is str and recipient not in NONE:
        fields["account"] = recipient
        if caller and caller != recipient:
            fields["foreign_caller"] = "true"
    elif caller:
        fields["account"] = caller


def _read_caller(fields: Fields, identity: dict[str, Any]) -> None:
    get = identity.get
    for field, key in _IDENTITY:
        value = get(key)
        if value.__class__ is str and value not in NONE:
            fields[field] = value
    for key in _ACTOR:
        value = get(key)
        if value.__class__ is str and value not in NONE:
            fields["actor"] = value
            break
    if "actor" in fields:
        fields["principal"] = fields["actor"]
    key_id = plain(get("accessKeyId"))
    if key_id:
        fields["access_key"] = key_id
    # Example: {"type": "AssumedRole", "arn":
    #   "arn:aws:sts::123456789012:assumed-role/billing-role/billing"}
    arn = get("arn")
    if arn.__class__ is str and ":assumed-role/" in arn:
        role, session = session_of(arn)
        if role:
            fields["session_role"] = role
        if session:
            fields["session"] = f"{role}/{session}"
            fields["session_function"] = session
            fields["session_region"] = ANY_REGION
    context = get("sessionContext")
    if context.__class__ is dict:
        _read_issuer(fields, context.get("sessionIssuer"))
    scope = get("inScopeOf")
    if scope.__class__ is dict:
        _read_scope(fields, scope)


def _read_issuer(fields: Fields, issuer: Any) -> None:
    # Example: {"type": "Role", "arn": "arn:aws:iam::123456789012:role/service-role/billing-role"}
    arn = text(issuer.get("arn")) if isinstance(issuer, dict) else ""
    role = role_of(arn) if arn else ""
    if role:
        fields["session_role"] = role
        fields["session_role_arn"] = fields["principal"] = arn


def _read_scope(fields: Fields, scope: dict[str, Any]) -> None:
    # Example: {"issuerType": "AWS::Lambda::Function",
    #   "credentialsIssuedTo": "arn:aws:lambda:eu-west-1:123456789012:function:billing"}
    issuer, holder = (
        text(scope.get("issuerType")),
        function_by_arn(scope.get("credentialsIssuedTo")),
    )
    if issuer.startswith("AWS::Lambda::") or holder:
        fields["in_lambda"] = "true"
    if issuer in ("AWS::Lambda::Function", "AWS::Lambda::WebFunction") and holder:
        fields["session_function"] = holder.name
        fields["session_region"] = holder.region or ANY_REGION


SPEC = FeedSpec(
    NAME,
    recognise,
    normalise,
    name_field="eventName",
    raw_keys=RAW_KEYS,
    least_ms=partial(least_ms, re.compile(rb'"eventTime"\s*:\s*"([^"]*)"')),
    raw_fields=frozenset(
        (
            "sourceIPAddress",
            "userAgent",
            "userIdentity.inScopeOf.issuerType",
            "userIdentity.invokedBy",
            "userIdentity.type",
        )
    ),
)
