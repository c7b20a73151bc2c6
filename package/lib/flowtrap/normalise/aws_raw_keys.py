"""Where a CloudTrail record's bytes show the fields that join events.

Every pattern ends where a plain name ends (`aws_names`), so that a value with an escape in it is
passed over rather than cut short. Records with escaped letters or slashes are not asked.

Example: `…"arn":"arn:aws:sts::123456789012:assumed-role/billing-role/billing"…` shows the session
`billing-role/billing`.
"""

from __future__ import annotations

import re

from flowtrap.model.feed import RawKey

from .aws_names import PLAIN

_NAME = PLAIN.encode() + b"+"
_IS = rb'"\s*:\s*"'  # between a key and its text
_PATH = rb"(?:%b/)*" % _NAME
_NO_SESSION = (b"ssumedRole", b"ssumed-role")  # type, ARN


def _key(*patterns: bytes, guards: tuple[bytes, ...]) -> RawKey:
    return RawKey(tuple(map(re.compile, patterns)), guards)


SESSION = _key(rb":assumed-role/(%b/%b)\"" % (_NAME, _NAME), guards=_NO_SESSION)

SESSION_ROLE = _key(
    rb":assumed-role/(%b)(?=[\"/])" % _NAME,
    rb":role/%b(%b)\"" % (_PATH, _NAME),
    guards=(*_NO_SESSION, b"sessionIssuer"),
)

SESSION_FUNCTION = _key(
    rb"function[:/](%b)(?=[\":])" % _NAME,
    rb":assumed-role/%b/(%b)\"" % (_NAME, _NAME),
    guards=(*_NO_SESSION, b"inScopeOf"),
)

# A network interface's description names its function too, but shares no end with the rest; such
# a record shows none of these, and the guard asks for a parse.
FUNCTION = _key(
    rb"function(?:Name%b(?!arn:)(?:\d{12}:)?(?:function:)?|[:/])(%b)(?=\\?\"|:)" % (_IS, _NAME),
    guards=(b"function", b"AWS::Lambda", b"AWS Lambda VPC ENI-"),
)

ROLE = _key(
    rb"roleName%b(%b)\"" % (_IS, _NAME),
    rb":role/%b(%b)\"" % (_PATH, _NAME),
    guards=(b"oleName", b":role"),
)

ACCESS_KEY = _key(rb"accessKeyId%b(%b)\"" % (_IS, _NAME), guards=(b"accessKeyId",))

BUCKET = _key(
    rb"bucketName%b(%b)(?=[\"/])" % (_IS, _NAME),
    rb":s3:::(%b)(?=[\"/])" % _NAME,
    guards=(b"bucketName", b":s3:::"),
)

ENI = _key(rb"(eni-[0-9A-Za-z]+)", guards=(b"customerEniId", b"networkInterfaceId"))

RAW_KEYS = {  # the most telling first: the pipeline takes the first that a stage joins on
    "session_function": SESSION_FUNCTION,
    "session": SESSION,
    "function": FUNCTION,
    "access_key": ACCESS_KEY,
    "eni": ENI,
    "bucket": BUCKET,
    "role": ROLE,
    "session_role": SESSION_ROLE,
}
