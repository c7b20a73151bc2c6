"""Microsoft 365 audit records: who, where, which flow, rule, link and consent."""

from __future__ import annotations

import json

import pytest
from builders import m365
from builders.m365 import ENVIRONMENT, FLOW, FLOW_AGENT, FLOW_APP, MAIL_APP, TENANT, Person

from flowtrap.model.errors import RecordError
from flowtrap.normalise.m365_audit import normalise, recognise

EVE = Person("Eve@example.com")
GUEST = Person("mallory@example.org", guest_of="example.onmicrosoft.com")
CREATE = m365.flow(EVE, "CreateFlow", 0)


def fields_of(record, **changed):
    return normalise({**record, **changed}).fields


# --- recognition, time, identity ---------------------------------------------------------------


def test_recognised_by_operation_amid_its_fellows():
    assert recognise(CREATE)
    assert recognise({"Operation": "CreateFlow", "UserId": "x", "CreationTime": "2026-03-10"})
    assert recognise({"Operation": "New-InboxRule", "OfficeWorkload": "Exchange", "UserId": "x"})
    assert not recognise({"Operation": "CreateFlow"})
    assert not recognise({"Operation": 7, "Workload": "x", "UserId": "x"})
    assert not recognise({"operationName": "x", "OperationName": "y", "TimeGenerated": "z"})


def test_common_fields():
    event = normalise(CREATE)
    assert event.time_ms == 1_773_133_200_000
    assert event.event_id == CREATE["Id"]
    fields = event.fields
    assert fields["account"] == TENANT
    assert (fields["actor"], fields["user"]) == ("Eve@example.com", "eve@example.com")
    assert fields["user_id"] == (EVE.id,)
    assert fields["who"] == ("eve@example.com", EVE.id)
    assert fields["home_domain"] == ("example.com",)
    assert fields["outcome"] == "success"


@pytest.mark.parametrize("name", ["CreationTime", "CreationDate", "TimeGenerated", "@timestamp"])
def test_time_under_its_names(name):
    record = {key: value for key, value in CREATE.items() if key != "CreationTime"}
    assert normalise({**record, name: "2026-03-10T09:00:00Z"}).time_ms == 1_773_133_200_000


def test_no_time_is_an_error():
    with pytest.raises(RecordError):
        normalise({key: value for key, value in CREATE.items() if key != "CreationTime"})


def test_id_is_made_where_there_is_none():
    record = {key: value for key, value in CREATE.items() if key != "Id"}
    assert normalise(record).event_id == normalise(dict(record)).event_id
    assert normalise(record).event_id != normalise({**record, "UserId": "x"}).event_id


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("True", "success"), ("Succeeded", "success"), ("success", "success"), (None, "success"),
     (True, "success"), ("PartiallySucceeded", "success"), ("False", "failure"),
     ("Failed", "failure"), (False, "failure"), ("failed", "failure")],
)  # fmt: skip
def test_outcome(status, outcome):
    assert fields_of(CREATE, ResultStatus=status)["outcome"] == outcome


def test_tenant_may_be_left_out():
    assert fields_of(CREATE, OrganizationId="")["account"] == "not logged"
    assert fields_of(CREATE, OrganizationId=TENANT.upper())["account"] == TENANT


def test_guest_is_known_by_home_address_and_proves_no_domain():
    fields = fields_of(m365.flow(GUEST, "CreateFlow", 0))
    assert fields["user"] == "mallory@example.org"
    assert fields["guest"] == "true"
    assert "home_domain" not in fields


def test_session_and_object_id_of_the_token():
    context = {"AADSessionId": "ABC", "UserObjectId": EVE.id.upper(), "ClientAppId": FLOW_APP}
    for shape in (context, json.dumps(context)):
        fields = fields_of(CREATE, AppAccessContext=shape, UserKey="10032001020A3408")
        assert fields["who"] == ("eve@example.com", EVE.id, "session:abc")
        assert fields["by_flow"] == "true"


def test_object_id_with_the_address_beside_it():
    fields = fields_of(CREATE, UserId=EVE.id, UserKey="10032001020A3408")
    assert (fields["actor"], fields["user"]) == (EVE.upn, EVE.upn.lower())
    assert fields["user_id"] == (EVE.id,)
    assert fields_of(CREATE, UserId=EVE.id, UserUPN="")["user"] == EVE.id


def test_session_of_a_signin():
    device = [{"Name": "OS", "Value": "Windows10"}, {"Name": "SessionId", "Value": "ABC-1"}]
    fields = fields_of(m365.signin(EVE, 0), DeviceProperties=device)
    assert fields["session"] == ("abc-1",)


