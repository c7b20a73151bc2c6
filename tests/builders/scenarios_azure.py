"""Azure attacks Z01 to Z04, the look-alike B13 and its kin, and how Azure's records are wrapped.

Sources: shared/scenarios.md, sections 2 and 5; shared/events.md, sections 5, 6 and 10.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from builders import azure as az
from builders.scenario import (
    DAY,
    HOUR,
    Chain,
    Platform,
    Quiet,
    Scenario,
    act,
    at,
    optional,
    seconds_after_start,
    setup,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EVE = az.person("Eve@example.com", src="203.0.113.10")
DEV = az.person("dev@example.com", src="198.51.100.9")
ADMIN = az.person("admin@example.com", src="198.51.100.10")
PIPELINE = az.service("pipeline")
BACKUP = az.service("backup-tool", src="198.51.100.60")
PAY = az.App("Pay-fn")
SHOP = az.App("shop-fn")
WEB = az.App("web-front")
FLOW = az.App("approve-flow", "workflow")
AUTO = az.App("ops-auto", "automation")
IDENTITY = az.Identity("id-pay")
RG_SCOPE = f"/subscriptions/{az.SUBSCRIPTION}/resourceGroups/{az.GROUP}"
SUB_SCOPE = f"/subscriptions/{az.SUBSCRIPTION}"


# --- attacks ----------------------------------------------------------------------------------


def z01(delay: float, stranger: bool) -> Chain:
    """App with identity, role, function, host call, sign-in, secret."""
    runs = SHOP if stranger else PAY
    return Chain(
        [
            setup(az.sites_write(EVE, PAY, -600)),
            setup(az.role_assignment(EVE, PAY.object_id, az.SECRETS_USER, RG_SCOPE, -300)),
            write(az.function_write(EVE, PAY, 0)),
            act(az.host_call(EVE, runs, delay)),
            optional(az.identity_signin(runs, delay)),
            optional(az.secret_get(runs.acts(src="198.51.100.99"), "vault1", "db", delay)),
        ],
        automation=[PAY.id, PAY.object_id],
        names=["Eve@example.com", "203.0.113.10", "Key Vault Secrets User", RG_SCOPE],
        visible=["198.51.100.99", "https://vault1.vault.azure.net/secrets/db"],
    )


def z02(delay: float, stranger: bool) -> Chain:
    """A file is edited by the host runtime; the identity signs in and lists keys."""
    acts = SHOP if stranger else PAY
    return Chain(
        [
            write(az.vfs_write(EVE, PAY, 0)),
            optional(az.identity_signin(acts, delay - 30)),
            act(az.list_keys(acts.acts(src="198.51.100.99"), "data1", delay)),
        ],
        automation=[PAY.id],
        names=[
            "Eve@example.com",
            "203.0.113.10",
            "198.51.100.99",
            PAY.object_id,
            "storageAccounts/data1",
        ],
        says=["vfs/run.csx"],
    )


def z03(delay: float, stranger: bool) -> Chain:
    """Publish profile, settings, secret."""
    changed = SHOP if stranger else PAY
    settings = {"WEBSITE_RUN_FROM_PACKAGE": "https://files.example.net/p.zip?sig=x"}
    return Chain(
        [
            write(az.publish_profile(EVE, PAY, 0)),
            act(az.config_write(EVE, changed, delay, settings)),
            optional(
                az.secret_get(changed.acts(src="198.51.100.99", told=True), "vault1", "db", delay)
            ),
        ],
        automation=[PAY.id],
        names=["Eve@example.com", "203.0.113.10", "WEBSITE_RUN_FROM_PACKAGE"],
        visible=["198.51.100.99", "https://vault1.vault.azure.net/secrets/db"],
        says=["publishxml/action"],
    )


def z04(delay: float, stranger: bool) -> Chain:
    """Function, federated credential, sign-in from outside Azure."""
    by = ADMIN if stranger else EVE
    return Chain(
        [
            write(az.function_write(EVE, PAY, 0)),
            act(az.federated_credential(by, IDENTITY, delay)),
            optional(az.identity_signin(IDENTITY, delay, src="203.0.113.200")),
        ],
        automation=[PAY.id, IDENTITY.id],
        names=["Eve@example.com", "203.0.113.10", "https://idp.example.net/", "system:eve"],
        visible=["203.0.113.200", IDENTITY.object_id],
    )


def logic_app(delay: float, stranger: bool) -> Chain:
    """The pattern of Z02 with a Logic App."""
    acts = FLOW.with_(name="other-flow") if stranger else FLOW
    keys = az.list_keys(acts.acts(src="198.51.100.99", told=True), "data1", delay)
    return Chain(
        [
            write(az.on_app(EVE, FLOW, "write", 0)),
            setup(az.on_app(EVE, FLOW, "triggers/run/action", 60, below="/triggers/manual")),
            act(keys),
        ],
        automation=[FLOW.id, FLOW.object_id],
        names=["Eve@example.com", "203.0.113.10", "198.51.100.99"],
    )


def runbook(delay: float, stranger: bool) -> Chain:
    """The pattern of Z01 with an Automation account: role, runbook, webhook."""
    runs = AUTO.with_(name="other-auto") if stranger else AUTO
    answer = {"identity": {"type": "SystemAssigned", "principalId": AUTO.object_id}}
    return Chain(
        [
            setup(az.on_app(EVE, AUTO, "write", -600, answer=answer)),
            setup(az.role_assignment(EVE, AUTO.object_id, az.CONTRIBUTOR, SUB_SCOPE, -300)),
            write(az.on_app(EVE, AUTO, "runbooks/write", 0, below="/runbooks/clean")),
            act(az.on_app(EVE, runs, "webhooks/write", delay, below="/webhooks/hook")),
        ],
        automation=[AUTO.id, AUTO.object_id],
        names=["Eve@example.com", "203.0.113.10", "Contributor"],
    )


ATTACKS = (
    Scenario("Z01", "app, role, function, host call, secret", z01),
    Scenario("Z02", "file edited, identity lists keys", z02),
    Scenario("Z03", "publish profile, settings, secret", z03),
    Scenario("Z04", "function, federated credential, outside sign-in", z04),
    Scenario("Z05", "Logic App written, identity lists keys", logic_app),
    Scenario("Z06", "runbook, role, webhook", runbook),
)


# --- look-alikes and traps --------------------------------------------------------------------


def pipeline_deploys() -> list[dict[str, Any]]:
    """Bicep: an app, its role, settings; keys and credentials read; start and end records."""
    app = az.App("billing-fn")
    vault = f"{RG_SCOPE}/providers/Microsoft.KeyVault/vaults/vault1"
    once = [
        az.sites_write(PIPELINE, app, 0),
        az.config_write(PIPELINE, app, 20, {"FUNCTIONS_EXTENSION_VERSION": "~4"}),
        az.role_assignment(PIPELINE, app.object_id, az.SECRETS_USER, vault, 40),
        az.on_app(PIPELINE, app, "config/list/action", 50, below="/config/appsettings/list"),
        az.publish_profile(PIPELINE, app, 60),
        az.config_write(PIPELINE, app, 70, {"WEBSITE_RUN_FROM_PACKAGE": "1"}),
        az.on_app(PIPELINE, app, "host/listkeys/action", 75, below="/host/default"),
        az.on_app(PIPELINE, app, "host/sync/action", 80, below="/host/default"),
        az.on_app(PIPELINE, app, "restart/action", 90),
    ]
    reads = [az.secret_get(app.acts(), "vault1", "db", 200 + n) for n in range(3)]
    signin = az.identity_signin(app, 150)
    return [record for each in once for record in az.pair(each)] + [signin, *reads]


def terraform_by_hand() -> list[dict[str, Any]]:
    """Terraform run by an administrator: apps, identities, roles, keys read by the provider."""
    app = az.App("orders-fn")
    told = {"kind": "functionapp,linux", "identity": {"type": "SystemAssigned"}}
    answer = {"identity": {"principalId": app.object_id}}
    return [
        az.flat(
            ADMIN,
            "Microsoft.Storage/storageAccounts/write",
            f"{RG_SCOPE}/providers/Microsoft.Storage/storageAccounts/data1",
            0,
        ),
        az.list_keys(ADMIN, "data1", 10),
        az.sites_write(ADMIN, app, 20, request=told, answer=answer),
        az.role_assignment(ADMIN, app.object_id, az.BLOB_READER, RG_SCOPE, 30),
        az.on_app(ADMIN, app, "config/list/action", 40, below="/config/appsettings/list"),
        az.on_app(ADMIN, app, "config/list/action", 41, below="/config/publishingcredentials/list"),
        az.list_keys(ADMIN, "data1", 50),
    ]


def pim() -> list[dict[str, Any]]:
    """A person activates Owner while a function is edited and tried in the portal."""
    app = az.App("stock-fn")
    owner = az.role_assignment(ADMIN, DEV.object_id, az.OWNER, SUB_SCOPE, 0, principal_type="User")
    return [
        owner,
        az.vfs_write(DEV, app, 60),
        az.host_call(DEV, app, 90),
        az.function_log(app, 95),
    ]


def web_deploy() -> list[dict[str, Any]]:
    """A web app is deployed over a slot, day after day."""
    records = []
    for day in range(3):
        start = day * DAY
        steps = [
            az.on_app(DEV, WEB, "slots/write", start, below="/slots/stage"),
            az.on_app(
                DEV, WEB, "slots/config/write", start + 10, below="/slots/stage/config/appsettings"
            ),
            az.on_app(DEV, WEB, "slots/restart/action", start + 20, below="/slots/stage"),
            az.on_app(DEV, WEB, "slotsswap/action", start + 60),
            az.config_write(DEV, WEB, start + 70, {"FEATURE_X": "on"}),
            az.on_app(DEV, WEB, "restart/action", start + 80),
        ]
        records += [record for each in steps for record in az.pair(each)]
    return records


def portal_developer() -> list[dict[str, Any]]:
    """A developer edits a function in the portal, reads its key and tries it; it reads a secret."""
    app = az.App("news-fn")
    return [
        az.vfs_write(DEV, app, 0, "HttpTrigger1/run.csx"),
        az.on_app(DEV, app, "functions/listkeys/action", 30, below="/functions/HttpTrigger1"),
        az.host_call(DEV, app, 60),
        az.function_log(app, 61),
        az.identity_signin(app, 61),
        az.secret_get(app.acts(), "vault1", "db", 62),
    ]


def refused_writes() -> list[dict[str, Any]]:
    """Every step of Z01 to Z03, refused."""
    app = az.App("tax-fn")
    steps = [
        az.function_write(EVE, app, 0),
        az.role_assignment(EVE, app.object_id, az.OWNER, SUB_SCOPE, 10),
        az.host_call(EVE, app, 20),
        az.publish_profile(EVE, app, 30),
        az.config_write(EVE, app, 40),
    ]
    refused = [az.failed(step) for step in steps]
    return [*refused, az.list_keys(app.acts(told=True), "data1", 60)]


def other_identities() -> list[dict[str, Any]]:
    """Code and calls of one app; a role and keys of another one's identity, which signs in."""
    app, other = az.App("desk-fn"), az.App("till-fn")
    return [
        az.function_write(EVE, app, 0),
        az.host_call(EVE, app, 30),
        az.role_assignment(EVE, other.object_id, az.OWNER, SUB_SCOPE, 60),
        az.identity_signin(other, 90),
        az.list_keys(other.acts(), "data1", 120),
    ]


