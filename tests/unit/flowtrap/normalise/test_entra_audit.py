"""Entra records: changes of the directory and sign-ins, by the hub and from Graph's lists."""

from __future__ import annotations

import json

import pytest
from builders import azure as az
from hypothesis import given
from hypothesis import strategies as st

from flowtrap.normalise.entra_audit import SPEC
from flowtrap.normalise.table import recognise

PAY = az.App("Pay-fn")
ADMIN = az.person("Admin@example.com", src="198.51.100.10")


def fields(record):
    assert recognise(record).name == "entra_audit"
    return SPEC.normalise(record).fields


def test_sign_in_of_an_identity():
    record = az.identity_signin(PAY, 0, src="203.0.113.200")
    event = SPEC.normalise(record)
    assert event.event_id == record["properties"]["id"]
    found = event.fields
    assert found["signin"] == "managed_identity"
    assert found["object_id"] == (PAY.object_id, az.guid("client", PAY.id))
    assert found["owner"] == (f"pay-fn@{az.TENANT}", "pay-fn@any")
    assert (found["src"], found["outside"]) == ("203.0.113.200", "true")
    assert (found["outcome"], found["account"]) == ("success", az.TENANT)


def test_tenant_of_a_tables_row_is_not_the_workspace():
    row = {"TimeGenerated": "2026-03-10T09:00:00Z", "TenantId": az.guid("workspace")}
    row |= {"Category": "ManagedIdentitySignInLogs", "ServicePrincipalName": "Pay-fn"}
    assert fields(row)["owner"] == ("pay-fn@untold", "pay-fn@any")
    told = fields(row | {"AADTenantId": az.TENANT})
    assert told["owner"] == (f"pay-fn@{az.TENANT}", "pay-fn@any")


def test_resource_of_an_identity_wins_over_its_name():
    own = {"msiType": "SystemAssigned", "associatedResourceId": PAY.id + "/slots/stage"}
    found = fields(az.identity_signin(PAY, 0, managedServiceIdentity=own))
    assert found["owner"] == (PAY.id.lower() + "/slots/stage", PAY.id.lower())


@pytest.mark.parametrize(
    ("src", "system", "outside"),
    [
        ("", None, False),
        ("10.0.0.4", None, False),
        ("20.50.2.1", 8075, False),
        ("203.0.113.7", 64500, True),
        ("2001:db8::7", None, True),
    ],
)
def test_outside(src, system, outside):
    record = az.identity_signin(PAY, 0, src=src, autonomousSystemNumber=system)
    assert ("outside" in fields(record)) is outside


def test_app_of_the_same_name_is_no_apps_identity():
    record = az.identity_signin(PAY, 0) | {"category": "ServicePrincipalSignInLogs"}
    assert "owner" not in fields(record)
    record["properties"]["federatedCredentialId"] = az.guid("credential")
    assert fields(record)["owner"] == (f"federated pay-fn@{az.TENANT}", "federated pay-fn@any")


def test_person_and_failure():
    record = az.identity_signin(PAY, 0, userPrincipalName="UserA@example.com", userId="u-1")
    record |= {"category": "SignInLogs", "resultType": "50076"}
    found = fields(record)
    assert (found["actor"], found["object_id"]) == ("usera@example.com", "u-1")
    assert (found["signin"], found["outcome"]) == ("user", "failure")


def test_sign_in_of_graphs_list():
    record = az.identity_signin(PAY, 0)["properties"] | {"signInEventTypes": ["managedIdentity"]}
    found = fields(record)
    assert found["signin"] == "managed_identity"
    assert found["owner"] == ("pay-fn@untold", "pay-fn@any")


def test_application_permission():
    changes = {"AppRole.Value": "Mail.ReadWrite", "ServicePrincipal.ObjectID": PAY.object_id}
    target = {"id": "graph", "displayName": "Microsoft Graph", "type": "ServicePrincipal"}
    action = "Add app role assignment to service principal"
    found = fields(az.directory_change(ADMIN, action, target, 0, changes))
    assert (found["action"], found["role"], found["principal"]) == (
        action,
        "Mail.ReadWrite",
        PAY.object_id,
    )
    assert (found["actor"], found["src"]) == ("admin@example.com", "198.51.100.10")
    assert "Mail.ReadWrite" in found["summary"]


