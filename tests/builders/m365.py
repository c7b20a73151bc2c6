"""Makes Microsoft 365 audit and Graph activity records as the services write them.

Synthetic: example.com names, addresses of RFC 5737. Shapes: events.md, section 7; a full CreateFlow
is nowhere published.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from builders.scenario import Record, at

TENANT = "1f0e8a52-6c3d-4b7a-9e21-5d4c3b2a1f00"
OTHER_TENANT = "7b6a5948-3726-4150-8f9e-0d1c2b3a4958"
ORGANISATION = "example.onmicrosoft.com"
ENVIRONMENT = f"Default-{TENANT}"
FLOW = "6ba2c0de-1111-4222-8333-944455566677"
OTHER_FLOW = "0dd1f10e-2222-4333-8444-a55566677788"
FLOW_APP = "7ab7862c-4c57-491e-8a45-d52a7e023983"
FLOW_AGENT = (
    "azure-logic-apps/1.0 (workflow 8f1d2c3b4a5968778695a4b3c2d1e0f9; version 08585) "
    "microsoft-flow/1.0"
)
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/124.0.0.0"
MAIL_APP = "95106c0e-3519-450e-8e38-7f326d873454"
SITE = "https://example.sharepoint.com/sites/finance"
_SPACE = uuid.UUID("5b1f2c3d-0000-4000-8000-000000000000")


@dataclass(frozen=True)
class Person:
    """A user: address, object id, where from, of which tenant."""

    name: str
    src: str = "203.0.113.10"
    tenant: str = TENANT
    guest_of: str = ""
    organisation: str = ORGANISATION

    @property
    def id(self) -> str:
        """Return the object id."""
        return str(uuid.uuid5(_SPACE, self.name.lower()))

    @property
    def upn(self) -> str:
        """Return the name as the tenant knows it: a guest's has #EXT#."""
        if not self.guest_of:
            return self.name
        return f"{self.name.replace('@', '_')}#EXT#@{self.guest_of}"


def key_of(*parts: Any) -> str:
    """Return an id that is the same for the same parts."""
    return str(uuid.uuid5(_SPACE, json.dumps(parts, default=str)))


def record(
    who: Person, operation: str, seconds: float, workload: str, kind: int, **more: Any
) -> Record:
    """Return an audit record of the common schema."""
    return {
        "CreationTime": at(seconds).strftime("%Y-%m-%dT%H:%M:%S"),
        "Id": key_of(who.upn, who.tenant, operation, seconds, more),
        "Operation": operation,
        "OrganizationId": who.tenant,
        "RecordType": kind,
        "UserKey": "10032001020A3408",
        "UserType": 0,
        "Version": 1,
        "Workload": workload,
        "UserId": who.upn,
        **more,
    }


def pairs(**values: Any) -> list[Record]:
    """Return a list of names and values."""
    return [{"Name": name, "Value": str(value)} for name, value in values.items()]


# --- flows -------------------------------------------------------------------------------------


def flow(
    who: Person,
    operation: str,
    seconds: float,
    *,
    flow_id: str = FLOW,
    connectors: str = "Office 365 Outlook, Approvals",
    tail: str = "details",
    **more: Any,
) -> Record:
    """Return CreateFlow, EditFlow, DeleteFlow."""
    environment = f"Default-{who.tenant}"
    return record(
        who,
        operation,
        seconds,
        "MicrosoftFlow",
        30,
        **{
            "ResultStatus": "Success",
            "ClientIP": who.src,
            "UserKey": who.id,
            "FlowConnectorNames": connectors,
            "FlowDetailsUrl": "https://admin.powerplatform.microsoft.com/environments/"
            f"{environment}/flows/{flow_id}/{tail}",
            "LicenseDisplayName": "FLOW_FREE",
            "UserTypeInitiated": 1,
            "UserUPN": who.upn,
            **more,
        },
    )


def share_flow(
    who: Person, recipient: str, seconds: float, *, permission: Any = 3, flow_id: str = FLOW
) -> Record:
    """Return PutPermissions."""
    return flow(
        who,
        "PutPermissions",
        seconds,
        flow_id=flow_id,
        connectors="",
        SharingPermission=permission,
        RecipientUPN=recipient,
    )


# --- mail --------------------------------------------------------------------------------------


def cmdlet(
    who: Person, operation: str, seconds: float, target: str = "", **parameters: Any
) -> Record:
    """Return an Exchange command with its parameters."""
    return record(
        who,
        operation,
        seconds,
        "Exchange",
        1,
        ResultStatus="True",
        ClientIP=f"{who.src}:52816",
        ObjectId=target,
        AppId="",
        ExternalAccess=False,
        OrganizationName=who.organisation,
        OriginatingServer="AM0PR01MB0001 (15.20.7249.024)",
        SessionId=key_of("session", who.upn),
        Parameters=pairs(**parameters),
    )