def test_actor_list_tells_the_object_id():
    fields = fields_of(m365.consent(EVE, 0))
    assert fields["user_id"] == (EVE.id,)
    app = fields_of(m365.consent(EVE, 0), UserType=5)
    assert "user_id" not in app


def test_members_by_signin_only_of_this_tenant():
    assert fields_of(m365.signin(EVE, 0))["home_domain"] == ("example.com",)
    assert "home_domain" not in fields_of(m365.signin(EVE, 0), ActorContextId=m365.OTHER_TENANT)
    assert "home_domain" not in fields_of(m365.signin(EVE, 0), ActorContextId=None)


def test_values_of_odd_types_are_no_values():
    odd = {"UserId": ["x"], "ClientIP": {}, "Parameters": 7, "AppAccessContext": "[", "Actor": "x"}
    fields = fields_of(CREATE, UserUPN=None, **odd)
    assert fields["user"] == EVE.id  # what is left is the key
    assert "src" not in fields


# --- flows -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        f"https://admin.powerplatform.microsoft.com/environments/{ENVIRONMENT}/flows/{FLOW}/details",
        f"https://make.powerautomate.com/environments/{ENVIRONMENT}/flows/{FLOW.upper()}/flowDetails",
        f"https://make.powerautomate.com/Environments/{ENVIRONMENT}/flows/shared/{FLOW}?v3=true",
        f"https://make.powerautomate.com/environments/{ENVIRONMENT}/solutions/~preferred/flows/{FLOW}",
        f"/providers/Microsoft.ProcessSimple/environments/{ENVIRONMENT}/flows/{FLOW}",
    ],
)
@pytest.mark.parametrize("member", ["FlowDetailsUrl", "ObjectId"])
def test_flow_in_every_path(url, member):
    record = {key: value for key, value in CREATE.items() if key != "FlowDetailsUrl"}
    fields = fields_of(record, **{member: url})
    assert (fields["flow"], fields["environment"]) == (FLOW, ENVIRONMENT)
    assert fields["flow_id"].lower() == FLOW


def test_flow_as_a_bare_id_or_not_at_all():
    record = {key: value for key, value in CREATE.items() if key != "FlowDetailsUrl"}
    assert fields_of(record, ObjectId=FLOW)["flow"] == FLOW
    assert "flow" not in fields_of(record)
    assert "a flow that is not named" in fields_of(record)["summary"]


@pytest.mark.parametrize(
    ("connectors", "share", "mail", "vague"),
    [
        ("Office 365 Outlook, Approvals", False, True, False),
        ("SharePoint, OneDrive for Business", True, False, False),
        ("Request, OpenApiConnection", True, True, True),
        ("HTTP", True, True, False),
        ("shared_sharepointonline", True, False, False),
        ("shared_office365, shared_approvals", False, True, False),
        ("Standard Approvals, Office 365 Users, Microsoft To-Do (Business)", False, True, False),
        ("Office 365 Outlook, Request", False, True, False),
        ("Trello, Azure DevOps", False, False, False),
        ("HTTP, SharePoint", True, False, False),
        ("HTTP with Microsoft Entra ID, Dataverse", True, True, False),
        ("OpenApiConnection, Http, Trello", True, True, False),
        ("shared_contoso-20api-5f1c", True, True, False),
        ("Microsoft Teams, Excel Online (Business), Gmail", False, True, False),
        ("shared_teams, shared_excelonlinebusiness, shared_powerbi", False, False, False),
        ("Approvals", False, False, False),
        ("", True, True, True),
        (None, True, True, True),
    ],
)
def test_reach_by_connectors(connectors, share, mail, vague):
    fields = fields_of(CREATE, FlowConnectorNames=connectors)
    told = tuple(name in fields for name in ("may_share", "may_mail", "vague"))
    assert told == (share, mail, vague)


def test_connectors_one_by_one():
    fields = fields_of(CREATE, FlowConnectorNames="Office 365 Outlook;Gmail, Gmail")
    assert fields["connector"] == ("Office 365 Outlook", "Gmail")
    assert fields_of(CREATE, FlowConnectorNames=["A", "B"])["connector"] == ("A", "B")
    assert fields["summary"] == (
        f"CreateFlow {FLOW} in environment {ENVIRONMENT} with Office 365 Outlook, Gmail"
    )


@pytest.mark.parametrize(
    ("level", "permission"),
    [(3, "owner"), ("3", "owner"), ("Owner", "owner"), ("Co-owner", "owner"), (2, "run-only"),
     ("Run-only", "run-only"), ("RunOnly", "run-only"), ("CanEdit", "CanEdit")],
)  # fmt: skip
def test_share_of_a_flow(level, permission):
    fields = fields_of(m365.share_flow(EVE, "Zed@example.com", 0, permission=level))
    assert fields["permission"] == permission
    assert fields["recipient"] == ("zed@example.com",)
    assert fields["recipient_as"] == "Zed@example.com"
    assert "recipient_guest" not in fields


