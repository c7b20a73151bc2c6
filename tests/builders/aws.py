"""Native CloudTrail and VPC flow records in their documented shapes, all synthetic.

A record needs a caller, a function or thing acted upon, and a time in seconds after `START`:

    bill = Function("billing", role="billing-role")
    eve = user("eve", src="203.0.113.10")
    [create_function(eve, bill, 0), attach_user_policy(bill.acts(), "mallory", ADMINISTRATOR, 600)]

Every maker returns one whole record (eventVersion 1.11), with an eventID that is a hash of the rest:
equal calls are one event. Sources: shared/events.md, sections 2 and 3; nothing is copied from a log.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import urllib.parse
import uuid
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

HOME, ABROAD = "123456789012", "210987654321"
REGION = "us-east-1"
IAM_REGION = "us-east-1"  # IAM is global: its events bear this region, wherever the function lives
START = datetime.datetime(2026, 3, 10, 9, 0, 0, tzinfo=datetime.timezone.utc)
TIME = "%Y-%m-%dT%H:%M:%SZ"  # of eventTime
MINUTE, HOUR, DAY = 60, 3_600, 86_400
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"

CLI = "aws-cli/2.22.4 md/awscrt#0.21.2 ua/2.0 os/linux#6.1 md/arch#x86_64 lang/python#3.12.6"
TERRAFORM = (
    "APN/1.0 HashiCorp/1.0 Terraform/1.9.5 terraform-provider-aws/5.70.0 aws-sdk-go-v2/1.31.0"
)
CONSOLE = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"
RUNTIME = "Boto3/1.34.145 md/Botocore#1.34.145 ua/2.0 os/linux exec-env/AWS_Lambda_python3.12"
PLAIN_SDK = "Boto3/1.34.145 md/Botocore#1.34.145 ua/2.0 os/linux md/arch#x86_64 lang/python#3.12.6"
WORKER = "awslambda-worker/1.0 rusoto/0.48.0 rust/1.81.0 linux"

Record = dict  # one CloudTrail record


# --- who and what -----------------------------------------------------------------------------


class Caller(NamedTuple):
    """Who calls: the record's userIdentity, sourceIPAddress and userAgent."""

    identity: dict[str, Any]
    src: str
    agent: str

    @property
    def arn(self) -> str:
        """Return the caller's ARN."""
        return str(self.identity["arn"])

    def using(self, **changes: str) -> Caller:
        """Return the same caller with another `src` or `agent`."""
        return self._replace(**changes)


@dataclass(frozen=True)
class Function:
    """A Lambda function and the role it runs as. `role` may bear a path: `service-role/billing`."""

    name: str
    role: str = "app-role"
    account: str = HOME
    region: str = REGION

    @property
    def arn(self) -> str:
        """Return the unqualified ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"

    @property
    def role_arn(self) -> str:
        """Return the role's ARN, with its path."""
        return role_arn(self.role, self.account)

    @property
    def role_name(self) -> str:
        """Return the role's name, without its path."""
        return self.role.rsplit("/", 1)[-1]

    @property
    def code_sha256(self) -> str:
        """Return a digest in the form of `codeSha256`."""
        return _digest(f"code of {self.arn}", 43) + "="

    def spelt(self, spelling: str) -> str:
        """Return the function as a request may name it: name, partial, arn, qualified, alias."""
        return {
            "name": self.name,
            "partial": f"{self.account}:function:{self.name}",
            "arn": self.arn,
            "qualified": f"{self.arn}:$LATEST",
            "alias": f"{self.name}:live",
        }[spelling]

    def acts(
        self,
        *,
        scoped: bool = True,
        agent: str = RUNTIME,
        src: str = "198.51.100.20",
        session: str | None = None,
    ) -> Caller:
        """Return a session of the function's role; `scoped` adds inScopeOf (newer records)."""
        caller = role_session(self.role, session or self.name, self.account, src=src, agent=agent)
        if scoped:
            caller.identity["inScopeOf"] = {
                "issuerType": "AWS::Lambda::Function",
                "credentialsIssuedTo": self.arn,
                "credentialsIssuedToVersion": "$LATEST",
            }
        return caller

    def with_(self, **changes: str) -> Function:
        """Return the function with another name, role, account or region."""
        return replace(self, **changes)


