"""Workspace acts: who acted, on which script, file, app or account."""

from __future__ import annotations

import pytest

from flowtrap.normalise import gws_reports

WHEN = "2026-03-10T09:00:00Z"


def fields_of(application, name, parameters=None, **more):
    """Return the fields of an act by ann@example.com."""
    record = {
        "id": {"time": WHEN, "applicationName": application, "customerId": "C01"},
        "actor": {"email": "ann@example.com", "profileId": "101"},
        "event": {"name": name, "parameters": parameters or {}},
        **more,
    }
    return gws_reports.normalise(record).fields


# --- who ----------------------------------------------------------------------------------------


def meets(one, other):
    """Tell whether what one act asks for is a name of the other."""
    asked, known = one["identities"], other["identity"]
    asked = asked if isinstance(asked, tuple) else (asked,)
    return not set(asked).isdisjoint(known if isinstance(known, tuple) else (known,))


def by(email=None, profile=None):
    """Return the fields of an act by somebody."""
    actor = {"email": email, "profileId": profile}
    return fields_of("drive", "view", actor=actor)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (by("ann@example.com", "1"), by("ANN@example.com", "1"), True),
        (by("ann@example.com", "1"), by("ann@example.com"), True),
        (by("ann@example.com", "1"), by("", "1"), True),
        (by("", "1"), by("ann@example.com", "1"), True),
        (by("", "1"), by(None, "1"), True),
        (by("ann@example.com", "1"), by("bob@example.com", "1"), False),
        (by("ann@example.com", "1"), by("ann@example.net", "2"), False),
        (by("", "1"), by("", "2"), False),
    ],
)
def test_acts_of_one_person_meet(one, other, same):
    assert meets(one, other) is same


def test_actor_falls_back():
    assert by("", "1")["actor"] == "1"
    key = fields_of("drive", "view", actor={"callerType": "KEY", "key": "SYSTEM"})
    assert key["actor"] == "SYSTEM"
    assert "actor" not in fields_of("drive", "view", actor={})
    assert "identity" not in fields_of("drive", "view", actor={})


def test_account_falls_back():
    identity = {"time": WHEN, "applicationName": "drive"}
    assert fields_of("drive", "view", id=identity)["account"] == "example.com"
    assert fields_of("drive", "view", id=identity, ownerDomain="x.org")["account"] == "x.org"


@pytest.mark.parametrize(
    ("application", "name", "parameters", "home"),
    [
        ("token", "authorize", {}, "example.com"),
        ("login", "login_success", {}, "example.com"),
        ("user_accounts", "password_edit", {}, "example.com"),
        ("drive", "create", {"owner": "ann@example.com"}, "example.com"),
        ("drive", "create", {"owner": "bob@example.org"}, None),
        ("drive", "edit", {"owner": "ann@example.com"}, None),
        ("admin", "CREATE_USER", {}, None),
    ],
)
def test_home_domain_only_where_members_act(application, name, parameters, home):
    assert fields_of(application, name, parameters).get("home_domain") == home


def test_outsiders_have_no_home():
    actor = {"email": "eve@example.org", "callerType": "EXTERNAL_USER"}
    assert "home_domain" not in fields_of("token", "authorize", actor=actor)


# --- scripts and files --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "parameters", "change"),
    [
        ("create", {"doc_type": "script"}, "created"),
        ("EDIT", {"doc_type": "Script"}, "edited"),
        ("copy", {"doc_type": "script", "copy_type": "internal"}, "copied"),
        ("source_copy", {"doc_type": "script"}, "copied"),
        ("copy", {"doc_type": "script", "copy_type": "external"}, "copied from outside"),
        ("copy", {"doc_type": "spreadsheet", "copy_type": "External"}, "copied from outside"),
        ("source_copy", {"doc_type": "form", "copy_type": "external"}, "copied from outside"),
        ("copy", {"doc_type": "pdf", "copy_type": "external"}, None),
        ("copy", {"doc_type": "spreadsheet"}, None),
        ("edit", {"doc_type": "document"}, None),
        ("edit", {"doc_type": "application/vnd.google-apps.script"}, "edited"),
        ("create_script_trigger", {"doc_type": "spreadsheet"}, "bound to a trigger"),
        ("create_script_trigger", {}, "bound to a trigger"),
        ("delete_script_trigger", {"doc_type": "script"}, None),
        ("view", {"doc_type": "script"}, None),
    ],
)
def test_script_change(name, parameters, change):
    fields = fields_of("drive", name, {"doc_id": "1Doc", **parameters})
    assert fields.get("script_change") == change


def test_script_is_named_by_file_or_parameter():
    assert fields_of("drive", "edit", {"doc_id": "1S", "doc_type": "script"})["script"] == "1S"
    trigger = {"doc_id": "1D", "script_id": "1S", "doc_type": "form"}
    assert fields_of("drive", "create_script_trigger", trigger)["script"] == "1S"
    assert "script" not in fields_of("drive", "edit", {"doc_id": "1D", "doc_type": "form"})


def test_trigger_type_in_any_spelling():
    for name in ("trigger_type", "script_trigger_type", "event_type", "trigger"):
        fields = fields_of("drive", "create_script_trigger", {"doc_id": "1", name: "ON_OPEN"})
        assert fields["trigger_type"] == "ON_OPEN"
    assert fields_of("drive", "create_script_trigger")["trigger_type"] == "unspecified"


