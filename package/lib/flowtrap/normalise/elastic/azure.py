"""The integrations "Azure Logs" (activity, audit, sign-in, platform, Graph) and "Azure Functions".

The pipelines put a record whole under `azure.<data set>` and rename what they know; what they do
not know keeps its name there.

Source: elastic/integrations, packages/azure and azure_functions: exported fields, sample events.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from flowtrap.normalise import azure_activity, azure_functions, m365_graph
from flowtrap.normalise.azure_names import mapping

from .aws import address, moment
from .paths import at, put
from .rows import Mapped, Row

if TYPE_CHECKING:
    from collections.abc import Mapping

_EVIDENCE = "identity.authorization.evidence"
_SIGNINS = (
    "signinlogs",
    "noninteractiveusersigninlogs",
    "serviceprincipalsigninlogs",
    "managedidentitysigninlogs",
)


def _named(base: str, names: dict[str, str], above: str = "") -> tuple[Row, ...]:
    """Return rows of members that are renamed where they are."""
    return tuple(Row(above + native, f"{base}.{above}{kept}") for native, kept in names.items())


def _snake(name: str) -> str:
    """Return a member's name in small letters with underscores: `userPrincipalName`."""
    words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return words.lstrip("_")


def _shared(base: str, resource: str = "azure.resource.id") -> tuple[Row, ...]:
    """Return the rows that all these data sets have."""
    return (
        Row("time", "@timestamp", moment),
        Row("resourceId", resource),
        Row("resourceId", "azure.resource_id", lambda value: None),
        Row("correlationId", "azure.correlation_id"),
        Row("tenantId", "azure.tenant_id"),
        Row("callerIpAddress", "source.ip", address),
        Row("callerIpAddress", "source.address", lambda value: None if address(value) else value),
        Row("level", "log.level"),
        *_named(
            base,
            {
                "operationName": "operation_name",
                "operationVersion": "operation_version",
                "resultType": "result_type",
                "resultSignature": "result_signature",
                "resultDescription": "result_description",
            },
        ),
    )


def _done(
    document: dict[str, Any], record: Mapping[str, Any], *, outcome: Any = lambda record: None
) -> None:
    action = record.get("operationName")
    if isinstance(action, str):
        put(document, "event.action", action)
    result = outcome(record)
    if isinstance(result, str) and result.lower() in ("success", "failure"):
        put(document, "event.outcome", result)
    put(document, "event.kind", "event")
    put(document, "cloud.provider", "azure")


# --- activity ---------------------------------------------------------------------------------


def _dotless(claims: Any) -> Any:
    """Return claims without dots in their names, which the pipeline makes underscores."""
    if not isinstance(claims, dict):
        return None
    return {key.replace(".", "_"): value for key, value in claims.items()}


def _with_dots(claims: Any) -> Any:
    """Return claims under their own names: only those that are addresses had dots.

    Example: `http://schemas_microsoft_com/identity/claims/objectidentifier`
    """
    if not isinstance(claims, dict):
        return None
    return {
        key.replace("_", ".") if key.startswith("http") else key: value
        for key, value in claims.items()
    }


_ACTIVITY = "azure.activitylogs"
ACTIVITY = Mapped(
    _ACTIVITY,
    "azure_activity",
    _ACTIVITY,
    (
        *_shared(_ACTIVITY),
        Row("identity.claims", f"{_ACTIVITY}.identity.claims", _dotless, _with_dots),
        *_named(
            _ACTIVITY,
            {
                name: _snake(name)
                for name in (
                    "roleAssignmentScope",
                    "roleDefinitionId",
                    "roleAssignmentId",
                    "principalId",
                    "principalType",
                )
            },
            f"{_EVIDENCE}.",
        ),
        *_named(
            _ACTIVITY,
            {"serviceRequestId": "service_request_id", "statusCode": "status_code"},
            "properties.",
        ),
        Row("properties.statusMessage", "message"),
        Row("properties.eventCategory", f"{_ACTIVITY}.event_category"),
        Row("durationMs", "event.duration", lambda value: None),
        Row("location", "geo.name"),
    ),
    lambda record: "time" in record and azure_activity.recognise(record),
    lost=(
        "REST records (`eventTimestamp`): the integration reads the flat export only",
        "durationMs",
        "underscores in the path of a claim's address",
    ),
    finish=partial(_done, outcome=lambda record: record.get("resultType")),
)

# --- Entra ------------------------------------------------------------------------------------