def namesakes() -> list[dict[str, Any]]:
    """The same name in another resource group and another subscription."""
    app = az.App("twin-fn")
    near, far = app.with_(group="rg-b"), app.with_(subscription=az.ELSEWHERE)
    return [
        az.function_write(EVE, app, 0),
        az.host_call(DEV, near, 60),
        az.host_call(DEV, far, 61),
        az.role_assignment(ADMIN, near.object_id, az.OWNER, SUB_SCOPE, 62),
        az.list_keys(near.acts(told=True), "data1", 120),
        az.list_keys(far.acts(told=True), "data1", 121, sub=az.ELSEWHERE),
        az.config_write(DEV, near, 130),
        az.publish_profile(EVE, app.with_(group="rg-c"), 10),
    ]


def federation_by_pipeline() -> list[dict[str, Any]]:
    """Terraform sets up an identity for GitHub, and uses it from GitHub's runners."""
    identity = az.Identity("id-github")
    app = az.App("github-fn")
    return [
        az.sites_write(PIPELINE, app, 0),
        az.federated_credential(
            PIPELINE,
            identity,
            10,
            issuer="https://token.actions.githubusercontent.com",
            subject="repo:example/pay:ref:refs/heads/main",
        ),
        az.role_assignment(PIPELINE, identity.object_id, az.CONTRIBUTOR, RG_SCOPE, 20),
        az.identity_signin(identity, HOUR, src="203.0.113.77"),
    ]


