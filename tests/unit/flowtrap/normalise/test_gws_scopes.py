"""Kinds of scopes and APIs."""

from __future__ import annotations

import pytest

from flowtrap.normalise.gws_scopes import puts_in, scope_kinds

AUTH = "https://www.googleapis.com/auth/"


@pytest.mark.parametrize(
    ("scope", "kinds"),
    [
        ("https://mail.google.com/", ("mail", "personal", "data", "send")),
        (f"{AUTH}gmail.readonly", ("mail", "personal", "data")),
        (f"{AUTH}gmail.send", ("send",)),
        (f"{AUTH}gmail.addons.current.message.readonly", ("addon",)),
        (f"{AUTH}drive", ("files", "data")),
        (f"{AUTH}drive.readonly", ("files", "data")),
        (f"{AUTH}drive.file", ("narrow",)),
        (f"{AUTH}spreadsheets", ("documents",)),
        (f"{AUTH}spreadsheets.currentonly", ("narrow",)),
        (f"{AUTH}script.external_request", ("script", "outside")),
        (f"{AUTH}script.scriptapp", ("script", "trigger")),
        (f"{AUTH}script.container.ui", ("script",)),
        (f"{AUTH}admin.directory.user.readonly", ("directory", "personal", "data")),
        (f"{AUTH}contacts.readonly", ("people", "personal", "data")),
        ("https://www.google.com/m8/feeds", ("people", "personal", "data")),
        (f"{AUTH}userinfo.email", ("narrow",)),
        ("openid", ("narrow",)),
        (f"{AUTH}calendar.events", ("calendar",)),
        (f"{AUTH}cloud-platform", ("cloud",)),
        (f"{AUTH}youtube", ("other",)),
        (f"{AUTH.upper()}GMAIL.READONLY", ("mail", "personal", "data")),
    ],
)
def test_kinds_of_a_scope(scope, kinds):
    assert scope_kinds([scope]) == kinds


def test_kinds_of_several_come_once():
    assert scope_kinds([f"{AUTH}drive", f"{AUTH}gmail.readonly"]) == (
        "files",
        "data",
        "mail",
        "personal",
    )
    assert scope_kinds([]) == ()


@pytest.mark.parametrize(
    ("method", "filling"),
    [
        ("gmail.users.messages.import", True),
        ("gmail.users.messages.insert", True),
        ("drive.files.create", True),
        ("gmail.users.messages.list", False),
        ("gmail.users.messages.send", False),
        ("gmail.users.messages.batchDelete", False),
        ("drive.permissions.create", False),
        ("gmail.users.settings.forwardingAddresses.create", False),
        ("", False),
    ],
)
def test_methods_that_only_put_in(method, filling):
    assert puts_in(method) is filling
