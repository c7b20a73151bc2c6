"""Signing in, with a secret and with a certificate; the reasons of the account's test."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import msal
import pytest
import requests
from builders.m365_api import CLIENT, TENANT, Answered, refusal
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from flowtrap_inputs.errors import FetchError, MalformedError, RefusedError, TransientError
from flowtrap_inputs.http import HttpClient
from flowtrap_inputs.m365.account import account_of
from flowtrap_inputs.m365.check import check
from flowtrap_inputs.m365.clouds import CLOUDS
from flowtrap_inputs.m365.token import Certificate, Secret, Tokens
from flowtrap_inputs.signer import signer


@pytest.fixture(scope="module")
def pair():
    """Return a private key and its certificate (PEM)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "flowtrap")])
    now = dt.datetime.now(dt.timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
        .decode()
    )
    return key, certificate


def pem_of(key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture
def http(account):
    with HttpClient(account.cloud.pins(TENANT), ca_file=account.ca_file) as client:
        yield client


def tokens(http, account, **changes):
    account = replace(account, **changes)
    return Tokens(http, account.cloud, account.tenant, account.client_id, account.credential)


def test_token_by_secret_is_kept_until_it_ends(api, http, account):
    mine = tokens(http, account)
    assert mine.get() == mine.get()
    assert len(api.calls) == 1


def test_token_by_certificate(api, http, account, pair):
    key, api.public_certificate = pair
    credential = Certificate(api.public_certificate, signer(pem_of(key)))
    assert tokens(http, account, credential=credential).get().startswith("token-")


def test_account_with_a_certificate_as_its_form_was_saved(api, http, account, pair):
    key, api.public_certificate = pair
    form = {"tenant": TENANT.upper(), "client_id": CLIENT, "auth_type": "certificate",
            "certificate": api.public_certificate, "private_key": pem_of(key)}  # fmt: skip
    check(account_of(form, ca_file=account.ca_file, clouds={"commercial": account.cloud}), http)


def test_certificate_that_is_not_the_applications(api, http, account, pair):
    api.public_certificate = pair[1]
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    credential = Certificate(api.public_certificate, signer(pem_of(other)))
    with pytest.raises(RefusedError, match="certificate is not one of the application's"):
        tokens(http, account, credential=credential).get()


@pytest.mark.parametrize("skew_s", [-86_400, 86_400])
def test_certificate_and_a_clock_that_is_off(api, http, account, pair, skew_s):
    """The refusal tells the server's time, and the second assertion is made by it."""
    key, api.public_certificate = pair
    api.skew_s = skew_s
    credential = Certificate(api.public_certificate, signer(pem_of(key)))
    assert tokens(http, account, credential=credential).get().startswith("token-")
    assert len(api.calls) == 2


def test_text_without_a_certificate():
    with pytest.raises(MalformedError, match="there is no certificate"):
        Certificate("-----BEGIN NOTHING-----", None)


@pytest.mark.parametrize("with_certificate", [False, True])
def test_msal_obtains_a_token_from_the_model(api, account, pair, with_certificate):
    """Microsoft's own client takes the model for a sign-in, so the model asks what it asks."""
    credential = api.secret
    if with_certificate:
        key, api.public_certificate = pair
        credential = {"private_key": pem_of(key), "public_certificate": api.public_certificate}
    session = requests.Session()
    session.verify, session.trust_env = account.ca_file, False
    with session:
        application = msal.ConfidentialClientApplication(
            CLIENT, credential, authority=f"{api.root}/{TENANT}", instance_discovery=False,
            http_client=session,
        )  # fmt: skip
        answer = application.acquire_token_for_client([f"{api.root}/.default"])
    assert answer.get("access_token", answer).startswith("token-")


def test_account_that_is_well(api, http, account):
    check(account, http)
    assert len(api.calls) == 2


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("AADSTS7000215", "client secret is wrong"),
        ("AADSTS7000222", "client secret has expired"),
        ("AADSTS700016", "no such application"),
        ("AADSTS90002", "no such tenant"),
        ("AADSTS1234567", "AADSTS1234567"),
    ],
)
def test_reasons_of_the_sign_in(api, http, account, code, words):
    said = {"error": "invalid_client", "error_description": f"{code}: it quotes {api.secret}"}
    api.before = lambda path: Answered(401, said) if "/token" in path else None
    with pytest.raises(RefusedError, match=words) as caught:
        check(account, http)
    assert api.secret not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refusal(403, "AF10001"), "ActivityFeed.Read"),
        (refusal(400, "AF20012"), "unified audit log"),
        (refusal(400, "AF20013"), "another tenant"),
        (refusal(400, "AF20011"), "does not exist"),
        (Answered(401), "token is refused"),
        (Answered(418, b"\xff\x00"), "HTTP 418"),
    ],
)
def test_reasons_of_the_api(api, http, account, answer, words):
    api.before = lambda path: answer if "/subscriptions/list" in path else None
    with pytest.raises(RefusedError, match=words):
        check(account, http)


def test_wrong_secret(http, account):
    with pytest.raises(RefusedError, match="give the secret's value, not its id"):
        check(replace(account, credential=Secret("another")), http)


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b'{"access_token": 1, "expires_in": 3}', b"{}", b"[" * 5000]
)
def test_answer_that_is_no_token(api, http, account, body):
    api.before = lambda path: Answered(200, body)
    with pytest.raises(MalformedError):
        tokens(http, account).get()


def test_sign_in_that_is_down(api, http, account):
    api.before = lambda path: Answered(503, b"", {"Retry-After": "7"})
    with pytest.raises(TransientError) as caught:
        tokens(http, account).get()
    assert caught.value.retry_after_s == 7


def test_addresses_of_the_clouds():
    assert {name: cloud.root for name, cloud in CLOUDS.items()} == {
        "commercial": "https://manage.office.com",
        "gcc": "https://manage-gcc.office.com",
        "gcc_high": "https://manage.office365.us",
        "dod": "https://manage.protection.apps.mil",
    }
    assert issubclass(RefusedError, FetchError)
