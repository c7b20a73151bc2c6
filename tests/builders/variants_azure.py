"""More forms of the Azure attacks, ordinary days that look like them, and Log Analytics' tables.

The scenarios have one form of each attack; here are other roles, other writers and other ways to
write code, and what deployments do: they send packages, and the new app reads its secrets.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from builders import azure as az
from builders.scenario import DAY, HOUR, Quiet, Variant
from builders.scenarios_azure import (
    ADMIN,
    AUTO,
    DEV,
    EVE,
    FLOW,
    IDENTITY,
    PAY,
    PIPELINE,
    RG_SCOPE,
    SUB_SCOPE,
)

if TYPE_CHECKING:
    from builders.scenario import Record

VAULT = f"{RG_SCOPE}/providers/Microsoft.KeyVault/vaults/vault1"
STORE = f"{RG_SCOPE}/providers/Microsoft.Storage/storageAccounts/data1"
RUNNER = az.service("runner")


# --- attacks ----------------------------------------------------------------------------------


def _role_and_code(who: az.Caller, role: str, scope: str) -> list[Record]:
    return [
        az.sites_write(who, PAY, -600, answer={"identity": {"principalId": PAY.object_id}}),
        az.role_assignment(ADMIN, PAY.object_id, role, scope, -300),
        az.function_write(who, PAY, 0),
    ]


def _owner_no_secret() -> list[Record]:
    return [*_role_and_code(EVE, az.OWNER, SUB_SCOPE), az.host_call(ADMIN, PAY, HOUR)]


def _secret_without_call() -> list[Record]:
    read = az.secret_get(PAY.acts(), "vault1", "db", HOUR)
    return [*_role_and_code(EVE, az.SECRETS_USER, VAULT), read]


def _service_principal_writes() -> list[Record]:
    read = az.secret_get(PAY.acts(), "vault1", "db", HOUR)
    steps = _role_and_code(RUNNER, az.SECRETS_USER, VAULT)
    return [*steps, az.host_call(RUNNER, PAY, 60), read]


def _package_then_keys() -> list[Record]:
    return [
        az.on_app(EVE, PAY, "extensions/write", 0, below="/extensions/MSDeploy"),
        az.identity_signin(PAY, HOUR),
        az.list_keys(PAY.acts(), "data1", HOUR + 5),
    ]


def _slot_edit_then_role() -> list[Record]:
    given = az.role_assignment(
        PAY.acts(told=True), EVE.object_id, az.OWNER, SUB_SCOPE, HOUR, principal_type="User"
    )
    return [az.on_app(EVE, PAY, "slots/hostruntime/vfs/run.csx/write", 0, below="/slots/x"), given]


def _sign_in_after_the_act() -> list[Record]:
    return [
        az.vfs_write(EVE, PAY, 0),
        az.list_keys(PAY.acts(), "data1", HOUR),
        az.identity_signin(PAY, 2 * HOUR),
    ]


def _identity_of_the_app_federated() -> list[Record]:
    told = {"kind": "functionapp", "identity": {"userAssignedIdentities": {IDENTITY.id: {}}}}
    return [
        az.sites_write(EVE, PAY, -HOUR, request=told),
        az.function_write(EVE, PAY, 0),
        az.federated_credential(ADMIN, IDENTITY, HOUR, issuer="https://accounts.google.com"),
        az.identity_signin(IDENTITY, 2 * HOUR, src="203.0.113.200"),
    ]


def _workflow_gives_role() -> list[Record]:
    given = az.role_assignment(
        FLOW.acts(told=True), EVE.object_id, az.OWNER, SUB_SCOPE, HOUR, principal_type="User"
    )
    return [az.on_app(EVE, FLOW, "write", 0), given]


def _runbook_lists_keys() -> list[Record]:
    draft = "/runbooks/nightly/draft"
    return [
        az.on_app(EVE, AUTO, "runbooks/draft/content/write", 0, below=draft),
        az.on_app(EVE, AUTO, "runbooks/publish/action", 10, below="/runbooks/nightly"),
        az.list_keys(AUTO.acts(told=True), "data1", HOUR),
    ]


ATTACKS = (
    Variant("Z01: Owner by another, no secret read", _owner_no_secret, (PAY.id, "Owner")),
    Variant("Z01: secret read, no call logged", _secret_without_call, (PAY.id, "secrets/db")),
    Variant("Z01: a service principal writes", _service_principal_writes, (PAY.id, "secrets/db")),
    Variant("Z02: a package, then keys", _package_then_keys, (PAY.id, "storageAccounts/data1")),
    Variant("Z02: a slot's file, then a role", _slot_edit_then_role, (PAY.id, EVE.object_id)),
    Variant("Z02: sign-in after the act", _sign_in_after_the_act, (PAY.id, PAY.object_id)),
    Variant("Z04: the app's identity, by another", _identity_of_the_app_federated, (IDENTITY.id,)),
    Variant("Logic App gives a role", _workflow_gives_role, (FLOW.id,)),
    Variant("runbook lists keys", _runbook_lists_keys, (AUTO.id, "storageAccounts/data1")),
)


# --- ordinary days ----------------------------------------------------------------------------


def _deployment(who: az.Caller, app: az.App, when: float) -> list[Record]:
    """Return what Bicep, azd or Terraform does for an app, and the app's first secrets."""
    told = {"identity": {"type": "SystemAssigned", "principalId": app.object_id}}
    steps = [
        az.list_keys(who, "data1", when - 60),
        az.sites_write(who, app, when, answer=told),
        az.config_write(who, app, when + 10, {"WEBSITE_RUN_FROM_PACKAGE": "1"}),
        az.role_assignment(who, app.object_id, az.SECRETS_USER, VAULT, when + 20),
        az.role_assignment(who, app.object_id, az.BLOB_READER, STORE, when + 30),
        az.on_app(who, app, "extensions/write", when + 40, below="/extensions/onedeploy"),
        az.on_app(who, app, "host/sync/action", when + 50, below="/host/default"),
        az.on_app(who, app, "host/listkeys/action", when + 51, below="/host/default"),
    ]
    reads = [az.secret_get(app.acts(), "vault1", f"{app.name}-{n}", when + 90 + n) for n in (1, 2)]
    pairs = [record for step in steps for record in az.pair(step)]
    return [*pairs, az.identity_signin(app, when + 80), *reads]