def role_arn(role: str, account: str = HOME) -> str:
    """Return the ARN of a role, which may bear a path."""
    return f"arn:aws:iam::{account}:role/{role}"


def user(
    name: str, account: str = HOME, *, src: str = "203.0.113.10", agent: str = CLI, key: str = ""
) -> Caller:
    """Return an IAM user with a long-lived key."""
    identity = {
        "type": "IAMUser",
        "principalId": "AIDA" + _digest(f"{account} {name}", 17).upper(),
        "arn": f"arn:aws:iam::{account}:user/{name}",
        "accountId": account,
        "accessKeyId": key or access_key(f"{account} {name}"),
        "userName": name,
    }
    return Caller(identity, src, agent)


def role_session(
    role: str,
    session: str,
    account: str = HOME,
    *,
    src: str = "203.0.113.20",
    agent: str = CLI,
    key: str = "",
) -> Caller:
    """Return a session of a role, as people, CI and functions have them."""
    name = role.rsplit("/", 1)[-1]
    principal = "AROA" + _digest(f"{account} {name}", 17).upper()
    identity = {
        "type": "AssumedRole",
        "principalId": f"{principal}:{session}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
        "accountId": account,
        "accessKeyId": key or access_key(f"{account} {name} {session}", "ASIA"),
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": principal,
                "arn": role_arn(role, account),
                "accountId": account,
                "userName": name,
            },
            "attributes": {"creationDate": _moment(-5 * MINUTE), "mfaAuthenticated": "false"},
        },
    }
    return Caller(identity, src, agent)


def service(host: str) -> Caller:
    """Return an AWS service as caller, e.g. `lambda.amazonaws.com`."""
    return Caller({"type": "AWSService", "invokedBy": host}, host, host)


def on_behalf(caller: Caller, host: str) -> Caller:
    """Return the caller whose session a service uses, as CloudFormation does."""
    return Caller({**caller.identity, "invokedBy": host}, host, host)


def access_key(owner: str, prefix: str = "AKIA") -> str:
    """Return a made-up access key id of the right length."""
    return f"{prefix}EXAMPLE{_digest(owner, 9).upper()}"


# --- one record -------------------------------------------------------------------------------


def call(
    caller: Caller,
    source: str,
    name: str,
    at: float,
    request: Any = None,
    response: Any = None,
    *,
    account: str = HOME,
    region: str = REGION,
    error: str = "",
    read_only: bool = False,
    **more: Any,
) -> Record:
    """Return one record of `source`.amazonaws.com; `at` is in seconds after START."""
    record = {
        "eventVersion": "1.11",
        "userIdentity": caller.identity,
        "eventTime": _moment(at),
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": caller.src,
        "userAgent": caller.agent,
        **_refusal(error),
        "requestParameters": request,
        "responseElements": None if error else response,
        "readOnly": read_only,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
        **more,
    }
    record["requestID"] = _uuid(f"request {_text(record)}")
    record["eventID"] = _uuid(_text(record))
    return record


def _refusal(error: str) -> dict[str, str]:
    return {"errorCode": error, "errorMessage": "The request was refused."} if error else {}


def data_call(caller: Caller, source: str, name: str, at: float, *args: Any, **more: Any) -> Record:
    """Return a data event, which trails record only where asked to."""
    more = {"managementEvent": False, "eventCategory": "Data", **more}
    return call(caller, source, name, at, *args, **more)


def _moment(at: float) -> str:
    moment = START + datetime.timedelta(seconds=at)
    return moment.strftime(TIME)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def _uuid(text: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, text))


# --- Lambda: management -----------------------------------------------------------------------


def _lambda(caller: Caller, fn: Function, name: str, at: float, *args: Any, **more: Any) -> Record:
    return call(caller, "lambda", name, at, *args, account=fn.account, region=fn.region, **more)


