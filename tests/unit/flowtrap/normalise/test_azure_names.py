"""Azure's ids, loose values, and the names by which identities are found."""

from __future__ import annotations

import pytest

from flowtrap.normalise.azure_claims import caller_of, claims_of
from flowtrap.normalise.azure_names import (
    address,
    automation_of,
    get,
    guid,
    is_public,
    mapping,
    pick,
    put,
    subscription_of,
    text,
    tied,
    ties,
)

SITE = "/subscriptions/S1/resourceGroups/RG/providers/Microsoft.Web/sites/Pay"


@pytest.mark.parametrize("tail", ["", "/", "/functions/x", "/slots/stage/config/web"])
@pytest.mark.parametrize("spelt", [str, str.upper, str.lower])
def test_automation_up_to_its_name(tail, spelt):
    found = automation_of(spelt(SITE + tail))
    assert found.key == SITE.lower()
    assert found.shown == spelt(SITE)
    assert found.name == spelt("Pay")


@pytest.mark.parametrize(
    "other",
    [
        "",
        "/subscriptions/S1",
        SITE.replace("sites", "serverfarms"),
        "/providers/Microsoft.Web/sites/x",
    ],
)
def test_no_automation(other):
    assert automation_of(other) is None


def test_automation_account_whose_id_lacks_a_slash():
    """As one published sample has it: resourceGroups/resourceGroup1providers/…"""
    found = automation_of(
        "/subscriptions/1/resourceGroups/g1providers/Microsoft.Automation/automationAccounts/A"
    )
    assert found.name == "A"


def test_guid_in_one_spelling():
    plain = "8E3AF657A8FF443CA75C2FE8C4BCB635"
    assert guid(plain) == guid("8e3af657-a8ff-443c-a75c-2fe8c4bcb635") != ""
    assert guid("8e3af657") == guid(None) == ""


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("5.5.5.5:29713", "5.5.5.5"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("203.0.113.9", "203.0.113.9"),
        (None, ""),
    ],
)
def test_address_without_port(value, found):
    assert address(value) == found


@pytest.mark.parametrize(
    ("value", "public"), [("203.0.113.9", True), ("10.1.2.3", False), ("::1", False), ("x", False)]
)
def test_public(value, public):
    assert is_public(value) is public


@pytest.mark.parametrize("value", [None, "", "-", "<null>", "None", {}, [], True])
def test_no_value(value):
    assert text(value) == ""


@pytest.mark.parametrize("value", [{"a": 1}, '{"a": 1}', "{'a': 1}"])
def test_mapping_of_objects_and_their_texts(value):
    assert mapping(value) == {"a": 1}


@pytest.mark.parametrize("value", ["{'a': open('x')}", "{", "[1]", "x", 5, None])
def test_no_mapping(value):
    assert mapping(value) == {}


def test_get_regards_no_case_and_decodes():
    assert (
        get({"Properties": '{"RequestBody": "{\\"Id\\": 1}"}'}, "properties", "requestbody", "id")
        == 1
    )
    assert get({"a": 1}, "b") is None
    assert pick({"a": "-", "b": "x"}, "a", "b") == "x"
    assert subscription_of("subscriptions/ABC/x") == "abc"


def test_put_keeps_one_of_several_plain():
    fields = {}
    put(fields, "one", ("a", "", "a"))
    put(fields, "two", ["a", "b"])
    put(fields, "none", [""])
    assert fields == {"one": "a", "two": ("a", "b")}


@pytest.mark.parametrize(
    ("app", "signin", "meets"),
    [("t1", "t1", True), ("t1", "t2", False), ("t1", "", True), ("", "t1", True), ("", "", True)],
)
def test_names_meet_within_a_tenant(app, signin, meets):
    assert bool(set(ties("Pay", app)) & set(tied("PAY", signin))) is meets
    assert not set(ties("pay", app)) & set(tied("other", signin))


def test_claims_have_short_names():
    long = "http://schemas.microsoft.com/identity/claims/"
    claims = claims_of(None, {}, {long + "objectidentifier": "O", long + "tenantid": "T"})
    assert claims == {"oid": "O", "tid": "T"}


def test_program_of_a_person_is_no_name_of_theirs():
    portal = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"
    person = caller_of("a@example.com", {"oid": "o-1", "appid": portal})
    assert (person.kind, person.ids, person.app_id) == ("user", ("o-1",), portal)
    program = caller_of("", {"oid": "o-2", "appid": portal, "idtyp": "app"})
    assert (program.kind, program.ids) == ("app", ("o-2", portal))
