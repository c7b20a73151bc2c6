"""Where a CloudTrail record's bytes show the fields that join events.

Every pattern ends where a plain name ends (`aws_names`), so that a value with an escape in it is
passed over rather than cut short; a serialiser that escapes slashes is understood, or leaves no
match at all and the guard then asks for a parse.

Example: `…"arn":"arn:aws:sts::123456789012:assumed-role/billing-role/billing"…` shows the session
`billing-role/billing`.
"""

from __future__ import annotations

import re

from flowtrap.model.feed import RawKey

from .aws_names import PLAIN

_NAME = PLAIN.encode()
_KEY = rb'"\s*:\s*"'
_SLASH = rb"\\?/"
_SESSION_GUARD = re.compile(rb"AssumedRole|assumed-role|inScopeOf|sessionIssuer")

SESSION = RawKey(re.compile(rb":assumed-role/(%b+/%b+)\"" % (_NAME, _NAME)), _SESSION_GUARD)

SESSION_ROLE = RawKey(
    re.compile(
        rb"(?:assumed-role%b|:role%b(?:%b+%b)*)(%b+)(?=\"|%b)"
        % (_SLASH, _SLASH, _NAME, _SLASH, _NAME, _SLASH)
    ),
    _SESSION_GUARD,
)

SESSION_FUNCTION = RawKey(
    re.compile(
        rb"(?::function:|:web-function[:/]|:web-function\\/|:assumed-role%b%b+%b)(%b+)(?=[\":])"
        % (_SLASH, _NAME, _SLASH, _NAME)
    ),
    _SESSION_GUARD,
)

# A network interface's description names its function too, but shares no end with the rest; such
# a record shows none of these, and the guard asks for a parse.
FUNCTION = RawKey(
    re.compile(
        rb"(?:functionName%b(?:\d{12}:)?(?:function:)?|:function:|:web-function(?::|%b))"
        rb"(%b+)(?=\\?\"|:)" % (_KEY, _SLASH, _NAME)  # \" where a permission's statement ends
    ),
    re.compile(rb"functionName|function|AWS::Lambda|AWS Lambda VPC ENI-"),
)

ROLE = RawKey(
    re.compile(
        rb"(?:\"roleName%b|:role%b(?:%b+%b)*)(%b+)\"" % (_KEY, _SLASH, _NAME, _SLASH, _NAME)
    ),
    re.compile(rb"oleName|:role"),
)

ACCESS_KEY = RawKey(
    re.compile(rb"\"accessKeyId%b(%b+)\"" % (_KEY, _NAME)), re.compile(b"accessKeyId")
)

BUCKET = RawKey(
    re.compile(rb"(?:\"bucketName%b|:s3:::)(%b+)(?=\"|%b)" % (_KEY, _NAME, _SLASH)),
    re.compile(rb"bucketName|:s3:::"),
)

ENI = RawKey(re.compile(rb"\b(eni-[0-9A-Za-z]+)"), re.compile(rb"customerEniId|networkInterfaceId"))

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