def _function_state(fn: Function, at: float, layers: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the function as Lambda answers a write."""
    state = {
        "functionName": fn.name,
        "functionArn": fn.arn,
        "role": fn.role_arn,
        "runtime": "python3.12",
        "handler": "index.handler",
        "codeSize": 1024,
        "description": "",
        "timeout": 30,
        "memorySize": 128,
        "lastModified": _moment(at)[:-1] + ".000+0000",
        "codeSha256": fn.code_sha256,
        "version": "$LATEST",
        "environment": {},
        "tracingConfig": {"mode": "PassThrough"},
        "revisionId": _uuid(f"revision {fn.arn} {at}"),
        "state": "Pending",
        "packageType": "Zip",
        "architectures": ["x86_64"],
        "ephemeralStorage": {"size": 512},
        "snapStart": {"applyOn": "None", "optimizationStatus": "Off"},
        "loggingConfig": {"logFormat": "Text", "logGroup": f"/aws/lambda/{fn.name}"},
    }
    if layers:
        state["layers"] = [{"arn": arn, "codeSize": 2048} for arn in layers]
    return state


def create_function(
    caller: Caller, fn: Function, at: float, *, error: str = "", layers: tuple[str, ...] = ()
) -> Record:
    """Return CreateFunction20150331. A denied call has no request; other refusals keep it."""
    request = {
        "functionName": fn.name,
        "runtime": "python3.12",
        "role": fn.role_arn,
        "handler": "index.handler",
        "code": {"s3Bucket": "example-artifacts", "s3Key": f"{fn.name}.zip"},
        "publish": False,
        "environment": {},
        **({"layers": list(layers)} if layers else {}),
    }
    return _lambda(
        caller,
        fn,
        "CreateFunction20150331",
        at,
        None if error.startswith("AccessDenied") else request,
        _function_state(fn, at, layers),
        error=error,
    )


def update_code(
    caller: Caller,
    fn: Function,
    at: float,
    *,
    spelling: str = "name",
    dry_run: bool = False,
    answered: bool = True,
    error: str = "",
) -> Record:
    """Return UpdateFunctionCode20150331v2; `answered=False` leaves responseElements null."""
    request = {
        "functionName": fn.spelt(spelling),
        "publish": False,
        "dryRun": dry_run,
        "s3Bucket": "example-artifacts",
        "s3Key": f"{fn.name}.zip",
        "fullyQualifiedArn": {
            "arnPrefix": {"partition": "aws", "region": fn.region, "account": fn.account},
            "relativeId": {"functionName": fn.name},
            "functionQualifier": {},
        },
    }
    return _lambda(
        caller,
        fn,
        "UpdateFunctionCode20150331v2",
        at,
        None if error else request,
        _function_state(fn, at) if answered else None,
        error=error,
    )


def update_configuration(
    caller: Caller, fn: Function, at: float, *, spelling: str = "name", **changes: Any
) -> Record:
    """Return UpdateFunctionConfiguration20150331v2: the request holds changed keys only."""
    layers = tuple(changes.get("layers", ()))
    return _lambda(
        caller,
        fn,
        "UpdateFunctionConfiguration20150331v2",
        at,
        {"functionName": fn.spelt(spelling), **changes},
        _function_state(fn, at, layers),
    )


def publish_layer(caller: Caller, layer: str, at: float, region: str = REGION) -> Record:
    """Return PublishLayerVersion20181031; `layer` is the version's ARN."""
    account, name = layer.split(":")[4], layer.split(":")[6]
    return call(
        caller,
        "lambda",
        "PublishLayerVersion20181031",
        at,
        {"layerName": name, "compatibleRuntimes": ["python3.12"], "content": {}},
        {
            "layerArn": layer.rsplit(":", 1)[0],
            "layerVersionArn": layer,
            "version": int(layer.rsplit(":", 1)[1]),
            "createdDate": _moment(at),
            "content": {"codeSha256": _digest(layer, 43) + "=", "codeSize": 2048},
        },
        account=account,
        region=region,
    )


def add_permission(
    caller: Caller,
    fn: Function,
    at: float,
    sid: str,
    principal: str,
    *,
    spelling: str = "name",
    action: str = "lambda:InvokeFunction",
    error: str = "",
    **conditions: str,
) -> Record:
    """Return AddPermission20150331v2; its answer holds the statement as a JSON string.

    Conditions are the request's: sourceArn, sourceAccount, principalOrgID, functionUrlAuthType.
    """
    request = {
        "functionName": fn.spelt(spelling),
        "statementId": sid,
        "action": action,
        "principal": principal,
        **conditions,
    }
    response = {"statement": json.dumps(_statement(fn, sid, principal, action, conditions))}
    return _lambda(
        caller, fn, "AddPermission20150331v2", at, None if error else request, response, error=error
    )


def _statement(
    fn: Function, sid: str, principal: str, action: str, conditions: dict[str, str]
) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": _grantee(principal),
        "Action": action,
        "Resource": fn.arn,
    }
    condition: dict[str, dict[str, str]] = {}
    for name, operator, key in (
        ("functionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
        ("sourceAccount", "StringEquals", "AWS:SourceAccount"),
        ("principalOrgID", "StringEquals", "aws:PrincipalOrgID"),
        ("sourceArn", "ArnLike", "AWS:SourceArn"),
    ):
        if name in conditions:
            condition.setdefault(operator, {})[key] = conditions[name]
    return {**statement, "Condition": condition} if condition else statement


def _grantee(principal: str) -> Any:
    if principal == "*":
        return "*"
    if principal.endswith(".amazonaws.com"):
        return {"Service": principal}
    return {"AWS": f"arn:aws:iam::{principal}:root" if principal.isdigit() else principal}


def remove_permission(caller: Caller, fn: Function, at: float, sid: str) -> Record:
    """Return RemovePermission20150331v2."""
    request = {"functionName": fn.name, "statementId": sid}
    return _lambda(caller, fn, "RemovePermission20150331v2", at, request)


def function_url(fn: Function) -> str:
    """Return the made-up address of a function's URL."""
    return f"https://{_digest(fn.arn, 32)}.lambda-url.{fn.region}.on.aws/"


def create_url(caller: Caller, fn: Function, at: float, auth_type: str = "NONE") -> Record:
    """Return CreateFunctionUrlConfig (its name has no date)."""
    response = {
        "functionUrl": function_url(fn),
        "functionArn": fn.arn,
        "authType": auth_type,
        "creationTime": _moment(at),
        "invokeMode": "BUFFERED",
    }
    request = {"functionName": fn.name, "authType": auth_type}
    return _lambda(caller, fn, "CreateFunctionUrlConfig", at, request, response)


def create_event_source_mapping(
    caller: Caller, fn: Function, at: float, source_arn: str, *, spelling: str = "name"
) -> Record:
    """Return CreateEventSourceMapping20150331."""
    request = {
        "functionName": fn.spelt(spelling),
        "eventSourceArn": source_arn,
        "enabled": True,
        "batchSize": 10,
    }
    response = {
        "uUID": _uuid(f"mapping {fn.arn} {source_arn}"),
        "functionArn": fn.arn,
        "eventSourceArn": source_arn,
        "state": "Creating",
        "batchSize": 10,
        "lastModified": _moment(at),
    }
    return _lambda(caller, fn, "CreateEventSourceMapping20150331", at, request, response)


def list_functions(caller: Caller, at: float, account: str = HOME, region: str = REGION) -> Record:
    """Return ListFunctions20150331."""
    return call(
        caller,
        "lambda",
        "ListFunctions20150331",
        at,
        account=account,
        region=region,
        read_only=True,
    )


def get_function(caller: Caller, fn: Function, at: float) -> Record:
    """Return GetFunction20150331v2."""
    request = {"functionName": fn.name}
    return _lambda(caller, fn, "GetFunction20150331v2", at, request, read_only=True)


# --- Lambda: runs -----------------------------------------------------------------------------


def invoke(
    caller: Caller,
    fn: Function,
    at: float,
    *,
    qualifier: str = "",
    eni: str = "",
    waits: bool = False,
    n: int = 0,
) -> Record:
    """Return Invoke, a data event; `n` tells equal calls of one second apart.

    A caller that `waits` (a synchronous call) leaves requestParameters null.
    """
    more: dict[str, Any] = {"functionVersion": f"{fn.arn}:{qualifier or '$LATEST'}"}
    if eni:
        more["customerEniId"] = eni
    request = {
        "functionName": fn.arn + (f":{qualifier}" if qualifier else ""),
        "invocationType": "Event",
        "logType": "None",
    }
    return data_call(
        caller,
        "lambda",
        "Invoke",
        at,
        None if waits else request,
        account=fn.account,
        region=fn.region,
        additionalEventData=more,
        resources=[{"accountId": fn.account, "type": "AWS::Lambda::Function", "ARN": fn.arn}],
        sharedEventID=_uuid(f"shared {fn.arn} {at} {n}"),
    )


def invoke_web(caller: Caller, fn: Function, at: float) -> Record:
    """Return InvokeWebFunctionEndpoint, a data event."""
    arn = fn.arn.replace(":function:", ":web-function/")
    return data_call(
        caller,
        "lambda",
        "InvokeWebFunctionEndpoint",
        at,
        account=fn.account,
        region=fn.region,
        resources=[{"accountId": fn.account, "type": "AWS::Lambda::WebFunction", "ARN": arn}],
    )


def role_check(fn: Function, at: float, nth: int = 0) -> Record:
    """Return the sts AssumeRole that Lambda makes while a function is created: not a run."""
    millis = int((START + datetime.timedelta(seconds=at)).timestamp() * 1000)
    session = f"awslambda_{nth}_{millis}"
    return call(
        service("lambda.amazonaws.com"),
        "sts",
        "AssumeRole",
        at,
        {"roleArn": fn.role_arn, "roleSessionName": session},
        _credentials(fn.role_name, session, fn.account),
        account=fn.account,
        region=fn.region,
        read_only=True,
        resources=[{"accountId": fn.account, "type": "AWS::IAM::Role", "ARN": fn.role_arn}],
    )


def cold_start(fn: Function, at: float) -> list[Record]:
    """Return the platform worker's CreateLogGroup and CreateLogStream in the role's name."""
    worker = fn.acts(agent=WORKER, src="198.51.100.99")
    group = {"logGroupName": f"/aws/lambda/{fn.name}"}
    stream = {**group, "logStreamName": f"2026/03/10/[$LATEST]{_digest(f'{fn.arn} {at}', 32)}"}
    where = {"account": fn.account, "region": fn.region}
    return [
        call(worker, "logs", "CreateLogGroup", at, group, **where),
        call(worker, "logs", "CreateLogStream", at, stream, **where),
    ]


def _credentials(role: str, session: str, account: str) -> dict[str, Any]:
    return {
        "credentials": {
            "accessKeyId": access_key(f"{account} {role} {session}", "ASIA"),
            "expiration": _moment(HOUR),
            "sessionToken": "HIDDEN_DUE_TO_SECURITY_REASONS",
        },
        "assumedRoleUser": {
            "assumedRoleId": f"AROA{_digest(f'{account} {role}', 17).upper()}:{session}",
            "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
        },
    }


# --- IAM and STS ------------------------------------------------------------------------------


def _iam(caller: Caller, name: str, at: float, *args: Any, **more: Any) -> Record:
    more.setdefault("account", caller.identity.get("accountId", HOME))
    return call(caller, "iam", name, at, *args, region=IAM_REGION, **more)


def policy(*actions: str, resource: str = "*") -> str:
    """Return a policy document that allows the actions."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


def trust(**principal: str) -> str:
    """Return a trust policy, e.g. `trust(Service="lambda.amazonaws.com")`."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


LAMBDA_TRUST = trust(Service="lambda.amazonaws.com")


def assume_role(caller: Caller, role: str, session: str, at: float, account: str = HOME) -> Record:
    """Return sts AssumeRole by a person or a job."""
    name = role.rsplit("/", 1)[-1]
    request = {
        "roleArn": role_arn(role, account),
        "roleSessionName": session,
        "durationSeconds": 3600,
    }
    response = _credentials(name, session, account)
    return call(caller, "sts", "AssumeRole", at, request, response, account=account, read_only=True)


def caller_identity(caller: Caller, at: float) -> Record:
    """Return sts GetCallerIdentity: the first thing most do with a new key."""
    account = caller.identity["accountId"]
    return call(caller, "sts", "GetCallerIdentity", at, account=account, read_only=True)


def create_role(caller: Caller, role: str, at: float, document: str = LAMBDA_TRUST) -> Record:
    """Return CreateRole; the answer repeats the trust policy URL-encoded."""
    account = caller.identity.get("accountId", HOME)
    path, name = ("/" + role).rsplit("/", 1)
    made = {
        "path": f"{path}/",
        "roleName": name,
        "roleId": "AROA" + _digest(f"{account} {name}", 17).upper(),
        "arn": role_arn(role, account),
        "createDate": _moment(at),
        "assumeRolePolicyDocument": urllib.parse.quote(document, safe=""),
    }
    request = {"path": f"{path}/", "roleName": name, "assumeRolePolicyDocument": document}
    return _iam(caller, "CreateRole", at, request, {"role": made})


def attach_role_policy(
    caller: Caller, role: str, policy_arn: str, at: float, *, error: str = ""
) -> Record:
    """Return AttachRolePolicy; the request names the role without its path."""
    request = {"roleName": role.rsplit("/", 1)[-1], "policyArn": policy_arn}
    return _iam(
        caller, "AttachRolePolicy", at, None if error == "AccessDenied" else request, error=error
    )


def put_role_policy(caller: Caller, role: str, name: str, document: str, at: float) -> Record:
    """Return PutRolePolicy, an inline policy."""
    request = {"roleName": role.rsplit("/", 1)[-1], "policyName": name, "policyDocument": document}
    return _iam(caller, "PutRolePolicy", at, request)


def create_policy(caller: Caller, policy_arn: str, document: str, at: float) -> Record:
    """Return CreatePolicy."""
    name = policy_arn.rsplit("/", 1)[-1]
    made = {
        "policyName": name,
        "policyId": "ANPA" + _digest(policy_arn, 17).upper(),
        "arn": policy_arn,
        "path": "/",
        "defaultVersionId": "v1",
        "attachmentCount": 0,
        "isAttachable": True,
        "createDate": _moment(at),
    }
    request = {"policyName": name, "policyDocument": document}
    return _iam(caller, "CreatePolicy", at, request, {"policy": made})


def create_policy_version(caller: Caller, policy_arn: str, document: str, at: float) -> Record:
    """Return CreatePolicyVersion: it names no role, so only an earlier attachment leads to one."""
    request = {"policyArn": policy_arn, "policyDocument": document, "setAsDefault": True}
    made = {"versionId": "v2", "isDefaultVersion": True, "createDate": _moment(at)}
    return _iam(caller, "CreatePolicyVersion", at, request, {"policyVersion": made})


def set_default_policy_version(caller: Caller, policy_arn: str, version: str, at: float) -> Record:
    """Return SetDefaultPolicyVersion."""
    request = {"policyArn": policy_arn, "versionId": version}
    return _iam(caller, "SetDefaultPolicyVersion", at, request)


def update_assume_role_policy(caller: Caller, role: str, document: str, at: float) -> Record:
    """Return UpdateAssumeRolePolicy."""
    request = {"roleName": role.rsplit("/", 1)[-1], "policyDocument": document}
    return _iam(caller, "UpdateAssumeRolePolicy", at, request)


def create_user(caller: Caller, name: str, at: float) -> Record:
    """Return CreateUser."""
    account = caller.identity["accountId"]
    made = {
        "path": "/",
        "userName": name,
        "userId": "AIDA" + _digest(f"{account} {name}", 17).upper(),
        "arn": f"arn:aws:iam::{account}:user/{name}",
        "createDate": _moment(at),
    }
    return _iam(caller, "CreateUser", at, {"userName": name}, {"user": made})


def new_key(name: str, account: str = HOME) -> str:
    """Return the key id that `create_access_key` makes for a user."""
    return access_key(f"second key of {account} {name}")


def create_access_key(caller: Caller, name: str, at: float, *, answered: bool = True) -> Record:
    """Return CreateAccessKey."""
    made = {
        "userName": name,
        "accessKeyId": new_key(name, caller.identity["accountId"]),
        "status": "Active",
        "createDate": _moment(at),
    }
    response = {"accessKey": made} if answered else None
    return _iam(caller, "CreateAccessKey", at, {"userName": name}, response)


def create_login_profile(caller: Caller, name: str, at: float) -> Record:
    """Return CreateLoginProfile."""
    request = {"userName": name, "passwordResetRequired": False}
    made = {"userName": name, "createDate": _moment(at), "passwordResetRequired": False}
    return _iam(caller, "CreateLoginProfile", at, request, {"loginProfile": made})


def attach_user_policy(caller: Caller, name: str, policy_arn: str, at: float) -> Record:
    """Return AttachUserPolicy; its answer is null."""
    return _iam(caller, "AttachUserPolicy", at, {"userName": name, "policyArn": policy_arn})


def put_user_policy(
    caller: Caller, name: str, policy_name: str, document: str, at: float
) -> Record:
    """Return PutUserPolicy, an inline policy."""
    request = {"userName": name, "policyName": policy_name, "policyDocument": document}
    return _iam(caller, "PutUserPolicy", at, request)


# --- secrets, storage, network, triggers ------------------------------------------------------


def _regional(caller: Caller, source: str, name: str, at: float, *args: Any, **more: Any) -> Record:
    more.setdefault("account", caller.identity.get("accountId", HOME))
    return call(caller, source, name, at, *args, **more)


def get_secret(caller: Caller, secret: str, at: float, region: str = REGION) -> Record:
    """Return GetSecretValue; `secret` is a name or an ARN."""
    request = {"secretId": secret}
    return _regional(
        caller, "secretsmanager", "GetSecretValue", at, request, region=region, read_only=True
    )


def batch_get_secrets(
    caller: Caller, at: float, *secrets: str, filters: Any = None, region: str = REGION
) -> Record:
    """Return BatchGetSecretValue: a list of secrets, or filters only."""
    request = {"secretIdList": list(secrets)} if secrets else {"filters": filters}
    return _regional(
        caller, "secretsmanager", "BatchGetSecretValue", at, request, region=region, read_only=True
    )


def put_secret(caller: Caller, secret: str, at: float) -> Record:
    """Return PutSecretValue, as a rotation makes it."""
    request = {"secretId": secret, "versionStages": ["AWSPENDING"]}
    return _regional(caller, "secretsmanager", "PutSecretValue", at, request)


def get_parameters(caller: Caller, at: float, *names: str, region: str = REGION) -> Record:
    """Return ssm GetParameters with decryption."""
    request = {"names": list(names), "withDecryption": True}
    return _regional(caller, "ssm", "GetParameters", at, request, region=region, read_only=True)


def decrypt(caller: Caller, at: float, through: str = "secretsmanager.amazonaws.com") -> Record:
    """Return the KMS Decrypt a service makes with the caller's session."""
    request = {"encryptionAlgorithm": "SYMMETRIC_DEFAULT"}
    return _regional(on_behalf(caller, through), "kms", "Decrypt", at, request, read_only=True)


def put_bucket_notification(
    caller: Caller, bucket: str, at: float, *function_arns: str, account: str = HOME
) -> Record:
    """Return PutBucketNotification with Lambda targets."""
    targets = [
        {"Id": f"on-put-{n}", "CloudFunction": arn, "Event": "s3:ObjectCreated:*"}
        for n, arn in enumerate(function_arns)
    ]
    configuration = {
        "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/",
        "CloudFunctionConfiguration": targets[0] if len(targets) == 1 else targets,
    }
    request = {
        "bucketName": bucket,
        "Host": f"{bucket}.s3.amazonaws.com",
        "notification": "",
        "NotificationConfiguration": configuration,
    }
    return call(caller, "s3", "PutBucketNotification", at, request, account=account)


def get_object(caller: Caller, bucket: str, key: str, at: float, account: str = HOME) -> Record:
    """Return s3 GetObject, a data event."""
    return _object(caller, "GetObject", bucket, key, at, account)


def put_object(caller: Caller, bucket: str, key: str, at: float, account: str = HOME) -> Record:
    """Return s3 PutObject, a data event."""
    return _object(caller, "PutObject", bucket, key, at, account)


def _object(caller: Caller, name: str, bucket: str, key: str, at: float, account: str) -> Record:
    request = {"bucketName": bucket, "Host": f"{bucket}.s3.amazonaws.com", "key": key}
    resources = [
        {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{key}"},
        {"type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}", "accountId": account},
    ]
    return data_call(
        caller,
        "s3",
        name,
        at,
        request,
        account=account,
        read_only=name == "GetObject",
        resources=resources,
    )


def group_id(name: str) -> str:
    """Return the id of a made-up security group."""
    return f"sg-{_digest(name, 17)}"


def create_group(caller: Caller, name: str, at: float, region: str = REGION) -> Record:
    """Return CreateSecurityGroup."""
    request = {"groupName": name, "groupDescription": name, "vpcId": "vpc-0a1b2c3d4e5f60718"}
    response = {"_return": True, "groupId": group_id(name)}
    return _regional(caller, "ec2", "CreateSecurityGroup", at, request, response, region=region)


def authorize_ingress(
    caller: Caller, group: str, port: int, cidr: str, at: float, region: str = REGION
) -> Record:
    """Return AuthorizeSecurityGroupIngress in the nested form that SDKs send."""
    permission = {
        "ipProtocol": "tcp",
        "fromPort": port,
        "toPort": port,
        "groups": {},
        "ipRanges": {"items": [{"cidrIp": cidr}]},
        "ipv6Ranges": {},
        "prefixListIds": {},
    }
    rule = {
        "groupId": group,
        "isEgress": False,
        "ipProtocol": "tcp",
        "fromPort": port,
        "toPort": port,
        "cidrIpv4": cidr,
    }
    return _regional(
        caller,
        "ec2",
        "AuthorizeSecurityGroupIngress",
        at,
        {"groupId": group, "ipPermissions": {"items": [permission]}},
        {"_return": True, "securityGroupRuleSet": {"items": [rule]}},
        region=region,
    )


def rule_arn(rule: str, account: str = HOME, region: str = REGION) -> str:
    """Return the ARN of an EventBridge rule."""
    return f"arn:aws:events:{region}:{account}:rule/{rule}"


def put_rule(caller: Caller, rule: str, at: float, event_name: str, fn: Function) -> Record:
    """Return PutRule for a CloudTrail event."""
    pattern = {
        "source": ["aws.iam"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {"eventName": [event_name]},
    }
    request = {"name": rule, "eventPattern": json.dumps(pattern), "state": "ENABLED"}
    response = {"ruleArn": rule_arn(rule, fn.account, fn.region)}
    return call(
        caller, "events", "PutRule", at, request, response, account=fn.account, region=fn.region
    )


def put_targets(caller: Caller, rule: str, at: float, *functions: Function) -> Record:
    """Return PutTargets with functions as targets."""
    targets = [{"id": f"target-{n}", "arn": fn.arn} for n, fn in enumerate(functions)]
    return call(
        caller,
        "events",
        "PutTargets",
        at,
        {"rule": rule, "targets": targets},
        {"failedEntryCount": 0, "failedEntries": []},
        account=functions[0].account,
        region=functions[0].region,
    )


def create_interface(fn: Function, eni: str, at: float) -> Record:
    """Return the CreateNetworkInterface that Lambda makes for a function in a VPC."""
    description = f"AWS Lambda VPC ENI-{fn.name}-{_uuid(fn.arn)}"
    lambda_role = role_session(
        "aws-service-role/lambda.amazonaws.com/AWSServiceRoleForLambda",
        "lambda",
        fn.account,
        src="lambda.amazonaws.com",
        agent="lambda.amazonaws.com",
    )
    return call(
        on_behalf(lambda_role, "lambda.amazonaws.com"),
        "ec2",
        "CreateNetworkInterface",
        at,
        {"subnetId": "subnet-0a1b2c3d4e5f60718", "description": description, "groupSet": {}},
        {"networkInterface": {"networkInterfaceId": eni, "description": description}},
        account=fn.account,
        region=fn.region,
    )


def flow_line(
    eni: str,
    at: float,
    *,
    src: str = "10.0.4.17",
    dst: str = "203.0.113.99",
    port: int = 443,
    size: int = 51_200,
    account: str = HOME,
    verdict: str = "ACCEPT",
) -> str:
    """Return one VPC flow line of version 2, without header."""
    start = int(START.timestamp() + at)
    return (
        f"2 {account} {eni} {src} {dst} 41022 {port} 6 40 {size} {start} {start + 58} {verdict} OK"
    )
