"""Signing in: what Google is sent, where it goes, and the reasons of a refusal in plain words."""

from __future__ import annotations

import pytest
from builders.gws_api import ADMIN, Answered, GwsApi, refusal

from flowtrap_inputs.errors import ElsewhereError, MalformedError, RefusedError
from flowtrap_inputs.gws.check import PINS, check
from flowtrap_inputs.gws.token import TOKEN_URI, Tokens
from flowtrap_inputs.http import HttpClient


@pytest.fixture
def http(api, certificate):
    with HttpClient([api.token_uri, api.root], ca_file=str(certificate)) as client:
        yield client


@pytest.fixture
def elsewhere(certificate, service_account):
    """Another server with a certificate as good: nothing may reach it."""
    with GwsApi(certificate, service_account, seed=1) as server:
        yield server
        assert server.calls == []
        assert server.secrets_seen == []


def checked(api, http, key=None, subject=ADMIN):
    check(key or api.account.key_file(), subject, http, token_uri=api.token_uri, root=api.root)


def test_an_account_that_may_read_passes(api, http):
    checked(api, http)
    assert [call.split("?")[0].rpartition("/")[2] for call in api.calls] == ["token", "admin"]
    assert "maxResults=1&" in api.calls[1]


def test_google_alone_is_pinned():
    assert PINS == ("https://oauth2.googleapis.com/token", "https://admin.googleapis.com/")


def test_a_token_uri_of_the_key_gets_nothing(api, http, elsewhere):
    checked(api, http, api.account.key_file(token_uri=elsewhere.token_uri))


def test_an_address_elsewhere_gets_nothing(api, http, elsewhere):
    tokens = Tokens(http, api.account.key_file(), ADMIN, token_uri=elsewhere.token_uri)
    with pytest.raises(ElsewhereError):
        tokens.get()
    with HttpClient(PINS) as pinned, pytest.raises(ElsewhereError):
        Tokens(pinned, api.account.key_file(), ADMIN, token_uri=f"{TOKEN_URI}.example.com/").get()


@pytest.mark.parametrize("where", ["sign_in", "before"])
def test_a_redirect_is_not_followed(api, http, elsewhere, where):
    redirect = Answered(307, b"", {"Location": f"{elsewhere.root}token"})
    setattr(api, where, redirect if where == "sign_in" else lambda path: redirect)
    with pytest.raises(ElsewhereError, match="redirect"):
        checked(api, http)


@pytest.mark.parametrize(
    "change", [{"type": "external_account"}, {"type": "authorized_user"}, {"private_key": "x"}]
)
def test_another_kind_of_key_is_refused_before_any_request(api, http, change):
    with pytest.raises(MalformedError):
        checked(api, http, api.account.key_file(**change))
    assert api.calls == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (("unauthorized_client", "Client is unauthorized to retrieve access tokens"),
         "may not act for users with the scope"),
        (("access_denied", "Requested client not authorized."), "policy refuses"),
        (("invalid_scope", "bad scope"), "scope was not granted"),
        (("invalid_grant", "Invalid JWT Signature."), "does not accept the key"),
        (("invalid_grant", "Invalid grant: account not found"), "does not know the service account"),
        (("invalid_grant", "Invalid email or User ID"), "administrator does not exist"),
        (("invalid_grant", "Invalid JWT: Token must be a short-lived token"), "refuses the time"),
        (("invalid_grant", "?"), "refuses the key or the delegated administrator"),
        (("ya29.secret-looking thing", "?"), "sign-in answers 400"),
    ],
)  # fmt: skip
def test_why_google_refuses_a_sign_in(api, http, answer, said):
    api.sign_in = Answered(400, {"error": answer[0], "error_description": answer[1]})
    with pytest.raises(RefusedError, match=said) as caught:
        checked(api, http)
    assert "secret-looking" not in f"{caught.value}{caught.value.code}"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refusal(403, "forbidden"), "not an administrator who may read reports"),
        (refusal(401, "authError"), "not an administrator who may read reports"),
        (refusal(403, "accessNotConfigured"), "Admin SDK API is not enabled"),
        (refusal(403, "insufficientPermissions"), "does not carry the scope"),
        (Answered(403, b"<html>"), "not an administrator who may read reports"),
        (refusal(404, "notFound"), "Google answers 404 notFound"),
    ],
)
def test_why_google_refuses_reports(api, http, answer, said):
    api.before = lambda path: answer
    with pytest.raises(RefusedError, match=said):
        checked(api, http)