def many_deployments(who: az.Caller) -> list[Record]:
    """Return a fortnight of new apps, so that what is new is known to be new."""
    apps = [az.App(f"svc{n}-fn") for n in range(5)]
    return [r for n, app in enumerate(apps) for r in _deployment(who, app, n * 3 * DAY)]


def package_after_publish_profile() -> list[Record]:
    """A developer takes the publish profile and sends a package; the app reads its secret."""
    app = az.App("desk-fn")
    return [
        az.publish_profile(DEV, app, 0),
        az.on_app(DEV, app, "extensions/write", 30, below="/extensions/zipdeploy"),
        az.identity_signin(app, 60),
        az.secret_get(app.acts(), "vault1", "db", 65),
    ]


def published_by_its_maker() -> list[Record]:
    """A developer makes an app and publishes it from the editor, settings too."""
    app = az.App("lab-fn")
    return [
        az.sites_write(DEV, app, -HOUR),
        az.publish_profile(DEV, app, 0),
        az.config_write(DEV, app, 30, {"WEBSITE_RUN_FROM_PACKAGE": "1"}),
        az.identity_signin(app, 60),
        az.secret_get(app.acts(told=True), "vault1", "db", 65),
    ]


def new_release_reads_new_secret() -> list[Record]:
    """A pipeline's release of an app that has read other secrets for weeks reads a new one."""
    app = az.App("mail-fn")
    usual = [az.secret_get(app.acts(), "vault1", "smtp", day * DAY) for day in range(-12, 0)]
    return [
        *usual,
        az.on_app(PIPELINE, app, "extensions/write", 0, below="/extensions/onedeploy"),
        az.identity_signin(app, 60),
        *(az.secret_get(app.acts(), "vault1", f"new-{n}", 65 + n) for n in range(6)),
    ]


