"""Where a CloudTrail record's bytes show the fields that join events.

Every pattern ends where a plain name ends (`aws_names`), so that a value with an escape in it is
passed over rather than cut short. Records with escaped letters or slashes are not asked.

Example: `…"arn":"arn:aws:sts::123456789012:assumed-role/billing-role/billing"…` shows the session
`billing-role/billing`.
"""

from __future__ import annotations

import re

from flowtrap.model.feed import RawKey, RawPlace

from .aws_names import PLAIN

_NAME = PLAIN.encode()
_IS = rb'"\s*:\s*"'  # between a key and its text


def _place(marker: bytes, rest: bytes) -> RawPlace:
    return RawPlace(marker, re.compile(re.escape(marker) + rest))


_ROLE_PATH = rb"(?:%b+/)*(%b+)" % (_NAME, _NAME)
_NO_SESSION = (b"ssumedRole", b"ssumed-role")  # type, ARN

SESSION = RawKey((_place(b":assumed-role/", rb"(%b+/%b+)\"" % (_NAME, _NAME)),), _NO_SESSION)

SESSION_ROLE = RawKey(
    (
        _place(b":assumed-role/", rb"(%b+)(?=\"|/)" % _NAME),
        _place(b":role/", _ROLE_PATH + rb"\""),
    ),
    (*_NO_SESSION, b"sessionIssuer"),
)

SESSION_FUNCTION = RawKey(
    (
        _place(b"function", rb"[:/](%b+)(?=[\":])" % _NAME),
        _place(b":assumed-role/", rb"%b+/(%b+)\"" % (_NAME, _NAME)),
    ),
    (*_NO_SESSION, b"inScopeOf"),
)

# A network interface's description names its function too, but shares no end with the rest; such
# a record shows none of these, and the guard asks for a parse.
FUNCTION = RawKey(
    (
        _place(
            b"function",  # functionName":"…, :function:…, :web-function/…
            rb"(?:Name%b(?:\d{12}:)?(?:function:)?|[:/])(%b+)(?=\\?\"|:)" % (_IS, _NAME),
        ),
    ),
    (b"function", b"AWS::Lambda", b"AWS Lambda VPC ENI-"),
)

ROLE = RawKey(
    (
        _place(b"roleName", rb"%b(%b+)\"" % (_IS, _NAME)),
        _place(b":role/", _ROLE_PATH + rb"\""),
    ),
    (b"oleName", b":role"),
)

ACCESS_KEY = RawKey((_place(b"accessKeyId", rb"%b(%b+)\"" % (_IS, _NAME)),), (b"accessKeyId",))

BUCKET = RawKey(
    (
        _place(b"bucketName", rb"%b(%b+)(?=[\"/])" % (_IS, _NAME)),
        _place(b":s3:::", rb"(%b+)(?=[\"/])" % _NAME),
    ),
    (b"bucketName", b":s3:::"),
)

ENI = RawKey(
    (RawPlace(b"eni-", re.compile(rb"(eni-[0-9A-Za-z]+)")),),
    (b"customerEniId", b"networkInterfaceId"),
)

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
