"""Microsoft 365 names: one spelling of a user, domains, addresses, lists of pairs."""

from __future__ import annotations

import pytest

from flowtrap.normalise import m365_names as names


@pytest.mark.parametrize(
    ("spelled", "user"),
    [
        ("Eve@Example.com", "eve@example.com"),
        (" eve@example.com ", "eve@example.com"),
        ("i:0#.f|membership|Eve@example.com", "eve@example.com"),
        ("Mallory_example.org#EXT#@tenant.example", "mallory@example.org"),
        ("jane_doe_example.org#ext#@tenant.example", "jane_doe@example.org"),
        ("urn:spo:guest#mallory@example.org", "mallory@example.org"),
        ("live.com#mallory@example.org", "mallory@example.org"),
        ("NT AUTHORITY\\SYSTEM (x)", "nt authority\\system (x)"),
        ("", ""),
        ("-", ""),
        (None, ""),
        (7, ""),
    ],
)
def test_user_has_one_spelling(spelled, user):
    assert names.user_of(spelled) == user


def test_guests_are_told():
    assert names.is_guest("mallory_example.org#EXT#@tenant.example")
    assert names.is_guest("urn:spo:guest#mallory@example.org")
    assert not names.is_guest("eve@example.com")
    assert not names.is_guest(None)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("smtp:x@example.org", ("x@example.org",)),
        ('"Eve" [SMTP:eve@example.com];SMTP:y.z+1@mail.example.co.uk', ("eve@example.com", "y.z+1@mail.example.co.uk")),
        ('"Boss" [EX:/o=ExchangeLabs/ou=x/cn=boss]', ()),
        ("x@localhost", ()),
        ("", ()),
    ],
)  # fmt: skip
def test_addresses(text, found):
    assert names.addresses_in(text) == found


@pytest.mark.parametrize(
    ("domain", "site"),
    [
        ("example.com", "example.com"),
        ("mail.eu.example.com", "example.com"),
        ("help.example.co.uk", "example.co.uk"),
        ("example.onmicrosoft.com", "example.onmicrosoft.com"),
        ("a.example.onmicrosoft.com", "example.onmicrosoft.com"),
        ("example.mail.onmicrosoft.com", "example.onmicrosoft.com"),
        ("mail.onmicrosoft.com", "mail.onmicrosoft.com"),
        ("sub.example.de", "example.de"),
        ("localhost", "localhost"),
        ("co.uk", "co.uk"),
    ],
)
def test_registered_domain(domain, site):
    assert names.site_domain(domain) == site


def test_own_domains_leave_out_public_mail():
    assert names.own_domains("eve@mail.example.com") == ("mail.example.com", "example.com")
    assert names.own_domains("eve@gmail.com", "no address", "@example.onmicrosoft.com") == (
        "example.onmicrosoft.com",
    )


@pytest.mark.parametrize(
    ("spelled", "address"),
    [
        ("203.0.113.5:52816", "203.0.113.5"),
        ("203.0.113.5", "203.0.113.5"),
        ("[2001:DB8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        ("<null>", ""),
        (None, ""),
    ],
)
def test_address_without_port(spelled, address):
    assert names.host(spelled) == address


@pytest.mark.parametrize(
    "value",
    [
        [{"Name": "A", "Value": "1"}, {"Name": "B", "Value": ""}, {"Name": "C", "Value": True}],
        '[{"Name": "A", "Value": "1"}, {"Name": "C", "Value": true}]',
        "[{'Name': 'A', 'Value': '1'}, {'Name': 'C', 'Value': True}]",
        {"A": "1", "C": True, "D": None},
        [{"Name": "A", "NewValue": "1", "OldValue": "0"}, {"name": "C", "newValue": "True"}],
        {"A": {"NewValue": "1", "OldValue": ""}, "C": "True"},
    ],
)
def test_pairs_in_every_shape(value):
    assert names.pairs(value) == {"A": "1", "C": "True"}


def test_pairs_of_odd_things():
    assert names.pairs(None) == {}
    assert names.pairs("[not a list") == {}
    assert names.pairs(["x", {"Value": "1"}, {"Name": "A"}]) == {}
    assert names.pairs({"Name": "A", "Value": "1"}) == {"A": "1"}
    assert names.pairs({"Name": "Invoices", "ForwardTo": "x"}) == {
        "Name": "Invoices",
        "ForwardTo": "x",
    }
    assert names.pairs([{"Name": "A", "Value": "1"}, {"Name": "A", "Value": "2"}]) == {"A": "1; 2"}
    assert names.pairs([{"Name": "A", "Value": ["1", "2"]}]) == {"A": "1; 2"}


def test_values_of_the_directory_are_bare():
    assert names.plain_value('[\r\n  "Mail app"\r\n]') == "Mail app"
    assert names.plain_value('"x"') == "x"
    assert names.plain_value("[]") == ""
