"""CloudTrail: what calls around a function touch: buckets, secrets, rules, security groups.

Example: s3 GetObject gives bucket, object, and the summary `GetObject templates/stack.yml`.

Sources: S3 user guide, "Amazon S3 CloudTrail events"; Secrets Manager user guide, "Log with
CloudTrail"; Systems Manager, EventBridge and EC2 API references.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .aws_names import (
    ANY_REGION,
    function_by_arn,
    function_of_interface,
    interface,
    plain,
    rule_of,
    texts,
)
from .aws_summary import plain_summary, some
from .values import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowtrap.model.event import FieldValue

    Fields = dict[str, FieldValue]
    Part = dict[str, Any]

_DEEPEST = 12
_LENT = ("snapshotId", "imageId", "dBSnapshotIdentifier", "dBClusterSnapshotIdentifier")
_BORROWERS = ("userId", "group", "organizationArn", "organizationalUnitArn")


def _set_functions(fields: Fields, spellings: Iterator[Any], record: Part) -> tuple[str, ...]:
    """Set the functions that a call wires up, and return their ARNs."""
    found = [function for function in map(function_by_arn, spellings) if function]
    if not found:
        return ()
    recipient = text(record.get("recipientAccountId"))
    fields["function"] = tuple(dict.fromkeys(f.name for f in found))
    arns = fields["function_arn"] = tuple(dict.fromkeys(f.arn for f in found))
    accounts = tuple(dict.fromkeys(f.account for f in found if f.account))
    regions = tuple(dict.fromkeys(f.region for f in found if f.region))
    if accounts:
        fields["function_account"] = accounts
    if regions:
        fields["function_region"] = regions
        fields["function_regions"] = (*regions, ANY_REGION)
    if recipient and any(account != recipient for account in accounts):
        fields["foreign_function"] = "true"
    return arns


# --- S3 ---------------------------------------------------------------------------------------


def bucket_call(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    """Read the bucket and object of any S3 call."""
    # Example: {"requestParameters": {"bucketName": "example-templates", "key": "stack.yml"}}
    bucket = plain(request.get("bucketName")) or _bucket_of(record.get("resources"))
    if not bucket:
        return action
    fields["bucket"] = bucket
    key = text(request.get("key"))
    if not key:
        return f"{action} {bucket}"
    fields["object"] = f"{bucket}/{key}"
    return f"{action} {bucket}/{key}"


def _bucket_of(resources: Any) -> str:
    # Example: {"resources": [{"type": "AWS::S3::Object", "ARN":
    #   "arn:aws:s3:::example-templates/stack.yml"}]}
    for resource in resources if isinstance(resources, list) else ():
        arn = text(resource.get("ARN")) if isinstance(resource, dict) else ""
        _, found, path = arn.partition(":s3:::")
        if found:
            return plain(path.partition("/")[0])
    return ""


def notify(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    """Read PutBucketNotification: every Lambda ARN in it, whatever the element is called."""
    # Example: {"requestParameters": {"bucketName": "example-templates",
    #   "NotificationConfiguration":
    #   {"CloudFunctionConfiguration": {"CloudFunction":
    #   "arn:aws:lambda:eu-west-1:123456789012:function:resize"}}}}
    line = bucket_call(fields, action, request, response, record)
    arns = _set_functions(fields, _leaves(request, _DEEPEST), record)
    return f"{line}: calls {some(arns)}" if arns else line


def _leaves(node: Any, deepest: int) -> Iterator[str]:
    """Yield the texts in a tree, as far down as a notification goes."""
    if isinstance(node, str):
        yield node
    elif deepest and isinstance(node, (dict, list)):
        for child in node.values() if isinstance(node, dict) else node:
            yield from _leaves(child, deepest - 1)


# --- secrets ----------------------------------------------------------------------------------


def secret_call(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    """Read the secret of any Secrets Manager call; BatchGetSecretValue may bear only filters."""
    # Example: {"requestParameters": {"secretId": "prod/db"}} or {"secretIdList": ["prod/db",
    #   "prod/api"]}
    return _secrets(
        fields,
        action,
        texts(request.get("secretId")) or texts(request.get("secretIdList")),
        request,
    )


def parameter_call(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    """Read ssm GetParameter, GetParameters, GetParametersByPath, GetParameterHistory."""
    # Example: {"requestParameters": {"names": ["/prod/db"], "withDecryption": true}}
    asked = (texts(request.get(key)) for key in ("name", "names", "path"))
    return _secrets(fields, action, next(filter(None, asked), ()), request)


def _secrets(fields: Fields, action: str, names: tuple[str, ...], request: Part) -> str:
    if not names:
        return plain_summary(action, request)
    fields["secret"] = names[0] if len(names) == 1 else names
    return f"{action} {some(names)}"


# --- EventBridge ------------------------------------------------------------------------------


def rule_call(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    """Read the rule of PutRule, PutTargets and their kin, and the functions it will call."""
    # Example: {"eventName": "PutRule", "requestParameters": {"name": "on-create"}}
    # Example: {"eventName": "PutTargets", "requestParameters": {"rule": "on-create", "targets":
    #   [{"id": "1", "arn": "arn:aws:lambda:eu-west-1:123456789012:function:autotag"}]}}
    rule = rule_of(text(request.get("rule") or request.get("name")))
    if rule:
        fields["rule"] = rule
    targets = request.get("targets")
    arns = _set_functions(fields, _target_arns(targets), record)
    line = f"{action} rule {rule}" if rule else action
    return f"{line}: {some(arns)}" if arns else line


def _target_arns(targets: Any) -> Iterator[Any]:
    for target in targets if isinstance(targets, list) else ():
        if isinstance(target, dict):
            yield target.get("arn")


# --- EC2 --------------------------------------------------------------------------------------


def group_call(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    """Read a security group, and what it now lets in."""
    # Example: {"eventName": "CreateSecurityGroup", "requestParameters": {"groupName": "web"},
    #   "responseElements": {"groupId": "sg-0a1b2c3d"}}
    places = (request.get("groupId"), response.get("groupId"), request.get("groupName"))
    group = next(filter(None, map(text, places)), "")
    if group:
        fields["group_id"] = group
    return f"{action} {group}".rstrip()


def authorize_ingress(
    fields: Fields, action: str, request: Part, response: Part, record: Part
) -> str:
    """Read AuthorizeSecurityGroupIngress in its short, long and answered forms."""
    line = group_call(fields, action, request, response, record)
    # Example: {"requestParameters": {"groupId": "sg-1", "ipProtocol": "tcp", "fromPort": 22,
    #   "toPort": 22,
    #   "cidrIp": "0.0.0.0/0", "ipPermissions": {}}}
    opened = [*_openings(request)]
    # Example: {"ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": 22, "toPort": 22,
    #   "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}, "ipv6Ranges": {}, "groups": {}}]}}
    for permission in _items(request.get("ipPermissions")):
        opened += _openings(permission)
    # Example: {"responseElements": {"securityGroupRuleSet": {"items": [{"cidrIpv4": "0.0.0.0/0",
    #   …}]}}}
    for rule in [] if opened else _items(response.get("securityGroupRuleSet")):
        opened += _openings(rule)
    if not opened:
        return line
    ingress = fields["ingress"] = tuple(dict.fromkeys(opened))
    return f"{line}: {some(ingress)}"


def _openings(permission: Part) -> Iterator[str]:
    sources = [permission.get(key) for key in ("cidrIp", "cidrIpv4", "cidrIpv6")]
    for ranges, key in (("ipRanges", "cidrIp"), ("ipv6Ranges", "cidrIpv6"),
                        ("groups", "groupId"), ("prefixListIds", "prefixListId")):  # fmt: skip
        sources += [item.get(key) for item in _items(permission.get(ranges))]
    for source in filter(None, map(text, sources)):
        yield f"{_ports(permission)} from {source}"


def _ports(permission: Part) -> str:
    protocol = permission.get("ipProtocol")
    if not isinstance(protocol, (str, int)) or protocol in ("-1", -1, ""):
        return "all"
    first, last = permission.get("fromPort"), permission.get("toPort")
    if isinstance(first, (int, float, str)) and isinstance(last, (int, float, str)):
        return f"{protocol} {_port(first)}-{_port(last)}"
    return f"{protocol} all"


def _port(number: float | str) -> str:
    return f"{number:.0f}" if isinstance(number, float) else str(number)


def _items(node: Any) -> list[Part]:
    items = node.get("items") if isinstance(node, dict) else node
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def share_call(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    """Read what lends a snapshot or image to others, with the accounts (or "all") that it adds."""
    # Example: {"snapshotId": "snap-1", "createVolumePermission": {"add": {"items": [{"userId":
    #   "444455556666"}]}}}; RDS: {"dBSnapshotIdentifier": "s", "valuesToAdd": ["444455556666"]}
    lent = next(filter(None, (text(request.get(key)) for key in _LENT)), "")
    values = request.get("valuesToAdd")
    added = list(texts(values)) if isinstance(values, list) else []
    for key in ("createVolumePermission", "launchPermission"):
        permission = request.get(key)
        for item in _items(permission.get("add")) if isinstance(permission, dict) else []:
            added += filter(None, (text(item.get(name)) for name in _BORROWERS))
    line = f"{action} {lent}".rstrip()
    return f"{line}: shared with {some(added)}" if added else line


def interface_call(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    """Read CreateNetworkInterface and DeleteNetworkInterface; Lambda's name their function."""
    # Example: {"eventName": "CreateNetworkInterface", "requestParameters": {"description":
    #   "AWS Lambda VPC ENI-billing-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"},
    #   "responseElements": {"networkInterface": {"networkInterfaceId": "eni-0a1b2c3d4e5f60718"}}}
    made = response.get("networkInterface")
    made = made if isinstance(made, dict) else {}
    eni = interface(made.get("networkInterfaceId")) or interface(request.get("networkInterfaceId"))
    if eni:
        fields["eni"] = eni
    function = function_of_interface(request.get("description"))
    function = function or function_of_interface(made.get("description"))
    line = f"{action} {eni}".rstrip()
    if not function or _in_scope(record):
        return line
    fields["function"] = function
    for name in ("account", "region"):
        if name in fields:
            fields[f"function_{name}"] = fields[name]
    return f"{line} for function {function}"


