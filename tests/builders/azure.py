"""Azure Activity Log, resource log and Entra records in their documented shapes, all synthetic.

    pay = App("pay-fn")
    eve = person("eve@example.com", src="203.0.113.10")
    [sites_write(eve, pay, 0), vfs_write(eve, pay, 60), list_keys(pay.acts(), "data1", 600)]

Times are seconds after `scenario.START`. `flat` is the shape of Event Hub and blobs, `rest` that of
the REST list. Sources: shared/events.md, sections 1, 5, 6 and 10; nothing is copied from a log.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from builders.scenario import at

TENANT = "99999999-0000-4000-8000-000000000001"
SUBSCRIPTION = "11111111-0000-4000-8000-000000000001"
ELSEWHERE = "22222222-0000-4000-8000-000000000002"  # another subscription
GROUP = "rg-app"
KINDS = {
    "site": "Microsoft.Web/sites",
    "workflow": "Microsoft.Logic/workflows",
    "automation": "Microsoft.Automation/automationAccounts",
}
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
CLAIM = "http://schemas.microsoft.com/identity/claims/"
XMLSOAP = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"

Record = dict


def guid(*seed: str) -> str:
    """Return a GUID that is the same for the same words."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(seed)))


def _time(seconds: float) -> str:
    return at(seconds).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


class Caller(NamedTuple):
    """Who calls: what the record names, the claims, and the address."""

    name: str
    claims: dict[str, Any]
    src: str

    @property
    def object_id(self) -> str:
        """Return the caller's object id."""
        return str(self.claims[CLAIM + "objectidentifier"])

    def using(self, **changes: str) -> Caller:
        """Return the same caller at another address."""
        return self._replace(**changes)


def person(name: str, *, src: str = "203.0.113.10") -> Caller:
    """Return a person who signed in to the portal."""
    claims = {
        "aud": "https://management.core.windows.net/",
        "appid": "c44b4083-3bb0-49c1-b47d-974e53cbdf3c",
        "ipaddr": src,
        "name": name.split("@")[0],
        CLAIM + "objectidentifier": guid("person", name),
        CLAIM + "scope": "user_impersonation",
        CLAIM + "tenantid": TENANT,
        XMLSOAP + "upn": name,
    }
    return Caller(name, claims, src)


def service(name: str, *, src: str = "198.51.100.40") -> Caller:
    """Return a service principal, such as a pipeline's."""
    object_id = guid("service", name)
    claims = {
        "aud": "https://management.azure.com/",
        "appid": guid("app", name),
        "appidacr": "1",
        "idtyp": "app",
        CLAIM + "objectidentifier": object_id,
        CLAIM + "tenantid": TENANT,
    }
    return Caller(object_id, claims, src)


@dataclass(frozen=True)
class App:
    """A function app, Logic App or Automation account with its system-assigned identity."""

    name: str
    kind: str = "site"
    subscription: str = SUBSCRIPTION
    group: str = GROUP

    @property
    def id(self) -> str:
        """Return the resource id."""
        group = f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
        return f"{group}/providers/{KINDS[self.kind]}/{self.name}"

    @property
    def object_id(self) -> str:
        """Return the object id of the identity."""
        return guid("identity", self.id)

    def acts(self, *, src: str = "198.51.100.77", told: bool = False) -> Caller:
        """Return the identity as a caller; `told` adds the claim that names its resource."""
        claims = {
            "aud": "https://management.azure.com/",
            "appid": guid("client", self.id),
            "appidacr": "2",
            "idtyp": "app",
            CLAIM + "objectidentifier": self.object_id,
            CLAIM + "tenantid": TENANT,
        }
        if told:
            claims["xms_mirid"] = self.id
        return Caller(self.object_id, claims, src)

    def with_(self, **changes: str) -> App:
        """Return the app with another name, subscription or group."""
        return replace(self, **changes)