def inbox_rule(
    who: Person, seconds: float, to: str, *, operation: str = "New-InboxRule", **more: Any
) -> Record:
    """Return a rule that forwards."""
    return cmdlet(
        who, operation, seconds, f"{who.upn}\\Invoices", Name="Invoices", ForwardTo=to, **more
    )


def outlook_rule(
    who: Person,
    seconds: float,
    to: str,
    *,
    kind: str = "Forward",
    operation: str = "AddMailboxRule",
) -> Record:
    """Return UpdateInboxRules, as a rule made in Outlook gives it."""
    actions = json.dumps([{"ActionType": kind, "Recipients": [to], "ForwardFlags": "None"}])
    return record(
        who,
        "UpdateInboxRules",
        seconds,
        "Exchange",
        2,
        ResultStatus="Succeeded",
        ClientIPAddress=who.src,
        ClientInfoString="Client=MSExchangeRPC",
        MailboxOwnerUPN=who.upn.title(),
        OrganizationName=who.organisation,
        LogonType=0,
        OperationProperties=pairs(
            RuleOperation=operation, RuleId="-1", RuleName="Invoices", RuleState="Enabled",
            RuleActions=actions,
        ),
    )  # fmt: skip


def mailbox(who: Person, seconds: float, **parameters: Any) -> Record:
    """Return Set-Mailbox of the user's own mailbox."""
    return cmdlet(who, "Set-Mailbox", seconds, who.upn, Identity=who.upn, **parameters)


def mail_access(
    who: Person, seconds: float, app: str, *, operation: str = "MailItemsAccessed", **more: Any
) -> Record:
    """Return MailItemsAccessed or Send by an application."""
    return record(
        who,
        operation,
        seconds,
        "Exchange",
        50 if operation == "MailItemsAccessed" else 2,
        **{
            "ResultStatus": "Succeeded",
            "AppId": app,
            "ClientAppId": app,
            "ClientIPAddress": "198.51.100.40",
            "ClientInfoString": "Client=REST;Client=RESTSystem;",
            "MailboxOwnerUPN": who.upn,
            "OrganizationName": who.organisation,
            "OperationCount": 4,
            "LogonType": 0,
            **more,
        },
    )


# --- files -------------------------------------------------------------------------------------


def anonymous_link(
    who: Person, seconds: float, file: str, *, kind: str = "Edit", operation: str = "AnonymousLinkCreated",
    site: str = SITE, **more: Any,
) -> Record:  # fmt: skip
    """Return a link that anybody may follow."""
    return record(
        who,
        operation,
        seconds,
        "SharePoint",
        14,
        **{
            "UserId": who.upn.lower(),
            "UserKey": "i:0h.f|membership|10032001020a3408@live.com",
            "ClientIP": who.src,
            "ObjectId": f"{site}/Shared Documents/{file}",
            "SiteUrl": f"{site}/",
            "ItemType": "File",
            "EventSource": "SharePoint",
            "EventData": f"<Type>{kind}</Type>",
            "UniqueSharingId": key_of("link", file),
            "UserAgent": BROWSER,
            **more,
        },
    )


# --- directory and Graph -----------------------------------------------------------------------


def signin(who: Person, seconds: float, **more: Any) -> Record:
    """Return UserLoggedIn, whose UserKey is the object id."""
    return record(
        who,
        "UserLoggedIn",
        seconds,
        "AzureActiveDirectory",
        15,
        **{
            "ResultStatus": "Success",
            "UserKey": who.id,
            "ClientIP": who.src,
            "ActorContextId": who.tenant,
            "Actor": [{"ID": who.id, "Type": 0}, {"ID": who.upn, "Type": 5}],
            "ExtendedProperties": pairs(ResultStatusDetail="Success", UserAgent=BROWSER),
            "ApplicationId": "6204c1d1-4712-4c46-a7d9-3ed63d992682",
            **more,
        },
    )


def consent(
    who: Person, seconds: float, app: str = MAIL_APP, *, name: str = "Mail Helper", scope: str = "Mail.Read offline_access",
    everybody: bool = False, operation: str = "Consent to application.",
) -> Record:  # fmt: skip
    """Return a consent, with the directory's own way to write values."""
    kind = "AllPrincipals" if everybody else "Principal"
    principal = key_of("service principal", app)
    changed = {
        "ConsentContext.IsAdminConsent": str(everybody),
        "ConsentContext.OnBehalfOfAll": str(everybody),
        "ConsentAction.Permissions": f"[] => [[Id: x, ClientId: {principal}, PrincipalId: , "
        f"ConsentType: {kind}, Scope: {scope}, CreatedDateTime: , LastModifiedDateTime ]]; ",
        "TargetId.ServicePrincipalNames": app,
    }
    return record(
        who,
        operation,
        seconds,
        "AzureActiveDirectory",
        8,
        ResultStatus="Success",
        UserKey=f"10032001020A3408@{who.organisation}",
        ObjectId=app,
        AzureActiveDirectoryEventType=1,
        ExtendedProperties=[
            {
                "Name": "additionalDetails",
                "Value": json.dumps({"User-Agent": BROWSER, "AppId": app}),
            }
        ],
        ModifiedProperties=[
            {"Name": name_, "NewValue": value, "OldValue": ""} for name_, value in changed.items()
        ],
        Actor=[
            {"ID": who.upn, "Type": 5},
            {"ID": f"User_{who.id}", "Type": 2},
            {"ID": who.id, "Type": 2},
        ],
        ActorContextId=who.tenant,
        Target=[
            {"ID": f"ServicePrincipal_{principal}", "Type": 2},
            {"ID": principal, "Type": 2},
            {"ID": name, "Type": 1},
            {"ID": app, "Type": 4},
        ],
        TargetContextId=who.tenant,
    )


