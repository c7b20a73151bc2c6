"""CloudTrail: what IAM's and STS's calls say of users, roles, policies and keys.

Example: AttachUserPolicy gives target_user, policy_arn, privilege, and the summary
`AttachUserPolicy arn:aws:iam::aws:policy/AdministratorAccess to user mallory`.

Sources: IAM API reference; IAM user guide, "Logging IAM and AWS STS API calls with AWS CloudTrail".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import aws_policy
from .aws_names import plain, role_of
from .aws_summary import plain_summary, some
from .values import text

if TYPE_CHECKING:
    from flowtrap.model.event import FieldValue

    Fields = dict[str, FieldValue]
    Part = dict[str, Any]

_ACTIONS_SHOWN = 8
_USERS = ("user", "accessKey", "loginProfile", "serviceSpecificCredential", "sSHPublicKey")
_TAKEN_AWAY = ("Detach", "Delete", "Remove")


def any_call(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    """Read who and what any IAM call is about."""
    whom = _whom(fields, request, response)
    policy = _policy(fields, request, response)
    if policy:
        link = "from" if action.startswith(_TAKEN_AWAY) else "to"
        return f"{action} {policy} {link} {whom}" if whom else f"{action} {policy}"
    if not whom:
        return plain_summary(action, request)
    # Example: "CreateUser deploy" rather than "CreateUser for user deploy"
    kind, _, name = whom.partition(" ")
    return f"{action} {name}" if action.endswith(kind.title()) else f"{action} for {whom}"


def _whom(fields: Fields, request: Part, response: Part) -> str:
    """Set the user or role that the call is about; return it in words, or ""."""
    user = _user(request, response)
    role = _role(fields, request, response)
    group = text(request.get("groupName"))
    if user:
        fields["target_user"] = user
    if role:
        fields["role"] = fields["target_role"] = role
    known = (("user", user), ("role", role), ("group", group))
    return " of ".join(f"{kind} {name}" for kind, name in known if name)


def _user(request: Part, response: Part) -> str:
    # Example: {"requestParameters": {"userName": "backup"}}
    user = text(request.get("userName"))
    if user:
        return user
    # Example: {"requestParameters": null, "responseElements": {"accessKey": {"userName":
    #   "backup"}}}
    for key in _USERS:
        part = response.get(key)
        if isinstance(part, dict) and text(part.get("userName")):
            return text(part["userName"])
    return ""


def _role(fields: Fields, request: Part, response: Part) -> str:
    # Example: {"requestParameters": {"roleName": "ops"},
    #   "responseElements": {"role": {"arn": "arn:aws:iam::123456789012:role/path/ops"}}}
    made = response.get("role")
    made = made if isinstance(made, dict) else {}
    arn = text(made.get("arn"))
    if role_of(arn):
        fields["role_arn"] = arn
    return plain(request.get("roleName")) or plain(made.get("roleName")) or role_of(arn)


def _policy(fields: Fields, request: Part, response: Part) -> str:
    """Set the managed policy that the call is about, and return its ARN."""
    # Example: {"requestParameters": {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}}
    arn = text(request.get("policyArn"))
    made = response.get("policy")
    if not arn and isinstance(made, dict):
        arn = text(made.get("arn"))
    if arn:
        fields["policy_arn"] = arn
    return arn


def attach(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    """Read Attach{User,Role,Group}Policy: the policy is the privilege."""
    line = any_call(fields, action, request, response, record)
    if "policy_arn" in fields:
        fields["privilege"] = (str(fields["policy_arn"]),)
    return line


def write_policy(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    """Read Put*Policy, CreatePolicy, CreatePolicyVersion: every allowed action is a privilege.

    The policy's name, which anybody may choose, counts only where its statements cannot be read.
    """
    # Example: {"eventName": "PutRolePolicy", "requestParameters": {"roleName": "ops",
    #   "policyName": "x",
    #   "policyDocument": "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\"}}"}}
    whom = _whom(fields, request, response)
    arn = _policy(fields, request, response)
    name = text(request.get("policyName"))
    written = aws_policy.document(request.get("policyDocument"))
    actions = aws_policy.allowed(written)
    privilege = tuple(map(aws_policy.privilege, actions))
    if not written and name:
        privilege = (name,)
    if privilege:
        fields["privilege"] = privilege
    line = " ".join(filter(None, (action, arn or name)))
    line += f" to {whom}" if whom else ""
    return f"{line}: allows {some(actions, _ACTIONS_SHOWN)}" if actions else line


def set_version(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    """Read SetDefaultPolicyVersion; it names neither role nor actions."""
    # Example: {"requestParameters": {"policyArn": "arn:aws:iam::123456789012:policy/ops",
    #   "versionId": "v1"}}
    line = attach(fields, action, request, response, record)
    return f"{line} {text(request.get('versionId'))}".rstrip()


def trust(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    """Read CreateRole and UpdateAssumeRolePolicy: whom the role lets in."""
    # Example: {"eventName": "UpdateAssumeRolePolicy", "requestParameters": {"roleName": "ops",
    #   "policyDocument":
    #   "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:…:root\"},…}]}"}}
    whom = _whom(fields, request, response)
    written = request.get("assumeRolePolicyDocument") or request.get("policyDocument")
    trusted = aws_policy.trusted(aws_policy.document(written))
    if trusted:
        fields["trusted"] = trusted
    shown = fields.get("role_arn") if action == "CreateRole" else None
    line = f"{action} {shown}" if shown else f"{action} of {whom}" if whom else action
    return f"{line}: trusts {some(trusted)}" if trusted else line


def create_key(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    """Read CreateAccessKey."""
    # Example: {"responseElements": {"accessKey": {"accessKeyId": "AKIAEXAMPLEBACKUP001",
    #   "userName": "backup"}}}
    whom = _whom(fields, request, response)
    made = response.get("accessKey")
    key = plain(made.get("accessKeyId")) if isinstance(made, dict) else ""
    if key:
        fields["new_key"] = key
    line = f"{action} {key}".rstrip()
    return f"{line} for {whom}" if whom else line


def assume_role(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    """Read sts AssumeRole, AssumeRoleWithSAML, AssumeRoleWithWebIdentity."""
    # Example: {"requestParameters": {"roleArn": "arn:aws:iam::123456789012:role/ops",
    #   "roleSessionName": "x"}}
    arn = text(request.get("roleArn"))
    role = role_of(arn)
    if role:
        fields["target_role"] = role
    session = text(request.get("roleSessionName"))
    line = f"{action} {arn}".rstrip()
    return f"{line} as {session}" if session else line


CALLS = {
    "AttachUserPolicy": attach,
    "AttachRolePolicy": attach,
    "AttachGroupPolicy": attach,
    "PutUserPolicy": write_policy,
    "PutRolePolicy": write_policy,
    "PutGroupPolicy": write_policy,
    "CreatePolicy": write_policy,
    "CreatePolicyVersion": write_policy,
    "SetDefaultPolicyVersion": set_version,
    "CreateRole": trust,
    "UpdateAssumeRolePolicy": trust,
    "CreateAccessKey": create_key,
}
STS_CALLS = {
    "AssumeRole": assume_role,
    "AssumeRoleWithSAML": assume_role,
    "AssumeRoleWithWebIdentity": assume_role,
}