_AUDIT = "azure.auditlogs"
_RESOURCE = {
    "displayName": "display_name",
    "ipAddress": "ip_address",
    "userPrincipalName": "user_principal_name",
}
_CHANGE = {"displayName": "display_name", "newValue": "new_value", "oldValue": "old_value"}


def _renamed(member: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in member.items()}


def _by_number(members: Any) -> list[Any]:
    """Return the members of a list that became an object with numbers as names."""
    if isinstance(members, list):
        return members
    if not isinstance(members, dict):
        return []
    return [members[key] for key in sorted(members, key=lambda key: (len(key), key))]


def _targets_forth(targets: Any) -> Any:
    found = {}
    for number, target in enumerate(targets if isinstance(targets, list) else ()):
        kept = {key: value for key, value in target.items() if key in (*_RESOURCE, "id", "type")}
        changes = [_renamed(one, _CHANGE) for one in target.get("modifiedProperties") or ()]
        found[str(number)] = {
            **_renamed(kept, _RESOURCE),
            "modified_properties": {str(n): one for n, one in enumerate(changes)},
        }
    return found or None


def _targets_back(targets: Any) -> Any:
    back = {kept: name for name, kept in _RESOURCE.items()}
    changed = {kept: name for name, kept in _CHANGE.items()}
    found = []
    for target in _by_number(targets):
        if isinstance(target, dict):
            changes = _by_number(target.get("modified_properties"))
            one = _renamed({k: v for k, v in target.items() if k != "modified_properties"}, back)
            one["modifiedProperties"] = [_renamed(c, changed) for c in changes if type(c) is dict]
            found.append(one)
    return found or None


AUDIT = Mapped(
    _AUDIT,
    "entra_audit",
    _AUDIT,
    (
        *_shared(_AUDIT),
        *_named(
            _AUDIT,
            {
                "activityDisplayName": "activity_display_name",
                "activityDateTime": "activity_datetime",
                "additionalDetails": "additional_details",
                "resultReason": "result_reason",
                "correlationId": "correlation_id",
                "loggedByService": "logged_by_service",
                "operationType": "operation_type",
                "initiatedBy": "initiated_by",
            },
            "properties.",
        ),
        Row("properties.result", "event.outcome"),
        Row(
            "properties.targetResources",
            f"{_AUDIT}.properties.target_resources",
            _targets_forth,
            _targets_back,
        ),
        Row("durationMs", "event.duration", lambda value: None),
    ),
    lambda record: str(record.get("category", "")).lower() == "auditlogs",
    lost=("targetResources[].groupType, administrativeUnits", "records of other categories"),
    finish=_done,
)

_SIGN = "azure.signinlogs"
_SIGN_NAMES = (
    "networkLocationDetails", "resourceId", "appliedConditionalAccessPolicies",
    "authenticationDetails", "authenticationRequirementPolicies", "authenticationProcessingDetails",
    "deviceDetail", "userDisplayName", "correlationId", "userPrincipalName", "userId", "appId",
    "appDisplayName", "ipAddress", "clientAppUsed", "conditionalAccessStatus", "originalRequestId",
    "isInteractive", "tokenIssuerName", "tokenIssuerType", "riskDetail", "riskLevelAggregated",
    "riskState", "resourceDisplayName", "servicePrincipalId", "servicePrincipalName",
    "resourceTenantId", "homeTenantId", "userType", "uniqueTokenIdentifier",
    "authenticationProtocol", "federatedCredentialId", "crossTenantAccessType",
)  # fmt: skip
SIGNINS = Mapped(
    _SIGN,
    "entra_audit",
    _SIGN,
    (
        *_shared(_SIGN),
        *_named(_SIGN, {name: _snake(name) for name in _SIGN_NAMES}, "properties."),
        Row("properties.createdDateTime", f"{_SIGN}.properties.created_at"),
        Row("properties.status.errorCode", f"{_SIGN}.properties.status.error_code"),
        Row("properties.status.failureReason", "message"),
        Row("durationMs", "event.duration", lambda value: None),
        Row("location", "geo.country_iso_code"),
        Row("properties.location", "geo.city_name", lambda value: None, lambda value: None),
    ),
    lambda record: str(record.get("category", "")).lower() in _SIGNINS,
    lost=("properties.location but what GeoIP says", "durationMs"),
    finish=_done,
)

# --- platform logs: functions, logic apps, runbooks, vaults -----------------------------------