def test_consent():
    permissions = (
        "[] => [[Id: x, ConsentType: AllPrincipals, Scope: Mail.Read Mail.Send, Created]];"
    )
    changes = {"ConsentAction.Permissions": permissions, "ConsentContext.IsAdminConsent": "True"}
    target = {"id": "a", "displayName": "Helper", "type": "ServicePrincipal"}
    found = fields(az.directory_change(ADMIN, "Consent to application.", target, 0, changes))
    assert found["action"] == "Consent to application"
    assert found["scopes"] == ("Mail.Read", "Mail.Send")
    assert (found["consent_kind"], found["admin_consent"]) == ("AllPrincipals", "true")


def test_consent_in_columns_of_log_analytics():
    target = {"id": "a", "displayName": "Helper", "type": "ServicePrincipal"}
    record = az.directory_change(ADMIN, "Consent to application", target, 0, {})
    told = record["properties"]
    row = {
        "TimeGenerated": record["time"],
        "AADTenantId": record["tenantId"],
        "ActivityDisplayName": "Consent to application",
        "InitiatedBy": json.dumps(told["initiatedBy"]),
        "TargetResources": json.dumps(told["targetResources"]),
        "Result": "success",
    }
    assert recognise(row)
    names = ("account", "action", "actor", "app", "src", "outcome")
    assert [fields(row)[name] for name in names] == [fields(record)[name] for name in names]


def test_birth_of_an_identity_names_its_resource():
    target = {"id": PAY.object_id, "displayName": "Pay-fn", "type": "ServicePrincipal"}
    changes = {"AlternativeNames": ["isExplicit=False", PAY.id]}
    found = fields(az.directory_change(ADMIN, "Add service principal", target, 0, changes))
    assert (found["owner"], found["object_id"]) == (PAY.id.lower(), PAY.object_id)


def test_change_by_an_identity():
    target = {"id": "u", "type": "User", "userPrincipalName": "New@example.com"}
    found = fields(az.directory_change(PAY.acts(), "Add user", target, 0))
    assert (found["actor_type"], found["actor_id"]) == ("app", PAY.object_id)
    assert found["target_user"] == "new@example.com"


def test_intune_and_policy():
    intune = {
        "category": "AuditLogs",
        "time": "2026-03-10T09:00:00Z",
        "operationName": "createScript",
        "properties": {"Actor": {"UPN": "A@example.com"}, "TargetObjectIds": ["t-1"]},
    }
    assert fields(intune)["actor"] == "a@example.com"
    policy = az.directory_change(ADMIN, "Update policy", {"id": "p"}, 0) | {"category": "Policy"}
    assert fields(policy)["action"] == "Update policy"


@pytest.mark.parametrize(
    "category", ["MicrosoftGraphActivityLogs", "RiskyUsers", "ProvisioningLogs"]
)
def test_others_of_the_hub_are_not_recognised(category):
    found = recognise(az.identity_signin(PAY, 0) | {"category": category})
    assert found is None or found.name == "m365_graph"


@given(
    st.sampled_from(["AuditLogs", "ManagedIdentitySignInLogs"]),
    st.dictionaries(
        st.sampled_from(["initiatedBy", "targetResources", "status", "location", "result", "id"]),
        st.none()
        | st.integers()
        | st.text(max_size=5)
        | st.lists(st.text(max_size=3), max_size=2)
        | st.dictionaries(st.sampled_from(["user", "app", "id"]), st.text(max_size=4)),
    ),
)
def test_odd_parts_are_no_value(category, properties):
    record = {"time": "2026-03-10T09:00:00Z", "category": category, "properties": properties}
    event = SPEC.normalise(record)
    assert event.fields["summary"]
    assert all(event.fields.values())