@dataclass(frozen=True)
class Identity:
    """A user-assigned identity."""

    name: str
    subscription: str = SUBSCRIPTION
    group: str = GROUP

    @property
    def id(self) -> str:
        """Return the resource id."""
        group = f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
        return f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{self.name}"

    @property
    def object_id(self) -> str:
        """Return its object id."""
        return guid("identity", self.id)

    def acts(self, *, src: str = "203.0.113.200") -> Caller:
        """Return it as a caller."""
        return (
            App(self.name)
            .acts(src=src)
            ._replace(
                name=self.object_id,
                claims={CLAIM + "objectidentifier": self.object_id, "idtyp": "app"},
            )
        )


# --- the Activity Log -------------------------------------------------------------------------


def flat(
    caller: Caller,
    operation: str,
    resource: str,
    seconds: float,
    *,
    result: str = "Success",
    request: Any = None,
    answer: Any = None,
    capitals: bool = True,
    correlation: str = "",
) -> Record:
    """Return a record of the flat export, which writes most names in capitals."""
    shown = operation.upper() if capitals else operation
    properties: dict[str, Any] = {
        "eventCategory": "Administrative",
        "entity": resource,
        "message": operation,
        "hierarchy": f"{TENANT}/{SUBSCRIPTION}",
    }
    if request is not None:
        properties["requestbody"] = json.dumps(request)
    if answer is not None:
        properties["responseBody"] = json.dumps(answer)
    if result == "Success":
        properties |= {"statusCode": "OK", "serviceRequestId": "-"}
    return {
        "time": _time(seconds),
        "resourceId": resource,
        "operationName": shown,
        "category": "Administrative",
        "resultType": result,
        "resultSignature": {"Success": "Succeeded.OK", "Start": "Started."}.get(
            result, "Failed.403"
        ),
        "durationMs": "0",
        "callerIpAddress": caller.src,
        "correlationId": correlation or guid(operation, resource, str(seconds)),
        "identity": {
            "authorization": {
                "scope": resource,
                "action": operation,
                "evidence": {"role": "Contributor", "principalType": "User"},
            },
            "claims": caller.claims,
        },
        "level": "Information",
        "location": "global",
        "properties": properties,
        "tenantId": TENANT,
    }


def rest(record: Record) -> Record:
    """Return a flat record in the shape of the REST list."""
    status = {"Success": "Succeeded", "Start": "Started"}.get(record["resultType"], "Failed")
    resource, operation = record["resourceId"], record["properties"]["message"]
    claims = record["identity"]["claims"]
    named = claims.get(XMLSOAP + "upn") or claims[CLAIM + "objectidentifier"]
    event_id = guid(json.dumps(record, sort_keys=True))
    return {
        "authorization": {"action": operation, "scope": resource},
        "caller": named,
        "channels": "Operation",
        "claims": claims,
        "correlationId": record["correlationId"],
        "eventDataId": event_id,
        "eventName": {"value": "EndRequest", "localizedValue": "End request"},
        "eventSource": {"value": "Administrative", "localizedValue": "Administrative"},
        "category": {"value": "Administrative", "localizedValue": "Administrative"},
        "httpRequest": {"clientIpAddress": record["callerIpAddress"], "method": "PUT"},
        "id": f"{resource.replace('resourceGroups', 'resourcegroups')}/events/{event_id}/ticks/1",
        "level": "Informational",
        "resourceId": resource,
        "operationName": {"value": operation, "localizedValue": operation},
        "properties": record["properties"],
        "status": {"value": status, "localizedValue": status},
        "subStatus": {"value": "", "localizedValue": ""},
        "eventTimestamp": record["time"],
        "submissionTimestamp": record["time"],
        "subscriptionId": resource.split("/")[2],
        "tenantId": TENANT,
    }


def pair(record: Record) -> list[Record]:
    """Return a request as two records: the start bears the request, the end does not."""
    start = json.loads(json.dumps(record))
    start |= {"resultType": "Start", "resultSignature": "Started."}
    start["properties"].pop("responseBody", None)
    end = json.loads(json.dumps(record))
    end["properties"].pop("requestbody", None)
    return [start, end]


