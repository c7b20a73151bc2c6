"""CloudTrail: what Lambda's calls say of functions, layers, permissions and URLs.

Example: CreateFunction20150331 gives function, function_arn, role, role_arn, change, code_sha256.

Sources: Lambda developer guide, "Logging AWS Lambda API calls using AWS CloudTrail"; Lambda API
reference (AddPermission, CreateFunctionUrlConfig, UpdateFunctionConfiguration).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import aws_policy
from .aws_names import (
    ANY_REGION,
    ANY_ROLE,
    account_of,
    function_arn,
    function_by_arn,
    function_of,
    interface,
    role_of,
    rule_of,
    texts,
)
from .aws_summary import some
from .values import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flowtrap.model.event import FieldValue

    from .aws_names import Function

    Fields = dict[str, FieldValue]
    Part = dict[str, Any]

_CHANGES = ("role", "layers", "handler", "environment", "imageConfig", "runtime", "vpcConfig")
_FUNCTION_TYPES = ("AWS::Lambda::Function", "AWS::Lambda::WebFunction")
_SERVICE_ENDS = (".amazonaws.com", ".amazonaws.com.cn", ".amazon.com")
_WHO = ("sourceArn", "sourceAccount", "principalOrgID")  # AddPermission's own limits
_PUBLIC_LIMITS = frozenset(
    (*_WHO, "sourceOrgID", "principalOrgPaths", "principalAccount", "principalArn")
)


def name_function(
    fields: Fields, request: Part, response: Part, record: Part, also: Function | None = None
) -> str:
    """Set what is known of the function that a Lambda call names; return its ARN, name or "".

    `also` is the function that the call names in a place of its own.
    """
    found = _first((*_named(request, response, record), also))
    if found is None:
        return ""
    recipient = text(record.get("recipientAccountId"))
    fields["function"] = found.name
    if found.account and not recipient:
        fields["account"] = found.account
    if found.account and recipient and found.account != recipient:
        fields["foreign_function"] = "true"
    account = found.account or fields.get("account")
    region = found.region or fields.get("region")
    if account:
        fields["function_account"] = account
    if region:
        fields["function_region"] = region
        fields["function_regions"] = (str(region), ANY_REGION)
    if found.arn:
        fields["function_arn"] = found.arn
        return found.arn
    if account and region:
        fields["function_arn"] = function_arn(str(region), str(account), found.name)
    return found.name


def _first(named: Iterable[Function | None]) -> Function | None:
    """Return the first function named, by its ARN where the record bears that as well."""
    first = None
    for found in named:
        if found and (first is None or (found.arn and found.name == first.name)):
            first = found
            if found.arn:
                break
    return first


def _named(request: Part, response: Part, record: Part) -> Iterator[Function | None]:
    """Yield the functions that a record names, the surest place first."""
    # Example: {"responseElements": {"functionArn": "arn:aws:lambda:…:function:billing:1"}}
    yield function_by_arn(response.get("functionArn"))
    # Example: {"requestParameters": {"functionName": "billing"}}
    yield function_of(request.get("functionName"))
    yield function_of(response.get("functionName"))
    # Example: {"resources": [{"type": "AWS::Lambda::Function", "ARN": "arn:…:function:billing"}]}
    resources = record.get("resources")
    for resource in resources if isinstance(resources, list) else ():
        if isinstance(resource, dict) and resource.get("type") in _FUNCTION_TYPES:
            yield function_by_arn(resource.get("ARN"))
    # Example: {"additionalEventData": {"functionVersion": "arn:…:function:billing:$LATEST"}}
    more = record.get("additionalEventData")
    if isinstance(more, dict):
        yield function_by_arn(more.get("functionVersion"))


def any_call(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    """Name the function of any Lambda call."""
    return f"{action} {name_function(fields, request, response, record)}".rstrip()


def invoke(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    """Read a run: Invoke, InvokeExecution, InvokeWebFunctionEndpoint (data events)."""
    # Example: {"additionalEventData": {"customerEniId": "eni-0a1b2c3d4e5f60718"}}
    more = record.get("additionalEventData")
    if isinstance(more, dict):
        eni = interface(more.get("customerEniId"))
        if eni:
            fields["eni"] = eni
    return any_call(fields, action, request, response, record)


# --- writes -----------------------------------------------------------------------------------


def create_function(
    fields: Fields, action: str, request: Part, response: Part, record: Part
) -> str:
    """Read CreateFunction."""
    # Example: {"eventName": "CreateFunction20150331", "requestParameters": {"functionName":
    #   "billing",
    #   "role": "arn:aws:iam::123456789012:role/billing-role", "layers":
    #   ["arn:aws:lambda:…:layer:x:1"]}}
    fields["change"] = ("code",)
    return _written(fields, action, request, response, record)


def update_code(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    """Read UpdateFunctionCode; a dry run changes nothing."""
    # Example: {"eventName": "UpdateFunctionCode20150331v2", "requestParameters":
    #   {"functionName": "billing", "dryRun": false, "publish": true}}
    if request.get("dryRun") in (True, "true", "True"):
        return f"{any_call(fields, action, request, response, record)}, a dry run"
    fields["change"] = ("code",)
    return _written(fields, action, request, response, record)


def update_configuration(
    fields: Fields, action: str, request: Part, response: Part, record: Part
) -> str:
    """Read UpdateFunctionConfiguration: only changed keys are in the request.

    An `environment` of {} is always there, as AWS drops its values: it is no change.
    """
    # Example: {"eventName": "UpdateFunctionConfiguration20150331v2", "requestParameters":
    #   {"functionName": "billing", "environment": {}, "role":
    #   "arn:aws:iam::123456789012:role/ops"}}
    change = tuple(key for key in _CHANGES if request.get(key) not in (None, "", {}, []))
    if change:
        fields["change"] = change
    line = _written(fields, action, request, response, record)
    told = [key for key in change if key not in ("role", "layers")]
    return f"{line}, changes {some(told)}" if told else line


def _written(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    function = name_function(fields, request, response, record)
    parts = [f"{action} {function}".rstrip()]
    role_arn = _role(fields, request, response)
    fields["function_role"] = fields.get("role", ANY_ROLE)
    if role_arn:
        parts.append(f"with role {role_arn}")
    line = " ".join(parts)
    sha256 = text(response.get("codeSha256"))
    if sha256:
        fields["code_sha256"] = sha256
        line += f", code sha256 {sha256}"
    layers = _layers(fields, request)
    return f"{line}, layers {some(layers)}" if layers else line


def _role(fields: Fields, request: Part, response: Part) -> str:
    for part in (response, request):
        arn = text(part.get("role"))
        role = role_of(arn)
        if role:
            fields["role"], fields["role_arn"] = role, arn
            return arn
    return ""


def _layers(fields: Fields, request: Part) -> tuple[str, ...]:
    given = request.get("layers")
    # Example: ["arn:aws:lambda:eu-west-1:123456789012:layer:telemetry:1"] or [{"arn": "arn:…"}]
    layers = texts(
        [layer.get("arn") if isinstance(layer, dict) else layer for layer in given]
        if isinstance(given, list)
        else given
    )
    if layers:
        fields["layers"] = layers
        _layer_accounts(fields, layers)
    return layers


def _layer_accounts(fields: Fields, layers: tuple[str, ...]) -> None:
    accounts = tuple(dict.fromkeys(filter(None, map(account_of, layers))))
    if accounts:
        fields["layer_account"] = accounts


def publish_layer(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    """Read PublishLayerVersion."""
    # Example: {"responseElements": {"layerVersionArn":
    #   "arn:aws:lambda:eu-west-1:…:layer:telemetry:1"}}
    layer = text(response.get("layerVersionArn"))
    if layer:
        fields["layer"] = layer
        _layer_accounts(fields, (layer,))
    return f"{action} {layer or text(request.get('layerName'))}".rstrip()


# --- who may call -----------------------------------------------------------------------------


def add_permission(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    """Read AddPermission and AddLayerVersionPermission: who is let in, under which conditions."""
    # Example: {"eventName": "AddPermission20150331v2", "requestParameters": {"functionName":
    #   "billing",
    #   "statementId": "open", "action": "lambda:InvokeFunction", "principal": "*"},
    #   "responseElements": {"statement":
    #   "{\"Sid\":\"open\",\"Effect\":\"Allow\",\"Principal\":\"*\",…}"}}
    statement = aws_policy.document(response.get("statement"))
    resource = function_by_arn(statement.get("Resource"))
    function = name_function(fields, request, response, record, resource)
    limits = {key: text(request.get(key)) for key in (*_WHO, "eventSourceToken", "organizationId")}
    limits = {key: value for key, value in limits.items() if value}
    limits = {**aws_policy.limits(statement), **limits}
    if "organizationId" in limits:  # AddLayerVersionPermission's name for it
        limits["principalOrgID"] = limits.pop("organizationId")
    grantees = _grantees(request, statement)
    _set(
        fields,
        statement=text(request.get("statementId")) or text(statement.get("Sid")),
        permission_action=text(request.get("action")) or some(texts(statement.get("Action"))),
        source_arn=limits.get("sourceArn", ""),
        rule=_rule(limits.get("sourceArn", "")),
        auth_type=text(request.get("functionUrlAuthType")),
    )
    if limits:
        fields["grant_condition"] = tuple(f"{key} {value}" for key, value in limits.items())
    if grantees:
        fields["grantee"] = grantees[0] if len(grantees) == 1 else grantees
        _judge(fields, grantees, limits)
    return _permission_line(fields, action, function, grantees)


def _grantees(request: Part, statement: Part) -> tuple[str, ...]:
    """Return the principals let in; "everybody" is `*`, however it is spelled."""
    asked = request.get("principal")
    # Example: "*", "events.amazonaws.com", "210987654321", {"AWS": "*"}, "{\"AWS\":\"*\"}"
    if isinstance(asked, str) and asked.lstrip().startswith(("{", "[")):
        asked = aws_policy.document(f'{{"Principal":{asked}}}').get("Principal")
    names = aws_policy.principals({"Principal": asked}) or aws_policy.principals(statement)
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))


def _judge(fields: Fields, grantees: tuple[str, ...], limits: dict[str, str]) -> None:
    """Say what kind of grantee it is; of several, the one that opens most."""
    home = fields.get("account")
    accounts = tuple(dict.fromkeys(filter(None, map(account_of, grantees))))
    if accounts:
        fields["grantee_account"] = accounts[0] if len(accounts) == 1 else accounts
    if "*" in grantees:
        fields["grantee_kind"] = "public_limited" if _PUBLIC_LIMITS & limits.keys() else "public"
    elif accounts and home:
        fields["grantee_kind"] = "own" if set(accounts) == {home} else "foreign"
    elif any(name.endswith(_SERVICE_ENDS) for name in grantees):
        fields["grantee_kind"] = "service"


def _permission_line(fields: Fields, action: str, function: str, grantees: tuple[str, ...]) -> str:
    line = " ".join(filter(None, (action, str(fields.get("statement", "")))))
    if grantees:
        conditions = some(tuple(fields.get("grant_condition", ())))
        url = f", URL auth {fields['auth_type']}" if "auth_type" in fields else ""
        what = fields.get("permission_action", "a call")
        line += f": {what} to {some(grantees)} ({conditions or 'no conditions'}{url})"
    return f"{line} on {function}" if function else line


def _rule(source_arn: str) -> str:
    # Example: arn:aws:events:eu-west-1:123456789012:rule/on-create
    return rule_of(source_arn) if ":rule/" in source_arn and ":events:" in source_arn else ""


def remove_permission(
    fields: Fields, action: str, request: Part, response: Part, record: Part
) -> str:
    """Read RemovePermission and RemoveLayerVersionPermission."""
    function = name_function(fields, request, response, record)
    _set(fields, statement=text(request.get("statementId")))
    line = f"{action} {text(request.get('statementId'))}".rstrip()
    return f"{line} on {function}" if function else line


# --- triggers and URLs ------------------------------------------------------------------------


def event_source(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    """Read Create-, Update- and DeleteEventSourceMapping."""
    # Example: {"eventName": "CreateEventSourceMapping20150331", "requestParameters":
    #   {"functionName": "billing", "eventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:orders"}}
    function = name_function(fields, request, response, record)
    source = text(request.get("eventSourceArn")) or text(response.get("eventSourceArn"))
    _set(fields, source_arn=source)
    line = f"{action} from {source}" if source else action
    return f"{line} to {function}" if function else line


def function_url(fields: Fields, action: str, request: Part, response: Part, record: Part) -> str:
    """Read Create-, Update-, Get- and DeleteFunctionUrlConfig."""
    # Example: {"eventName": "CreateFunctionUrlConfig", "requestParameters": {"functionName":
    #   "billing",
    #   "authType": "NONE"}, "responseElements": {"functionUrl":
    #   "https://abc.lambda-url.eu-west-1.on.aws/"}}
    function = name_function(fields, request, response, record)
    url = text(response.get("functionUrl"))
    auth_type = text(request.get("authType")) or text(response.get("authType"))
    _set(fields, url=url, auth_type=auth_type)
    line = " ".join(filter(None, (action, url, f"(auth {auth_type})" if auth_type else "")))
    return f"{line} for {function}" if function else line


def _set(fields: Fields, **values: str) -> None:
    fields.update({name: value for name, value in values.items() if value})


CALLS = {
    "Invoke": invoke,
    "InvokeExecution": invoke,
    "InvokeWebFunctionEndpoint": invoke,
    "CreateFunction": create_function,
    "UpdateFunctionCode": update_code,
    "UpdateFunctionConfiguration": update_configuration,
    "PublishLayerVersion": publish_layer,
    "AddPermission": add_permission,
    "AddLayerVersionPermission": add_permission,
    "RemovePermission": remove_permission,
    "RemoveLayerVersionPermission": remove_permission,
    "CreateEventSourceMapping": event_source,
    "UpdateEventSourceMapping": event_source,
    "DeleteEventSourceMapping": event_source,
    "CreateFunctionUrlConfig": function_url,
    "UpdateFunctionUrlConfig": function_url,
    "GetFunctionUrlConfig": function_url,
    "DeleteFunctionUrlConfig": function_url,
}
