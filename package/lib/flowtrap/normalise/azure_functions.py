"""Resource logs of automations and vaults become events: runs, web requests, secrets read.

Read are FunctionAppLogs, AppServiceHTTPLogs, Logic Apps' WorkflowRuntime and Key Vault's
AuditEvent, by `category`. All are off by default. `properties` may be an object, its JSON text, or
(as function apps write it) a text with single quotes.

Example: an AuditEvent record of SecretGet gives secret `https://v1.vault.azure.net/secrets/db`,
vault `v1`, and as actor_id the object id in the caller's claims.

Sources: Azure Monitor reference of FunctionAppLogs, AppServiceHTTPLogs and AzureDiagnostics (Logic
Apps); Key Vault logging (AuditEvent); shared events.md, section 5.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Callable

from flowtrap.model.event import Event
from flowtrap.model.feed import FeedSpec

from .azure_claims import caller_of, claims_of
from .azure_names import (
    Fields,
    address,
    automation_of,
    digest_of,
    first,
    get,
    is_public,
    mapping,
    one_line,
    pick,
    put,
    small,
    subscription_of,
    text,
    value_of,
)
from .times import time_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "azure_functions"
_TIMES = ("time", "timegenerated", "@timestamp", "eventtime", "p_event_time", "_time")
_VAULT = re.compile(r"/providers/microsoft\.keyvault/(?:vaults|managedhsms)/([^/]+)", re.IGNORECASE)
_SECRET = re.compile(r"(https?://[^/]+/(?:secrets|keys|certificates)/[^/?]+)", re.IGNORECASE)
_TABLES = ("functionapplogs", "appservicehttplogs")  # of Log Analytics; Category is another thing
_CLAIM = "identity_claim_"  # how AzureDiagnostics begins the name of a claim's column
_SECRET_READS = ("secretget", "secretbackup", "secretlist", "secretlistversions")
_OPERATIONS = (
    ("microsoft.web/sites/functions/log", "functionapplogs"),
    ("microsoft.logic/workflows/workflowrun", "workflowruntime"),
    ("microsoft.logic/workflows/workflowaction", "workflowruntime"),
    ("microsoft.logic/workflows/workflowtrigger", "workflowruntime"),
)
_REFUSED = ("unauthorized", "forbidden", "notfound", "not found", "badrequest", "conflict")


def recognise(record: Mapping[str, Any]) -> bool:
    """Tell whether a record is of one of the categories; AuditEvent must be a vault's."""
    category = _category(record)
    if category != "auditevent":
        return category in _READERS
    resource = first(record, "resourceId", "_ResourceId").lower()
    return not resource or "/providers/" not in resource or bool(_VAULT.search(resource))


def _category(record: Mapping[str, Any]) -> str:
    """Return the category in small letters; copies may lack it, then the operation tells."""
    # Example (table): {"Type": "FunctionAppLogs", "Category": "Function.pay", "EventName": …}
    table = text(record.get("Type")).lower()
    if table in _TABLES:
        return table
    found = value_of(get(record, "category")).lower()
    operation = "" if found else value_of(get(record, "operationName")).lower()
    return found or next((c for start, c in _OPERATIONS if operation.startswith(start)), "")


def normalise(record: Mapping[str, Any]) -> Event:
    """Return the event that a record tells. Raises RecordError where its time is no good."""
    row = small(record)
    told_at = next((row[name] for name in _TIMES if row.get(name) not in (None, "")), None)
    when = time_ms(told_at)
    resource = pick(row, "resourceid", "_resourceid", "resource_id")
    category = _category(record)
    fields: Fields = {"category": category}
    put(fields, "at", text(told_at))
    put(fields, "action", pick(row, "operationname") or category)
    put(fields, "account", subscription_of(resource) or pick(row, "tenantid").lower())
    put(fields, "resource", resource)
    found = automation_of(resource)
    if found:
        fields["function"], fields["function_id"], fields["function_name"] = found
    fields["outcome"] = "success"
    properties = mapping(row.get("properties")) or row
    summary = _READERS[category](fields, row, properties)
    fields["summary"] = one_line(summary[:1_000])
    return Event(NAME, digest_of(record), when, fields, record)