def test_share_with_a_guest():
    fields = fields_of(m365.share_flow(EVE, GUEST.upn, 0))
    assert fields["recipient"] == ("mallory@example.org",)
    assert fields["recipient_guest"] == "true"
    assert fields["recipient_domain"] == "example.org"


def test_policy_and_connection():
    policy = m365.record(
        EVE, "GovernanceApiPolicyOperation", 0, "PowerPlatform", 256,
        PropertyCollection=m365.pairs(**{"powerplatform.policy": "Block HTTP"}),
    )  # fmt: skip
    assert fields_of(policy)["PropertyCollection.powerplatform.policy"] == "Block HTTP"
    assert fields_of(policy)["summary"].endswith("powerplatform.policy Block HTTP")
    made = m365.record(EVE, "PutConnection", 0, "PowerApps", 79, ObjectId="shared_gmail")
    assert fields_of(made)["summary"] == "PutConnection shared_gmail"


# --- mail --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ForwardTo", "RedirectTo", "ForwardAsAttachmentTo", "forwardto"])
def test_rule_that_sends_on(name):
    rule = m365.cmdlet(
        EVE, "New-InboxRule", 0, "eve@example.com\\Invoices", **{name: "X@Mail.example.net"}
    )
    fields = fields_of(rule)
    assert fields["target"] == ("x@mail.example.net",)
    assert fields["target_as"] == ("X@Mail.example.net",)
    assert fields["target_host"] == ("mail.example.net",)
    assert fields["target_domain"] == ("example.net",)
    assert fields["rule"] == "Invoices"
    assert fields["party"] == ("eve@example.com",)
    assert fields[f"Parameters.{name}"] == "X@Mail.example.net"
    assert fields["src"] == "203.0.113.10"


def test_rule_that_hides():
    assert fields_of(m365.inbox_rule(EVE, 0, "x@y.example", DeleteMessage=True))["hides"] == "true"
    assert "hides" not in fields_of(m365.inbox_rule(EVE, 0, "x@y.example", DeleteMessage=False))
    silent = m365.mailbox(
        EVE, 0, ForwardingSmtpAddress="x@y.example", DeliverToMailboxAndForward=False
    )
    assert fields_of(silent)["hides"] == "true"


def test_forward_taken_away_has_no_target():
    assert "target" not in fields_of(m365.mailbox(EVE, 0, ForwardingSmtpAddress=""))
    assert "target" not in fields_of(m365.mailbox(EVE, 0, ForwardingAddress="Finance team"))


def test_mailbox_of_another():
    admin = Person("admin@example.com")
    step = m365.cmdlet(admin, "Set-Mailbox", 0, "eve", Identity="Eve@example.com",
                       ForwardingSmtpAddress="smtp:x@example.net")  # fmt: skip
    fields = fields_of(step)
    assert fields["party"] == ("admin@example.com", "eve@example.com")
    assert fields["mailbox"] == "Eve@example.com"
    assert set(fields["home_domain"]) == {"example.com", "example.onmicrosoft.com"}


@pytest.mark.parametrize("kind", ["Forward", "Redirect", "ForwardAsAttachment"])
def test_outlooks_rule(kind):
    fields = fields_of(m365.outlook_rule(EVE, 0, "x@example.net", kind=kind))
    assert fields["target"] == ("x@example.net",)
    assert fields["party"] == ("eve@example.com",)
    assert fields["summary"] == f"UpdateInboxRules AddMailboxRule Invoices: {kind} x@example.net"


def test_outlooks_rule_in_other_shapes():
    rule = m365.outlook_rule(EVE, 0, "x@example.net")
    actions = [{"ActionType": "Forward", "Recipients": [{"EmailAddress": "x@example.net"}]}]
    for value in (actions, json.dumps(actions), json.dumps(actions[0])):
        changed = [{"Name": "RuleActions", "Value": value}]
        assert fields_of(rule, OperationProperties=changed)["target"] == ("x@example.net",)
    removed = m365.outlook_rule(EVE, 0, "x@example.net", operation="RemoveMailboxRule")
    assert "target" not in fields_of(removed)
    moved = m365.outlook_rule(EVE, 0, "x@example.net", kind="Move")
    assert "target" not in fields_of(moved)