def failed(record: Record) -> Record:
    """Return a record as one of a refused request."""
    return record | {"resultType": "Failure", "resultSignature": "Forbidden.403"}


def on_app(caller: Caller, app: App, rest_of: str, seconds: float, **more: Any) -> Record:
    """Return an operation on an app: `functions/write`, `publishxml/action`."""
    below = more.pop("below", "")
    return flat(caller, f"{KINDS[app.kind]}/{rest_of}", app.id + below, seconds, **more)


def sites_write(caller: Caller, app: App, seconds: float, **more: Any) -> Record:
    """Return the making or change of an app, which gives it an identity."""
    request = more.pop("request", {"kind": "functionapp", "identity": {"type": "SystemAssigned"}})
    return on_app(caller, app, "write", seconds, request=request, **more)


def function_write(caller: Caller, app: App, seconds: float, name: str = "run") -> Record:
    """Return the writing of a function through ARM."""
    return on_app(caller, app, "functions/write", seconds, below=f"/functions/{name}")


def vfs_write(caller: Caller, app: App, seconds: float, file: str = "run.csx") -> Record:
    """Return an edit of a file in the portal."""
    return on_app(caller, app, f"hostruntime/vfs/{file}/write", seconds)


def host_call(caller: Caller, app: App, seconds: float) -> Record:
    """Return a call of the host runtime."""
    return on_app(caller, app, "hostruntime/host/action", seconds)


def publish_profile(caller: Caller, app: App, seconds: float) -> Record:
    """Return the reading of the publish profile."""
    return on_app(caller, app, "publishxml/action", seconds)


def config_write(
    caller: Caller, app: App, seconds: float, settings: dict[str, str] | None = None
) -> Record:
    """Return the writing of app settings."""
    request = {"properties": settings} if settings else None
    below = "/config/appsettings"
    return on_app(caller, app, "config/write", seconds, below=below, request=request)


def role_assignment(
    caller: Caller,
    principal: str,
    role: str,
    scope: str,
    seconds: float,
    *,
    principal_type: str = "ServicePrincipal",
    **more: Any,
) -> Record:
    """Return a role given to a principal at a scope."""
    definition = (
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    )
    request = {
        "Id": guid(principal, role, scope),
        "Properties": {
            "PrincipalId": principal,
            "PrincipalType": principal_type,
            "RoleDefinitionId": definition,
            "Scope": scope,
        },
    }
    resource = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{guid(principal, role)}"
    operation = "Microsoft.Authorization/roleAssignments/write"
    return flat(caller, operation, resource, seconds, request=request, **more)


def list_keys(caller: Caller, account: str, seconds: float, sub: str = SUBSCRIPTION) -> Record:
    """Return the listing of a storage account's keys."""
    group = f"/subscriptions/{sub}/resourceGroups/{GROUP}"
    resource = f"{group}/providers/Microsoft.Storage/storageAccounts/{account}"
    return flat(caller, "Microsoft.Storage/storageAccounts/listKeys/action", resource, seconds)


def federated_credential(
    caller: Caller,
    identity: Identity,
    seconds: float,
    *,
    issuer: str = "https://idp.example.net/",
    subject: str = "system:eve",
) -> Record:
    """Return a federated credential added to a user-assigned identity."""
    operation = (
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write"
    )
    request = {"properties": {"issuer": issuer, "subject": subject, "audiences": ["api://x"]}}
    resource = f"{identity.id}/federatedIdentityCredentials/backup"
    return flat(caller, operation, resource, seconds, request=request)


# --- resource logs ----------------------------------------------------------------------------


