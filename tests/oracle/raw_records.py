"""Random CloudTrail records, written down in as many ways as JSON allows.

Few accounts, functions, roles and sessions, so that chains are common; names that some detection
asks for, names that none does, and names in the wrong case, missing or nested where they mislead.

Example: `write(record, random.Random(1), STYLES["spaced"])` -> `b'{ "eventName" :"Invoke", …'`.
"""

from __future__ import annotations

import random
from typing import Any, NamedTuple

ACCOUNT = "123456789012"
REGION = "eu-central-1"
FUNCTIONS = ("billing", "mail_er")
ROLES = ("lambda-role", "ops.role")
USERS = ("mallory", "deploy")
BORING = (
    ("ec2", "DescribeInstances"),
    ("s3", "ListBuckets"),
    ("kms", "Decrypt"),
    ("logs", "CreateLogStream"),
    ("cloudfront", "CreateFunction2020_05_31"),
)
TELLING = (
    ("lambda", "CreateFunction20150331"),
    ("lambda", "UpdateFunctionCode20150331v2"),
    ("lambda", "Invoke"),
    ("lambda", "AddPermission20150331v2"),
    ("iam", "AttachRolePolicy"),
    ("iam", "AttachUserPolicy"),
    ("iam", "CreateAccessKey"),
    ("secretsmanager", "GetSecretValue"),
    ("s3", "GetObject"),
)


class Style(NamedTuple):
    """How a record is written down; shares are of tokens or characters.

    No known writer escapes plain letters of a key, or spaces one colon and not the next. Where a
    style does, the real name may be hidden from the byte filter, and then a nested decoy of the
    same name would be taken for it: `hides` styles go without decoys (a stated limit).
    """

    colon: tuple = (":",)
    comma: tuple = (",",)
    escaped: float = 0.0
    escaped_keys: float = 0.0
    slashes: bool = False
    shuffled: bool = False
    hides: bool = False


STYLES = {
    "compact": Style(),
    "default": Style((": ",), (", ",)),
    "spaced": Style((" : ",), (" , ",)),
    "tabbed": Style((":\t",), (",\t",)),
    "escaped": Style(escaped=0.02, slashes=True),
    "escaped keys": Style(escaped=0.02, escaped_keys=0.1, hides=True),
    "shuffled": Style(shuffled=True),
    "wild": Style((":", ": ", " :"), (",", ", "), 0.01, 0.05, True, True, True),
}


def records(dice: random.Random, count: int, *, decoys: bool = True) -> list[dict[str, Any]]:
    """Return records over two days, in no order, some of them twice."""
    made = [record(dice, number, decoys=decoys) for number in range(count)]
    made += [dice.choice(made) for _ in range(count // 8)] if made else []
    dice.shuffle(made)
    return made


def record(dice: random.Random, number: int, *, decoys: bool = True) -> dict[str, Any]:
    """Return one record in the vendor's own order."""
    service, name = dice.choice(TELLING if dice.random() < 0.75 else BORING)
    made: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": _identity(dice),
        "eventTime": f"2026-03-{1 + dice.randrange(2):02}T{dice.randrange(24):02}:{dice.randrange(60):02}:00Z",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": REGION,
        "sourceIPAddress": dice.choice(("198.51.100.7", "lambda.amazonaws.com")),
        "userAgent": dice.choice(("aws-cli/2", "Boto3 exec-env/AWS_Lambda_python3.12")),
        **_parameters(dice, name),
        "requestID": f"r-{number}",
        "eventID": f"e-{number:05}",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
    }
    if dice.random() < 0.1:
        made["errorCode"] = "AccessDenied"
    _bend_name(dice, made)
    return _with_decoy(dice, made) if decoys and dice.random() < 0.25 else made


def _identity(dice: random.Random) -> dict[str, Any]:
    if dice.random() < 0.4:
        user = dice.choice(USERS)
        arn = f"arn:aws:iam::{ACCOUNT}:user/{user}"
        return {
            "type": "IAMUser",
            "arn": arn,
            "accountId": ACCOUNT,
            "accessKeyId": f"AKIA{user}",
            "userName": user,
        }
    role, session = dice.choice(ROLES), dice.choice(FUNCTIONS)
    found: dict[str, Any] = {
        "type": "AssumedRole",
        "principalId": f"AROA:{session}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAEXAMPLE",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "arn": f"arn:aws:iam::{ACCOUNT}:role/service-role/{role}",
            }
        },
    }
    if dice.random() < 0.2:
        found["inScopeOf"] = {
            "issuerType": "AWS::Lambda::Function",
            "credentialsIssuedTo": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{session}",
        }
    return found