def key_rotation() -> list[Record]:
    """An administrator renews a storage key and writes it into an app's settings."""
    app = az.App("till-fn")
    renew = "Microsoft.Storage/storageAccounts/regenerateKey/action"
    return [
        az.flat(ADMIN, renew, STORE, 0),
        az.list_keys(ADMIN, "data1", 10),
        az.config_write(ADMIN, app, 30, {"AzureWebJobsStorage": "x"}),
        az.on_app(ADMIN, app, "restart/action", 40),
    ]


def deployment_center() -> list[Record]:
    """The portal joins an app to GitHub: an identity that trusts its tokens, used from outside."""
    app, trusted = az.App("news-fn"), az.Identity("oidc-msi")
    return [
        az.on_app(DEV, app, "sourcecontrols/write", 0, below="/sourcecontrols/web"),
        az.federated_credential(
            DEV, trusted, 10, issuer="https://token.actions.githubusercontent.com"
        ),
        az.role_assignment(DEV, trusted.object_id, az.CONTRIBUTOR, app.id, 20),
        az.identity_signin(trusted, 300, src="203.0.113.77"),
        az.on_app(trusted.acts(), app, "extensions/write", 310, below="/extensions/onedeploy"),
    ]


QUIET = (
    Quiet("bicep", "a pipeline's new apps", lambda: many_deployments(PIPELINE)),
    Quiet("azd", "a developer's new apps", lambda: many_deployments(DEV)),
    Quiet("zip", "publish profile, then a package", package_after_publish_profile),
    Quiet("maker", "published by its maker", published_by_its_maker),
    Quiet("release", "a release reads new secrets", new_release_reads_new_secret),
    Quiet("github", "an app joined to GitHub", deployment_center),
    Quiet("rotation", "keys renewed", key_rotation),
)


# --- Log Analytics ----------------------------------------------------------------------------

WORKSPACE = "77777777-0000-4000-8000-000000000007"


def tables(records: list[Record]) -> list[Record]:
    """Return records as rows of AzureActivity, AzureDiagnostics and the sign-in table."""
    return [_row(record) for record in records]


def _row(record: Record) -> Record:
    common = {"TimeGenerated": record["time"], "TenantId": WORKSPACE}
    maker = {"AuditEvent": _vault_row, "ManagedIdentitySignInLogs": _sign_in_row}
    return common | maker.get(record["category"], _activity_row)(record)


def _activity_row(record: Record) -> dict[str, Any]:
    identity, resource = record["identity"], record["resourceId"]
    return {
        "OperationNameValue": record["operationName"].upper(),
        "CategoryValue": record["category"],
        "ActivityStatusValue": record["resultType"],
        "CallerIpAddress": record["callerIpAddress"],
        "Authorization": json.dumps(identity["authorization"]),
        "Claims": json.dumps(identity["claims"]),
        "CorrelationId": record["correlationId"],
        "Properties": json.dumps(record["properties"]),
        "_ResourceId": resource.lower(),
        "Type": "AzureActivity",
    }


def _vault_row(record: Record) -> dict[str, Any]:
    claims = {
        f"identity_claim_{name.translate(str.maketrans(':/.', '___')).replace('___', '_')}_s": value
        for name, value in record["identity"]["claim"].items()
    }
    return claims | {
        "Category": record["category"],
        "OperationName": record["operationName"],
        "ResultSignature": record["resultSignature"],
        "CallerIPAddress": record["callerIpAddress"],
        "ResourceId": record["resourceId"],
        "id_s": record["properties"]["id"],
        "requestUri_s": record["properties"]["requestUri"],
        "httpStatusCode_d": 200.0,
        "Type": "AzureDiagnostics",
    }


def _sign_in_row(record: Record) -> dict[str, Any]:
    told = record["properties"]
    return {
        "Category": record["category"],
        "OperationName": record["operationName"],
        "ResultType": record["resultType"],
        "Id": told["id"],
        "AppId": told["appId"],
        "ServicePrincipalId": told["servicePrincipalId"],
        "ServicePrincipalName": told["servicePrincipalName"],
        "IPAddress": told["ipAddress"],
        "ResourceDisplayName": told["resourceDisplayName"],
        "Type": "AADManagedIdentitySignInLogs",
    }