def test_mail_access_teaches_the_owners_domain_only():
    partner = m365.mail_access(EVE, 0, MAIL_APP, UserId="service@example.org")
    fields = fields_of(partner)
    assert set(fields["home_domain"]) == {"example.com", "example.onmicrosoft.com"}
    assert fields["app"] == (MAIL_APP,)
    assert fields["mailbox"] == "Eve@example.com"


def test_app_in_the_clients_name():
    access = m365.mail_access(
        EVE, 0, "", ClientAppId="", ClientInfoString=f"Client=REST;x[AppId={MAIL_APP}];"
    )
    assert fields_of(access)["app"] == (MAIL_APP,)


@pytest.mark.parametrize(
    "changed",
    [
        {"ClientInfoString": FLOW_AGENT},
        {"UserAgent": "Microsoft-Flow/1.0"},
        {"AppId": FLOW_APP.upper()},
    ],
)
def test_client_of_a_running_flow(changed):
    sent = m365.mail_access(EVE, 0, MAIL_APP, operation="Send")
    assert fields_of(sent, **changed)["by_flow"] == "true"
    assert "by_flow" not in fields_of(sent)


# --- files and consents ------------------------------------------------------------------------


def test_link():
    fields = fields_of(m365.anonymous_link(EVE, 0, "Plan A.xlsx", kind="View"))
    assert fields["file"] == f"{m365.SITE}/Shared Documents/Plan A.xlsx"
    assert fields["file_key"] == fields["file"].lower()
    assert fields["site"] == m365.SITE
    assert (fields["share"], fields["link_type"]) == ("AnonymousLinkCreated", "View")
    assert fields["user"] == "eve@example.com"


@pytest.mark.parametrize(
    ("operation", "more", "share"),
    [
        ("AnonymousLinkUpdated", {}, "AnonymousLinkCreated"),
        ("SharingLinkCreated", {"SharingLinkScope": "Anyone"}, "AnonymousLinkCreated"),
        ("SharingLinkCreated", {"EventData": "<Scope>Anonymous</Scope>"}, "AnonymousLinkCreated"),
        ("SharingLinkCreated", {"SharingLinkScope": "Organization"}, "SharingLinkCreated"),
        ("AddedToSecureLink", {"SharingLinkScope": "Anyone"}, "AddedToSecureLink"),
    ],
)
def test_links_that_anybody_may_follow(operation, more, share):
    assert (
        fields_of(m365.anonymous_link(EVE, 0, "a", operation=operation, **more))["share"] == share
    )


@pytest.mark.parametrize(
    ("name", "everybody", "kind"),
    [("Consent to application.", False, "consent by the user"),
     ("Consent to application", True, "admin consent for all users")],
)  # fmt: skip
def test_consent(name, everybody, kind):
    fields = fields_of(m365.consent(EVE, 0, everybody=everybody, operation=name))
    assert fields["action"] == "Consent to application"
    assert MAIL_APP in fields["app"]
    assert fields["app_name"] == "Mail Helper"
    assert fields["scope"] == ("Mail.Read", "offline_access")
    assert fields["consent_kind"] == kind


def test_grant_names_the_client_not_the_resource():
    graph = "00000003-0000-0000-c000-000000000000"
    grant = m365.record(
        EVE, "Add delegated permission grant.", 0, "AzureActiveDirectory", 8, ObjectId=graph,
        ModifiedProperties={  # as Elastic has it
            "ServicePrincipal_AppId": {"NewValue": f'"{MAIL_APP}"', "OldValue": ""},
            "ServicePrincipal_DisplayName": {"NewValue": "Mail Helper", "OldValue": ""},
            "DelegatedPermissionGrant_Scope": {"NewValue": " Mail.Send", "OldValue": ""},
            "TargetId_ServicePrincipalNames": {"NewValue": graph, "OldValue": ""},
        },
    )  # fmt: skip
    fields = fields_of(grant)
    assert fields["app"] == (MAIL_APP,)
    assert (fields["app_name"], fields["scope"]) == ("Mail Helper", ("Mail.Send",))


def test_grant_that_names_one_application_names_the_client():
    fields = fields_of(m365.consent(EVE, 0, operation="Add delegated permission grant."))
    assert MAIL_APP in fields["app"]


def test_grant_to_a_user_names_its_target():
    fields = fields_of(m365.consent(EVE, 0, operation="Add app role assignment grant to user."))
    assert MAIL_APP in fields["app"]
    assert fields["app_name"] == "Mail Helper"


@pytest.mark.parametrize(
    "operation", ["", "FileAccessed", "Set-Mailbox", "Consent to application.", "Send"]
)
def test_summary_is_always_there(operation):
    bare = {"Operation": operation, "CreationTime": "2026-03-10T09:00:00"}
    assert "summary" in fields_of(bare)