def _arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def _spelled(dice: random.Random, name: str) -> str:
    return dice.choice(
        (name, name, _arn(name), _arn(name) + ":$LATEST", f"{ACCOUNT}:function:{name}")
    )


def _parameters(dice: random.Random, name: str) -> dict[str, Any]:
    function, role = dice.choice(FUNCTIONS), dice.choice(ROLES)
    role_arn = f"arn:aws:iam::{ACCOUNT}:role/service-role/{role}"
    spelled = _spelled(dice, function)
    written = {
        "functionName": function,
        "functionArn": _arn(function),
        "role": role_arn,
        "codeSha256": "x=",
    }
    if name.startswith(("CreateFunction2015", "UpdateFunction")):
        return {
            "requestParameters": {"functionName": spelled, "role": role_arn},
            "responseElements": written,
        }
    if name == "Invoke":
        return {
            "requestParameters": dice.choice((None, {"functionName": spelled})),
            "responseElements": None,
            "additionalEventData": {"functionVersion": _arn(function) + ":$LATEST"},
            "resources": [
                {"accountId": ACCOUNT, "type": "AWS::Lambda::Function", "ARN": _arn(function)}
            ],
        }
    asked = {
        "AddPermission20150331v2": {
            "functionName": spelled,
            "statementId": "s",
            "action": "lambda:InvokeFunction",
            "principal": dice.choice(("*", "events.amazonaws.com", "999988887777")),
        },
        "AttachRolePolicy": {
            "roleName": role,
            "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess",
        },
        "AttachUserPolicy": {
            "userName": "eve",
            "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess",
        },
        "CreateAccessKey": {"userName": "eve"},
        "GetSecretValue": {"secretId": dice.choice(("prod/db", 'prod/ü"key"'))},
        "GetObject": {"bucketName": "stash", "key": "a/b.csv"},
    }
    return {"requestParameters": asked.get(name, {"filterSet": {}}), "responseElements": None}


def _bend_name(dice: random.Random, made: dict[str, Any]) -> None:
    """Now and then change the name's case, its type, or leave it out."""
    name, chance = made["eventName"], dice.random()
    if chance < 0.05:
        made["eventName"] = dice.choice((name.upper(), name.lower()))
    elif chance < 0.08:
        made["eventName"] = dice.choice((None, "", 7, name + " ", " " + name))
    elif chance < 0.1:
        del made["eventName"]


def _with_decoy(dice: random.Random, made: dict[str, Any]) -> dict[str, Any]:
    """Put another name, nested, where it misleads a reader of bytes."""
    name = dice.choice((*BORING, *TELLING))[1]
    decoy = {"x": "y.amazonaws.com", "eventName": name, "eventSource": "ec2.amazonaws.com"}
    place = dice.choice(("userIdentity", "requestParameters", "responseElements", "first", "last"))
    if place == "first":
        return {"detail": decoy, **made}
    if place == "last":
        return {**made, "addendum": {"a": [decoy]}}
    return {**made, place: {**(made.get(place) or {}), **decoy}}


def write(value: Any, dice: random.Random, style: Style) -> str:
    """Return the JSON text of a value in a style."""
    if isinstance(value, dict):
        items = list(value.items())
        if style.shuffled:
            dice.shuffle(items)
        pairs = [
            _text(key, dice, style, style.escaped_keys)
            + dice.choice(style.colon)
            + write(item, dice, style)
            for key, item in items
        ]
        return "{" + _joined(pairs, dice, style) + "}"
    if isinstance(value, list):
        return "[" + _joined([write(item, dice, style) for item in value], dice, style) + "]"
    if isinstance(value, str):
        return _text(value, dice, style, style.escaped)
    return {None: "null", True: "true", False: "false"}.get(value, str(value))


def _joined(parts: list[str], dice: random.Random, style: Style) -> str:
    return "".join(part + (dice.choice(style.comma) if n else "") for n, part in _countdown(parts))


def _countdown(parts: list[str]) -> list[tuple]:
    return list(zip(range(len(parts) - 1, -1, -1), parts, strict=False))


def _text(text: str, dice: random.Random, style: Style, share: float) -> str:
    out = []
    for character in text:
        if character in '"\\':
            out.append("\\" + character)
        elif character == "/" and style.slashes:
            out.append("\\/")
        elif share and dice.random() < share:
            out.append(f"\\u{ord(character):04x}")
        else:
            out.append(character)
    return '"' + "".join(out) + '"'