def graph(
    who: Person, seconds: float, path: str, *, method: str = "POST", status: int = 202, app: str = FLOW_APP,
    agent: str = FLOW_AGENT, session: str = "",
) -> Record:  # fmt: skip
    """Return Graph activity as an Event Hub delivers it."""
    return {
        "time": at(seconds).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "resourceId": f"/TENANTS/{who.tenant.upper()}/PROVIDERS/MICROSOFT.AADIAM",
        "operationName": "Microsoft Graph Activity",
        "operationVersion": "v1.0",
        "category": "MicrosoftGraphActivityLogs",
        "tenantId": who.tenant,
        "resultSignature": str(status),
        "callerIpAddress": "198.51.100.77",
        "correlationId": key_of("correlation", who.id, seconds, path),
        "properties": {
            "requestId": key_of("request", who.id, seconds, path),
            "requestMethod": method,
            "requestUri": f"https://graph.microsoft.com/v1.0{path}",
            "responseStatusCode": status,
            "appId": app,
            "userId": who.id,
            "ipAddress": "198.51.100.77",
            "userAgent": agent,
            "scopes": "Mail.ReadWrite Mail.Send User.Read",
            "C_Sid": session,
            "C_Idtyp": "user",
        },
    }


def in_columns(event: Record) -> Record:
    """Return Graph activity as Log Analytics has it: PascalCase columns."""
    inner = event["properties"]
    return {
        "TimeGenerated": event["time"],
        "Type": "MicrosoftGraphActivityLogs",
        "AadTenantId": event["tenantId"],
        "TenantId": key_of("workspace"),
        "SessionId": inner["C_Sid"],
        **{
            column: inner[column[0].lower() + column[1:]]
            for column in (
                "RequestId", "RequestMethod", "RequestUri", "ResponseStatusCode", "AppId", "UserId",
                "UserAgent", "Scopes",
            )
        },
        "IPAddress": inner["ipAddress"],
    }  # fmt: skip


def _entra(who: Person, seconds: float, category: str, operation: str, told: Record) -> Record:
    return {
        "time": at(seconds).strftime("%Y-%m-%dT%H:%M:%S.0000000Z"),
        "resourceId": f"/tenants/{who.tenant}/providers/Microsoft.aadiam",
        "operationName": operation,
        "category": category,
        "tenantId": who.tenant,
        "resultType": "0",
        "callerIpAddress": who.src,
        "properties": {"id": key_of(category, who.name, seconds), **told},
    }


def entra_signin(who: Person, seconds: float) -> Record:
    """Return Entra's record of a sign-in."""
    told = {
        "userPrincipalName": who.upn.lower(),
        "userId": who.id,
        "appId": "6204c1d1-4712-4c46-a7d9-3ed63d992682",
        "ipAddress": who.src,
        "status": {"errorCode": 0},
    }
    return _entra(who, seconds, "SignInLogs", "Sign-in activity", told)


def entra_consent(
    who: Person, seconds: float, app: str = MAIL_APP, *, scope: str = "Mail.Read offline_access"
) -> Record:
    """Return Entra's record of a consent, which has no dot at its end."""
    asked = (
        f"[] => [[Id: x, ClientId: y, PrincipalId: z, ResourceId: r, ConsentType: Principal, "
        f"Scope: {scope}, CreatedDateTime: , LastModifiedDateTime ]]; "
    )
    changed = {
        "ConsentContext.IsAdminConsent": "False",
        "ConsentAction.Permissions": asked,
        "TargetId.ServicePrincipalNames": app,
    }
    told = {
        "result": "success",
        "activityDisplayName": "Consent to application",
        "initiatedBy": {"user": {"id": who.id, "userPrincipalName": who.upn, "ipAddress": who.src}},
        "targetResources": [
            {
                "id": key_of("service principal", app),
                "displayName": "Mail Helper",
                "type": "ServicePrincipal",
                "modifiedProperties": [
                    {"displayName": name, "oldValue": None, "newValue": json.dumps(value)}
                    for name, value in changed.items()
                ],
            }
        ],
    }
    return _entra(who, seconds, "AuditLogs", "Consent to application", told)