# Example: {"category": "FunctionAppLogs", "operationName": "Microsoft.Web/sites/functions/log",
#   "properties": "{'functionName': 'pay', 'eventName': 'FunctionStarted', 'message': 'Exec…'}"}
def _read_function_log(fields: Fields, row: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    message = first(told, "message")
    event = first(told, "eventName")
    name = first(told, "functionName")
    put(fields, "in_app", name)
    put(fields, "invocation", first(told, "functionInvocationId").lower())
    if event.lower() == "functionstarted" or (
        not event and message.startswith(("Executing 'Functions.", 'Executing "Functions.'))
    ):
        fields["run"] = "started"
        fields["action"] = event or "FunctionStarted"
    elif event.lower() == "functioncompleted" or message.startswith("Executed "):
        fields["run"] = "ended"
    if first(told, "level").lower() in ("error", "critical"):
        fields["outcome"] = "failure"
    shown = fields.get("function_id", "a function app")
    return f"{event or pick(row, 'operationname')} {name} of {shown}: {message[:200]}"


# Example: {"category": "AppServiceHTTPLogs", "properties": {"CsMethod": "POST", "CsUriStem":
#   "/api/pay", "CIp": "203.0.113.9", "ScStatus": 200, "UserAgent": "curl/8.5.0"}}
def _read_request(fields: Fields, row: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    del row
    source = address(first(told, "CIp", "clientIp"))
    status = first(told, "ScStatus")
    path = first(told, "CsUriStem", "CsUriPath")
    method = first(told, "CsMethod") or "request"
    put(fields, "src", source)
    put(fields, "external", "true" if is_public(source) else "")
    put(fields, "actor", first(told, "CsUsername").lower() or source)
    put(fields, "user_agent", first(told, "UserAgent"))
    put(fields, "path", path)
    put(fields, "admin", "true" if path.lower().startswith("/admin/") else "")
    put(fields, "status", status)
    fields["action"] = method
    fields["outcome"] = "failure" if status[:1] in ("4", "5") else "success"
    host = first(told, "CsHost") or fields.get("function_id", "an app")
    return f"{method} {path} on {host} from {source or 'unknown'} ({status or 'no status'})"


# Example: {"category": "WorkflowRuntime",
#   "operationName": "Microsoft.Logic/workflows/workflowRunStarted", "properties": {"status": …}}
def _read_workflow(fields: Fields, row: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    operation = pick(row, "operationname")
    resource = get(told, "resource")
    put(fields, "invocation", first(resource, "runId", "originRunId").lower())
    part = first(resource, "actionName", "triggerName")
    put(fields, "in_app", part)
    status = first(told, "status") or pick(row, "status")
    last = operation.rsplit("/", 1)[-1].lower()
    if last == "workflowrunstarted":
        fields["run"] = "started"
    elif last == "workflowruncompleted":
        fields["run"] = "ended"
    if status.lower() in ("failed", "cancelled", "skipped", "timedout"):
        fields["outcome"] = "failure"
    workflow = fields.get("function_id") or first(resource, "workflowName") or "a workflow"
    return f"{operation} {part} of {workflow} ({status or 'no status'})".replace("  ", " ")


# Example: {"category": "AuditEvent", "operationName": "SecretGet", "identity": {"claim": {…}},
#   "properties": {"id": "https://v1.vault.azure.net/secrets/db/0f…", "httpStatusCode": 200}}
def _read_vault(fields: Fields, row: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    operation = pick(row, "operationname")
    identity = row.get("identity")
    claims = claims_of(
        get(identity, "claim"), get(identity, "claims"), row.get("claims"), _columns(row)
    )
    caller = caller_of("", claims)
    put(fields, "caller", caller.name)
    put(fields, "actor", caller.name.lower())
    put(fields, "actor_type", caller.kind or ("app" if caller.name else ""))
    put(fields, "actor_id", caller.ids)
    put(fields, "app_id", caller.app_id)
    put(fields, "own_resource", caller.own_resource)
    put(fields, "tenant", caller.tenant or pick(row, "tenantid").lower())
    put(fields, "src", address(pick(row, "calleripaddress") or caller.address))
    vault = _VAULT.search(str(fields.get("resource", "")))
    put(fields, "vault", vault[1] if vault else "")
    read = first(told, "id", "id_s", "requestUri", "requestUri_s")
    secret = _SECRET.match(read)
    put(fields, "secret", secret[1] if secret else read.partition("?")[0])
    put(fields, "secret_read", "true" if operation.lower() in _SECRET_READS else "")
    fields["outcome"] = _vault_outcome(row, told)
    what = fields.get("secret") or fields.get("resource") or "a vault"
    where = f" in vault {vault[1]}" if vault else ""
    refused = "" if fields["outcome"] == "success" else " (refused)"
    source = fields.get("src", "an address not logged")
    return f"{operation} {what}{where} by {caller.name or 'unknown'} from {source}{refused}"


# Example: {"identity_claim_oid_g": "2222…", "identity_claim_xms_mirid_s": "/subscriptions/…",
#   "identity_claim_http_schemas_xmlsoap_org_ws_2005_05_identity_claims_upn_s": "eve@example.com"}
def _columns(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims that the table AzureDiagnostics keeps in a column each, by short name."""
    return {
        name[len(_CLAIM) :].rpartition("_")[0].rpartition("_claims_")[2]: value
        for name, value in row.items()
        if name.startswith(_CLAIM)
    }


def _vault_outcome(row: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """Return success or failure: resultType is Success even where the request was turned away."""
    code = first(told, "httpStatusCode", "httpStatusCode_d")
    words = (
        pick(row, "resultsignature"),
        pick(row, "resulttype"),
        pick(row, "resultdescription"),
    )
    if code:
        return "success" if code[:1] == "2" else "failure"
    refused = any(word.lower().startswith(_REFUSED) or word[:1] == "4" for word in words if word)
    return "failure" if refused or words[1].lower().startswith("fail") else "success"


_Read = Callable[["Fields", "Mapping[str, Any]", "Mapping[str, Any]"], str]
_READERS: dict[str, _Read] = {
    "functionapplogs": _read_function_log,
    "appservicehttplogs": _read_request,
    "workflowruntime": _read_workflow,
    "auditevent": _read_vault,
}

SPEC = FeedSpec(NAME, recognise, normalise)