def secret_get(caller: Caller, vault: str, secret: str, seconds: float, **more: Any) -> Record:
    """Return the reading of a secret."""
    url = f"https://{vault}.vault.azure.net/secrets/{secret}"
    group = f"/SUBSCRIPTIONS/{SUBSCRIPTION.upper()}/RESOURCEGROUPS/{GROUP.upper()}"
    return {
        "time": _time(seconds),
        "category": "AuditEvent",
        "operationName": "SecretGet",
        "resultType": "Success",
        "resultSignature": "OK",
        "callerIpAddress": caller.src,
        "correlationId": guid(vault, secret, str(seconds)),
        "identity": {"claim": caller.claims},
        "properties": {
            "id": f"{url}/{hashlib.md5(url.encode()).hexdigest()}",
            "requestUri": f"{url}/?api-version=7.4",
            "httpStatusCode": 200,
        },
        "resourceId": f"{group}/PROVIDERS/MICROSOFT.KEYVAULT/VAULTS/{vault.upper()}",
        "operationVersion": "7.4",
    } | more


def function_log(
    app: App, seconds: float, event: str = "FunctionStarted", name: str = "run"
) -> Record:
    """Return a line of FunctionAppLogs, whose properties are a text with single quotes."""
    properties = {
        "appName": "",
        "functionName": name,
        "functionInvocationId": guid(app.id, str(seconds)),
        "eventName": event,
        "message": f"Executing 'Functions.{name}' (Reason='(null)')",
        "category": f"Function.{name}",
        "level": "Information",
    }
    return {
        "time": _time(seconds),
        "resourceId": app.id.upper(),
        "category": "FunctionAppLogs",
        "operationName": "Microsoft.Web/sites/functions/log",
        "level": "Informational",
        "location": "West Europe",
        "properties": str(properties),
    }


# --- Entra ------------------------------------------------------------------------------------


def identity_signin(
    who: App | Identity, seconds: float, *, src: str = "", name: str | None = None, **more: Any
) -> Record:
    """Return a sign-in of a managed identity; inside Azure it has no address."""
    properties = {
        "id": guid("signin", who.id, str(seconds)),
        "createdDateTime": _time(seconds),
        "appId": guid("client", who.id),
        "servicePrincipalId": who.object_id,
        "servicePrincipalName": who.name if name is None else name,
        "ipAddress": src,
        "resourceDisplayName": "Azure Resource Manager",
        "status": {"errorCode": 0},
    } | more
    return {
        "time": _time(seconds),
        "resourceId": f"/tenants/{TENANT}/providers/Microsoft.aadiam",
        "operationName": "Sign-in activity",
        "operationVersion": "1.0",
        "category": "ManagedIdentitySignInLogs",
        "tenantId": TENANT,
        "resultType": "0",
        "resultSignature": "SUCCESS",
        "callerIpAddress": src,
        "correlationId": guid("correlation", who.id, str(seconds)),
        "Level": "4",
        "properties": properties,
    }


def directory_change(
    caller: Caller,
    action: str,
    target: dict[str, Any],
    seconds: float,
    changes: dict[str, str] | None = None,
) -> Record:
    """Return a change of the directory, by a person or by an identity."""
    by_person = "@" in caller.name
    user = {"id": caller.object_id, "userPrincipalName": caller.name, "ipAddress": caller.src}
    app = {"servicePrincipalId": caller.object_id, "displayName": "an identity", "appId": None}
    modified = [
        {"displayName": name, "oldValue": None, "newValue": json.dumps(value)}
        for name, value in (changes or {}).items()
    ]
    return {
        "time": _time(seconds),
        "resourceId": f"/tenants/{TENANT}/providers/Microsoft.aadiam",
        "operationName": action,
        "category": "AuditLogs",
        "tenantId": TENANT,
        "correlationId": guid(action, str(seconds)),
        "Level": 4,
        "properties": {
            "id": f"Directory_{guid(action, str(seconds), str(target))}",
            "result": "success",
            "activityDisplayName": action,
            "activityDateTime": _time(seconds),
            "initiatedBy": {"user": user} if by_person else {"app": app},
            "targetResources": [target | {"modifiedProperties": modified}],
        },
    }