def daily_keys() -> list[dict[str, Any]]:
    """A backup tool lists keys every day; on one of them somebody edits a function."""
    app = az.App("report-fn")
    keys = [az.list_keys(BACKUP, "data1", day * DAY) for day in range(-3, 2)]
    return [*keys, az.vfs_write(DEV, app, -HOUR)]


def quiet_flows() -> list[dict[str, Any]]:
    """A Logic App and a runbook are edited and tried; a small role is given."""
    flow, account = az.App("mail-flow", "workflow"), az.App("vm-auto", "automation")
    return [
        az.on_app(DEV, flow, "write", 0),
        az.on_app(DEV, flow, "triggers/run/action", 60, below="/triggers/manual"),
        az.identity_signin(flow, 61),
        az.role_assignment(DEV, flow.object_id, az.BLOB_READER, RG_SCOPE, 30),
        az.on_app(DEV, account, "runbooks/draft/write", 0, below="/runbooks/start-vms/draft"),
        az.on_app(DEV, account, "runbooks/publish/action", 10, below="/runbooks/start-vms"),
        az.on_app(DEV, account, "jobs/write", 20, below="/jobs/1"),
        az.on_app(DEV, account, "schedules/write", 30, below="/schedules/nightly"),
    ]


QUIET = (
    Quiet("B13", "Azure DevOps or Bicep deploys an app with a role", pipeline_deploys),
    Quiet("B13-terraform", "Terraform azurerm run by hand", terraform_by_hand),
    Quiet("B13-pim", "PIM activation beside a portal edit", pim),
    Quiet("web-deploy", "slots, settings, restarts of a web app", web_deploy),
    Quiet("portal", "a developer edits and tries a function", portal_developer),
    Quiet("refused", "every step refused", refused_writes),
    Quiet("other-identities", "roles and keys of another identity", other_identities),
    Quiet("namesakes", "same name elsewhere", namesakes),
    Quiet("federation", "Terraform sets up GitHub's federation", federation_by_pipeline),
    Quiet("daily-keys", "a tool that lists keys every day", daily_keys),
    Quiet("flows", "Logic App and runbook edited and tried", quiet_flows),
)