def test_fetches():
    urls = ["https://a.b.example.org/x?y", "https://sheets.googleapis.com/v4", "203.0.113.5/z"]
    fields = fields_of("drive", "access_url", {"accessed_url": urls, "script_id": "1S"})
    assert fields["outside_host"] == ("a.b.example.org", "203.0.113.5")
    assert "example.org" in fields["outside_domain"]
    assert fields["fetcher"] == "1S"
    assert urls[0] in fields["summary"]
    macro = fields_of(
        "drive", "access_url", {"accessed_url": "https://script.google.com/macros/s/x"}
    )
    assert macro["outside_host"] == ("script.google.com",)
    assert "ann@example.com" in macro["fetcher"]
    odd = fields_of("drive", "access_url", {"accessed_url": "https://[bad"})
    assert "url_host" not in odd


@pytest.mark.parametrize(
    ("name", "parameters", "way"),
    [
        (
            "change_user_access",
            {"visibility_change": "external", "target_user": "x@a.org"},
            "outside",
        ),
        ("change_user_access", {"visibility_change": "none", "target_user": "x@a.org"}, "named"),
        ("change_user_access", {"visibility_change": "none", "target_user": "b@example.com"}, None),
        ("change_user_access", {"target_user": "x@a.org", "new_value": ["none"]}, None),
        ("change_document_visibility", {"new_value": ["people_with_link"]}, "public"),
        (
            "change_document_visibility",
            {"new_value": ["private"], "visibility_change": "internal"},
            None,
        ),
        (
            "change_document_access_scope",
            {
                "new_value": ["can_view"],
                "visibility_change": "external",
                "visibility": "people_with_link",
            },
            "public",
        ),
        (
            "change_document_access_scope",
            {"new_value": ["can_view"], "target_domain": "a.org"},
            "named",
        ),
        ("change_owner", {"new_owner": "x@a.org"}, "named"),
        ("change_acl_editors", {"old_value": ["owner"], "new_value": ["writers"]}, None),
    ],
)
def test_how_a_file_was_opened(name, parameters, way):
    assert fields_of("drive", name, {"doc_id": "1D", **parameters}).get("opened") == way


def test_app_that_read_content():
    app = {"oauthClientId": "106", "applicationName": "x", "impersonation": True}
    actor = {"email": "ann@example.com", "applicationInfo": app}
    fields = fields_of(
        "drive", "access_item_content", {"api_method": "drive.files.get"}, actor=actor
    )
    assert (fields["client_id"], fields["impersonation"], fields["api_kind"]) == (
        "106",
        "true",
        "files",
    )


def test_application_is_told_by_its_parameters():
    flat = {
        "name": "edit",
        "email": "ann@example.com",
        "ip_address": "192.0.2.1",
        "time": WHEN,
        "parameters": {"doc_id": "1S", "doc_type": "script", "owner": "ann@example.com"},
    }
    assert gws_reports.recognise(flat)
    fields = gws_reports.normalise(flat).fields
    assert (fields["application"], fields["src"], fields["script"]) == ("drive", "192.0.2.1", "1S")


# --- apps and accounts --------------------------------------------------------------------------


def test_grant_by_scope_data_alone():
    data = [{"scope_name": "https://mail.google.com/", "product_bucket": ["APPS_SCRIPT_RUNTIME"]}]
    fields = fields_of("token", "authorize", {"client_id": "1-A", "scope_data": data})
    assert fields["scopes"] == ("https://mail.google.com/",)
    assert fields["scope_kind"] == ("mail", "personal", "data", "send", "script")
    assert fields["client_id"] == "1-a"


def test_grant_without_scopes():
    assert fields_of("token", "authorize", {"client_id": "1"})["scope_kind"] == ("unknown",)


@pytest.mark.parametrize("scopes", ["a,b", "a, b", "a b", ["a", "b"], ["a,b"]])
def test_scopes_of_delegation(scopes):
    given = {"API_CLIENT_NAME": "106", "API_SCOPES": scopes, "DOMAIN_NAME": ""}
    fields = fields_of("admin", "AUTHORIZE_API_CLIENT_ACCESS", given)
    assert (fields["client_id"], fields["scopes"]) == ("106", ("a", "b"))


@pytest.mark.parametrize(
    ("parameters", "kind"),
    [
        ({"api_name": "gmail"}, "mail"),
        ({"api_name": "drive"}, "files"),
        ({"product_bucket": "GMAIL"}, "mail"),
        ({"method_name": "admin.directory.users.list"}, "directory"),
        ({"api_name": "calendar-json"}, "calendar"),
        ({"api_name": "foo"}, None),
    ],
)
def test_data_behind_an_api(parameters, kind):
    assert fields_of("token", "activity", parameters).get("api_kind") == kind


def test_forward():
    given = {"email_forwarding_destination_address": "Drop@Sub.Example.org"}
    fields = fields_of("login", "email_forwarding_out_of_domain", given)
    assert fields["forward_to"] == "drop@sub.example.org"
    assert fields["forward_domain"] == ("sub.example.org", "example.org")


def test_summary_is_one_line():
    fields = fields_of("drive", "view", {"doc_id": "1", "doc_title": "a\nb\x1b[0m"})
    assert fields["summary"].splitlines() == [fields["summary"]]