def _in_scope(record: Part) -> bool:
    """Tell whether a function made the call itself: then its description is its own word."""
    identity = record.get("userIdentity")
    return isinstance(identity, dict) and "inScopeOf" in identity


S3_CALLS = {"PutBucketNotification": notify, "PutBucketNotificationConfiguration": notify}
PARAMETER_CALLS = dict.fromkeys(
    ("GetParameter", "GetParameters", "GetParametersByPath", "GetParameterHistory"), parameter_call
)
RULE_CALLS = dict.fromkeys(
    ("PutRule", "DeleteRule", "EnableRule", "DisableRule", "DescribeRule",
     "PutTargets", "RemoveTargets", "ListTargetsByRule"), rule_call,
)  # fmt: skip
EC2_CALLS = {
    "CreateSecurityGroup": group_call,
    "DeleteSecurityGroup": group_call,
    "AuthorizeSecurityGroupEgress": group_call,
    "RevokeSecurityGroupIngress": group_call,
    "ModifySecurityGroupRules": group_call,
    "AuthorizeSecurityGroupIngress": authorize_ingress,
    "ModifyImageAttribute": share_call,
    "ModifySnapshotAttribute": share_call,
    "CreateNetworkInterface": interface_call,
    "DeleteNetworkInterface": interface_call,
}
RDS_CALLS = dict.fromkeys(
    ("ModifyDBClusterSnapshotAttribute", "ModifyDBSnapshotAttribute"), share_call
)