# --- wrappers ---------------------------------------------------------------------------------


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _file(folder: Path, name: str, text: str) -> list[str]:
    (folder / name).write_text(text, encoding="utf-8")
    return [str(folder / name)]


def _lines(folder: Path, rows: list[Any]) -> list[str]:
    return _file(folder, "azure.jsonl", "".join(_compact(row) + "\n" for row in rows))


def _event_hub(folder: Path, records: list[Any]) -> list[str]:
    """Event Hub messages of two records each."""
    return _lines(folder, [{"records": records[n : n + 2]} for n in range(0, len(records), 2)])


def _event_hub_document(folder: Path, records: list[Any]) -> list[str]:
    return _file(folder, "PT1H.json", json.dumps({"records": records}, indent=1))


def _rest_page(folder: Path, records: list[Any]) -> list[str]:
    page = {"value": records, "nextLink": "https://management.azure.com/next"}
    return _file(folder, "page.json", _compact(page))


def _array(folder: Path, records: list[Any]) -> list[str]:
    return _file(folder, "list.json", json.dumps(records))


def _splunk(folder: Path, records: list[Any]) -> list[str]:
    rows = [
        {"preview": False, "result": {"_raw": _compact(record), "sourcetype": "azure:monitor:aad"}}
        for record in records
    ]
    return _lines(folder, rows)


def _elastic(folder: Path, records: list[Any]) -> list[str]:
    rows = [
        {"_id": str(n), "_source": {"event": {"original": _compact(record)}, "@timestamp": "-"}}
        for n, record in enumerate(records)
    ]
    return _lines(folder, rows)


WRAPPERS: dict[str, Callable[[Path, list[Any]], list[str]]] = {
    "blob lines": _lines,
    "Event Hub": _event_hub,
    "Event Hub document": _event_hub_document,
    "REST page": _rest_page,
    "array": _array,
    "Splunk rows": _splunk,
    "Elastic": _elastic,
}


def _seconds(record: dict[str, Any]) -> float:
    return seconds_after_start(record.get("time") or record["eventTimestamp"])


def _moved(record: dict[str, Any], seconds: float) -> dict[str, Any]:
    name = "time" if "time" in record else "eventTimestamp"
    return record | {name: at(seconds).strftime("%Y-%m-%dT%H:%M:%S.%fZ")}


PLATFORM = Platform("azure", ATTACKS, QUIET, WRAPPERS, _seconds, _moved)
