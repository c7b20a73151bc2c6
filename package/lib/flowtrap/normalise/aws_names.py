"""AWS names: ARNs, the many spellings of a Lambda function, roles and their sessions.

A *plain* name is printable ASCII without quote, backslash, slash, colon and space. Names that join
events must be plain, as AWS's own are: then the bytes of a record show them as they are, and the
front door may look for them there (`aws_raw_keys`).

Example: `function_of("arn:aws:lambda:eu-west-1:123456789012:function:billing:$LATEST")` is
`Function("billing", "arn:aws:lambda:eu-west-1:123456789012:function:billing", "123456789012",
"eu-west-1")`; `session_of("arn:aws:sts::123456789012:assumed-role/ops/alice")` is ("ops", "alice").

Sources: IAM identifiers; Lambda API reference (FunctionName); CloudTrail userIdentity element;
service authorization reference (function and web-function ARNs).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from .values import NONE, text

ANY_REGION = "any"  # a session that does not say its function's region may be of any
ANY_ROLE = "*"  # a write that does not say its function's role; no role may be called so
PLAIN = r"[!#-.0-9;-\[\]-~]"
KEPT = 8_192  # parsed names kept; they repeat from record to record
_PLAIN = re.compile(PLAIN + "+", re.ASCII)
_ENI = re.compile(r"eni-[0-9A-Za-z]+", re.ASCII)
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-isob-": "aws-iso-b",
    "us-iso-": "aws-iso",
}
_MADE_BY_LAMBDA = "AWS Lambda VPC ENI-"
_UUID_END = re.compile(r"-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class Function(NamedTuple):
    """A Lambda function as a record names it; what the spelling does not say is ""."""

    name: str
    arn: str = ""
    account: str = ""
    region: str = ""


def texts(value: Any) -> tuple[str, ...]:
    """Return the texts of a list, or of one text, without doubles, in order."""
    if isinstance(value, str):
        value = (value,)
    if not isinstance(value, (list, tuple)):
        return ()
    return tuple(dict.fromkeys(item for item in value if text(item)))


@lru_cache(maxsize=KEPT)
def _is_plain(name: str) -> bool:
    return _PLAIN.fullmatch(name) is not None and name not in NONE


def plain(value: Any) -> str:
    """Return a plain name, or "" where it is anything else."""
    return value if isinstance(value, str) and _is_plain(value) else ""


def interface(value: Any) -> str:
    """Return a network interface's id such as `eni-0a1b2c3d`, or ""."""
    return value if isinstance(value, str) and _is_interface(value) else ""


@lru_cache(maxsize=KEPT)
def _is_interface(name: str) -> bool:
    return _ENI.fullmatch(name) is not None


def function_of(value: Any) -> Function | None:
    """Return the function that a name, partial ARN, ARN or qualified ARN means, else None."""
    return _function_of(value) if isinstance(value, str) else None


def function_by_arn(value: Any) -> Function | None:
    """Return the function that an ARN means, None where it is no function's ARN."""
    found = function_of(value)
    return found if found and found.arn else None


@lru_cache(maxsize=KEPT)
def function_arn(region: str, account: str, name: str) -> str:
    """Return a function's ARN, whose form is fixed, put together from what a record says.

    Source: AWS general reference, "Amazon Resource Names (ARNs)" (partitions).
    """
    area = next((area for area in _PARTITIONS if region.startswith(area)), "")
    return f"arn:{_PARTITIONS.get(area, 'aws')}:lambda:{region}:{account}:function:{name}"


@lru_cache(maxsize=KEPT)
def _function_of(spelling: str) -> Function | None:
    parts = spelling.split(":")
    # Example: arn:aws:lambda:eu-west-1:123456789012:function:billing:1
    if parts[0] == "arn":
        return _function_of_arn(parts)
    # Example: billing, billing:live
    name, account = parts[0], ""
    # Example: 123456789012:function:billing, function:billing, 123456789012:billing
    if "function" in parts[:-1]:
        place = parts.index("function")
        name, account = parts[place + 1], parts[place - 1] if place else ""
    elif len(parts) > 1 and _ACCOUNT.fullmatch(name):
        account, name = parts[:2]
    if not _is_plain(name):
        return None
    return Function(name, "", account if _ACCOUNT.fullmatch(account) else "")


def _function_of_arn(parts: list[str]) -> Function | None:
    if len(parts) < 6 or parts[2] != "lambda":
        return None
    kind, name = parts[5], parts[6] if len(parts) > 6 else ""
    end = 7
    # Example: arn:aws:lambda:eu-west-1:123456789012:web-function/billing
    if "/" in kind:
        kind, _, name = kind.partition("/")
        end = 6
    if kind not in ("function", "web-function") or not _is_plain(name):
        return None
    return Function(name, ":".join(parts[:end]), parts[4], parts[3])


def function_of_interface(description: Any) -> str:
    """Return the function that Lambda made a network interface for, from its description, or "".

    Example: `AWS Lambda VPC ENI-billing-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0` says billing.
    Source: Lambda developer guide, "Giving Lambda functions access to resources in a VPC".
    """
    if not isinstance(description, str) or not description.startswith(_MADE_BY_LAMBDA):
        return ""
    name, uuid = description[len(_MADE_BY_LAMBDA) : -37], description[-37:]
    return plain(name) if _UUID_END.fullmatch(uuid) else ""


@lru_cache(maxsize=KEPT)
def session_of(arn: str) -> tuple[str, str]:
    """Return (role, session name) of an assumed-role ARN, "" for what it lacks."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or not parts[5].startswith("assumed-role/"):
        return "", ""
    role, _, name = parts[5][13:].partition("/")
    if not _is_plain(role):
        return "", ""
    return role, name if _is_plain(name) else ""


@lru_cache(maxsize=KEPT)
def role_of(arn: str) -> str:
    """Return a role ARN's last segment, "" where it is no role ARN.

    Example: `arn:aws:iam::123456789012:role/service-role/billing-role` says billing-role.
    """
    parts = arn.split(":", 5)
    if len(parts) < 6 or not parts[5].startswith("role/"):
        return ""
    *path, name = parts[5][5:].split("/")
    return name if _is_plain(name) and all(map(_is_plain, path)) else ""


def account_of(principal: str) -> str:
    """Return the account that a principal (12 digits or an ARN) belongs to, or ""."""
    parts = principal.split(":")
    account = parts[4] if len(parts) > 5 else principal
    return account if _ACCOUNT.fullmatch(account) else ""


def rule_of(spelling: str) -> str:
    """Return an EventBridge rule's name from its name or ARN (`…:rule/[BUS/]NAME`), or ""."""
    _, found, path = spelling.partition(":rule/")
    if found:
        return plain(path.rpartition("/")[2])
    return "" if ":" in spelling else plain(spelling)


@lru_cache(maxsize=KEPT)
def operation_of(source: str, name: str) -> str:
    """Return an event's name without the API date that Lambda adds: `20150331`, `20150331v2`.

    Only Lambda's: CloudFront has CreateFunction2020_05_31.
    Source: Lambda developer guide, "Logging AWS Lambda API calls using AWS CloudTrail".
    """
    if source != "lambda.amazonaws.com":
        return name
    bare = name[:-2] if name[-2:-1] == "v" and name[-1:].isdigit() else name
    return bare[:-8] if len(bare) > 8 and bare[-8:].isdigit() else name
