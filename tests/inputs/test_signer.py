"""Both ways to sign give the same bytes, from both PEM forms; no message holds a key."""

from __future__ import annotations

import base64
import sys

import pytest
from builders.gws_api import ServiceAccount
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from flowtrap_inputs import signer as module
from flowtrap_inputs.errors import MalformedError
from flowtrap_inputs.signer import CompiledSigner, PureSigner, signer


@pytest.fixture(scope="module")
def account():
    return ServiceAccount()


@pytest.mark.parametrize("kind", ["PKCS1", "PKCS8"])
@pytest.mark.parametrize("make", [CompiledSigner, PureSigner])
def test_a_signature_is_rs256(account, kind, make):
    der = module._pkcs1(account.pem(kind))
    signature = make(der).sign(b"head.claims")
    account.public.verify(signature, b"head.claims", padding.PKCS1v15(), hashes.SHA256())
    assert signature == CompiledSigner(module._pkcs1(account.pem("PKCS8"))).sign(b"head.claims")


def test_without_cryptography_the_pure_one_signs(account, monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    assert isinstance(signer(account.pem()), PureSigner)
    monkeypatch.undo()
    assert isinstance(signer(account.pem()), CompiledSigner)


def test_a_key_with_escaped_line_ends_is_read(account):
    assert signer(account.pem().replace("\n", "\\n")).sign(b"x") == signer(account.pem()).sign(b"x")


def not_ours():
    """Return PEM texts of keys that cannot be used."""
    plain = serialization.NoEncryption()
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    curve = ec.generate_private_key(ec.SECP256R1())
    forms = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    locked = serialization.BestAvailableEncryption(b"x")
    return {
        "small": small.private_bytes(*forms, plain).decode(),
        "curve": curve.private_bytes(*forms, plain).decode(),
        "locked": small.private_bytes(*forms, locked).decode(),
        "cut": ServiceAccount().pem()[:400] + "\n-----END PRIVATE KEY-----",
        "empty": "",
    }


@pytest.mark.parametrize("has_compiled", [True, False])
def test_a_key_that_cannot_sign_is_told_without_a_letter_of_it(monkeypatch, has_compiled):
    if not has_compiled:
        monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    for pem in not_ours().values():
        with pytest.raises(MalformedError) as caught:
            signer(pem)
        body = "".join(pem.splitlines()[1:-1])
        assert not body or body[:20] not in str(caught.value)
        assert caught.value.__suppress_context__ or caught.value.__cause__ is None


@given(st.binary(max_size=200))
def test_any_bytes_for_a_key_are_refused_in_one_line(content):

    text = base64.b64encode(content).decode()
    for kind in ("PRIVATE KEY", "RSA PRIVATE KEY"):
        with pytest.raises(MalformedError):
            signer(f"-----BEGIN {kind}-----\n{text}\n-----END {kind}-----")
