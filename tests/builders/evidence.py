"""Makes what Flowtrap's optional inputs write: flow definitions, scripts and their runs.

Invented, in the vendors' shapes: a flow as the admin API of Power Automate gives it, a project and
a process as the Apps Script API does.
"""

from __future__ import annotations

import copy
from typing import Any

from builders import m365
from builders.scenario import Record, at

APIS = "/providers/Microsoft.PowerApps/apis"
PARTNER = "api.partner.example.org"


def moment(seconds: float) -> str:
    """Return a time as these inputs write it."""
    return at(seconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def operation(connector: str, name: str, **parameters: Any) -> Record:
    """Return a trigger or action of a connector."""
    host = {"apiId": f"{APIS}/{connector}", "operationId": name, "connectionName": connector}
    return {"type": "OpenApiConnection", "inputs": {"host": host, "parameters": parameters}}


def http(uri: str, body: str = "@triggerBody()") -> Record:
    """Return an action that calls an address."""
    return {"type": "Http", "inputs": {"method": "POST", "uri": uri, "body": body}}


def mail(to: str, body: str = "Done.") -> Record:
    """Return an action that sends mail."""
    named = {"emailMessage/To": to, "emailMessage/Subject": "Update", "emailMessage/Body": body}
    return operation("shared_office365", "SendEmailV2", **named)


ON_MAIL = {"When_a_new_email_arrives": operation("shared_office365", "OnNewEmailV3")}
HOURLY = {"Recurrence": {"type": "Recurrence", "recurrence": {"frequency": "Hour", "interval": 1}}}
SHARE = operation(
    "shared_sharepointonline", "CreateSharingLink", **{"permission/scope": "anonymous"}
)
# An office's flow: mail starts an approval, whose result a colleague and a list are told.
APPROVAL = {
    "Start_approval": operation("shared_approvals", "StartAndWaitForAnApproval"),
    "Condition": {
        "type": "If",
        "expression": {"and": []},
        "actions": {"Tell": mail("carol@example.com", "@triggerOutputs()?['body/body']")},
        "else": {
            "actions": {
                "List": operation(
                    "shared_sharepointonline",
                    "HttpRequest",
                    dataset="https://example.sharepoint.com/sites/finance",
                )
            }
        },
    },
}


def flow_definition(
    seconds: float,
    triggers: Record = HOURLY,
    actions: Record = APPROVAL,
    *,
    flow_id: str = m365.FLOW,
    tenant: str = m365.TENANT,
) -> Record:
    """Return a flow as it was read at a time."""
    name = f"Default-{tenant}"
    properties = {
        "displayName": "Tidy mailbox",
        "state": "Started",
        "createdTime": "2026-03-10T09:00:00.1234567Z",
        "lastModifiedTime": "2026-03-10T09:00:00.1234567Z",
        "environment": {"name": name},
        "creator": {"tenantId": tenant, "objectId": m365.key_of("maker")},
        "definition": {
            "contentVersion": "1.0.0.0",
            "triggers": copy.deepcopy(triggers),
            "actions": copy.deepcopy(actions),
        },
        "connectionReferences": {},
    }
    return {
        "kind": "flowtrap#flowDefinition",
        "observedTime": moment(seconds),
        "tenantId": tenant,
        "environmentName": name,
        "flowId": flow_id,
        "flow": {
            "name": flow_id,
            "id": f"/providers/Microsoft.ProcessSimple/environments/{name}/flows/{flow_id}",
            "properties": properties,
        },
    }


def summarised(record: Record) -> Record:
    """Return the same flow where the service keeps its definition back."""
    found = copy.deepcopy(record)
    properties = found["flow"]["properties"]
    whole = properties.pop("definition")
    properties["definitionSummary"] = {
        part: [
            {
                "type": step["type"],
                "swaggerOperationId": step["inputs"]["host"]["operationId"],
                "api": {"name": step["inputs"]["host"]["connectionName"]},
            }
            if "host" in step.get("inputs", {})
            else {"type": step["type"]}
            for step in whole[part].values()
        ]
        for part in ("triggers", "actions")
    }
    return found


MENU_CODE = f"""
// Copied from https://snippets.example.net/menu by dev@example.net
function onOpen() {{ SpreadsheetApp.getUi().createMenu('Rota').addItem('Fill', 'fill').addToUi(); }}
function fill() {{ UrlFetchApp.fetch('https://{PARTNER}/rota'); }}
"""
MANIFEST = '{"timeZone": "Etc/UTC", "oauthScopes": ["https://www.googleapis.com/auth/drive"]}'


def script_content(
    seconds: float,
    script: str,
    code: str = MENU_CODE,
    *,
    user: str = "eve@example.com",
    customer: str = "C01exampl",
    parent: str = "",
) -> Record:
    """Return a script's project as it was read at a time."""
    project = {"scriptId": script, "title": "Untitled project", "creator": {"email": user}}
    files = [
        {"name": "appsscript", "type": "JSON", "source": MANIFEST},
        {"name": "Code", "type": "SERVER_JS", "source": code, "lastModifyUser": {"email": user}},
    ]
    return {
        "kind": "flowtrap#scriptContent",
        "observedTime": moment(seconds),
        "customerId": customer,
        "user": user,
        "scriptId": script,
        "project": {**project, **({"parentId": parent} if parent else {})},
        "content": {"scriptId": script, "files": files},
    }


def script_process(
    seconds: float,
    script: str = "",
    kind: str = "SIMPLE_TRIGGER",
    *,
    user: str = "eve@example.com",
    customer: str = "C01exampl",
    function: str = "onOpen",
) -> Record:
    """Return a run, read a minute after it began; of a user's own list, which names no script."""
    process = {
        "projectName": "Untitled project",
        "functionName": function,
        "processType": kind,
        "processStatus": "COMPLETED",
        "userAccessLevel": "OWNER",
        "startTime": moment(seconds),
        "duration": "1.5s",
    }
    return {
        "kind": "flowtrap#scriptProcess",
        "observedTime": moment(seconds + 60),
        "customerId": customer,
        "user": user,
        **({"scriptId": script} if script else {}),
        "process": process,
    }