_FUNCTION = "azure.function"
_FUNCTION_NAMES = {
    "functionName": "name",
    "functionInvocationId": "invocation_id",
    **{
        name: _snake(name)
        for name in (
            "appName", "category", "roleInstance", "message", "hostVersion", "hostInstanceId",
            "processId", "eventName", "exceptionDetails", "exceptionMessage", "exceptionType",
            "level", "levelId",
        )
    },
}  # fmt: skip


def _function_log_done(document: dict[str, Any], record: Mapping[str, Any]) -> None:
    """Write the members of the properties, which the log has as a text with single quotes."""
    told = mapping(record.get("properties"))
    for native, kept in _FUNCTION_NAMES.items():
        put(document, f"{_FUNCTION}.{kept}", told.get(native))
    put(document, "cloud.provider", "azure")


FUNCTIONS = Mapped(
    "azure_functions.functionapplogs",
    "azure_functions",
    "",
    (
        Row("time", "@timestamp", moment),
        Row("resourceId", "azure.resource.id"),
        Row("resourceId", "azure.resource_id", lambda value: None),
        Row("category", "azure.category"),
        Row("operationName", "azure.operation_name"),
        *(
            Row(f"properties.{name}", f"{_FUNCTION}.{kept}")
            for name, kept in _FUNCTION_NAMES.items()
        ),
    ),
    lambda record: (
        "time" in record and str(record.get("category", "")).lower() == "functionapplogs"
    ),
    lost=("level and location of the record", "properties.eventId"),
    finish=_function_log_done,
    sign=_FUNCTION,
)

_PLATFORM = "azure.platformlogs"
PLATFORM = Mapped(
    _PLATFORM,
    "azure_functions",
    _PLATFORM,
    (
        *_shared(_PLATFORM),
        Row("tenantId", f"{_PLATFORM}.tenantId"),
        *_named(_PLATFORM, {"statusCode": "status_code"}, "properties."),
        *_named(_PLATFORM, {"Status": "status"}),
        Row("Region", "cloud.region"),
        Row("location", "geo.name"),
        Row("durationMs", "event.duration", lambda value: None),
    ),
    lambda record: "time" in record and azure_functions.recognise(record),
    lost=("durationMs",),
    finish=partial(_done, outcome=lambda record: record.get("resultType")),
)

# --- Microsoft Graph activity -----------------------------------------------------------------

_GRAPH = "azure.graphactivitylogs"
_GRAPH_NAMES = (
    "apiVersion", "appId", "atContent", "clientAuthMethod", "clientRequestId", "identityProvider",
    "operationId", "signInActivityId", "tokenIssuedAt", "timeGenerated", "sessionId",
)  # fmt: skip


def _split(value: Any) -> Any:
    return value.split() if isinstance(value, str) else value


def _joined(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, list) else value


def _asked(document: dict[str, Any], record: Mapping[str, Any]) -> None:
    """Tell the path of the request, decoded, as the pipeline's uri_parts does."""
    _done(document, record)
    uri = at(document, "url.original")
    if isinstance(uri, str):
        put(document, "url.path", unquote(urlsplit(uri).path))


GRAPH = Mapped(
    _GRAPH,
    "m365_graph",
    _GRAPH,
    (
        *_shared(_GRAPH),
        *_named(_GRAPH, {name: _snake(name) for name in _GRAPH_NAMES}, "properties."),
        *_named(_GRAPH, {"C_Sid": "c_sid", "C_Idtyp": "c_idtyp"}, "properties."),
        Row("properties.requestId", "http.request.id"),
        Row("properties.requestMethod", "http.request.method"),
        Row("properties.requestUri", "url.original"),
        Row("properties.responseSizeBytes", "http.response.bytes"),
        Row("properties.responseStatusCode", "http.response.status_code"),
        Row("properties.roles", f"{_GRAPH}.properties.roles", _split, _joined),
        Row("properties.scopes", f"{_GRAPH}.properties.scopes", _split, _joined),
        Row("properties.wids", f"{_GRAPH}.properties.wids", _split, _joined),
        Row("properties.userAgent", "user_agent.original"),
        Row("properties.userId", "user.id"),
        Row("properties.ipAddress", "source.ip", address),
        Row("properties.tenantId", "azure.tenant_id"),
        Row("properties.location", "destination.geo.region_name"),
        Row("properties.durationMs", "event.duration", lambda value: None),
        Row("durationMs", "event.duration", lambda value: None),
    ),
    lambda record: "time" in record and m365_graph.recognise(record),
    lost=("durationMs", "callerIpAddress and properties.ipAddress apart"),
    finish=_asked,
)
