"""RS256: signs the assertions that Google and Microsoft take in place of a password.

    signer(pem).sign(b"header.claims")    # PKCS#1 v1.5 with SHA-256

`cryptography` signs where it can be imported; it is compiled, so the add-on does not ship it. Else
the pure Python `rsa` does, which upstream has archived: it is used here and nowhere else, and tests
hold the two against each other. Nothing of a key is in any message.
"""

from __future__ import annotations

import base64
import binascii
import re
from functools import partial
from typing import Callable, Protocol

from .errors import MalformedError

_PEM = re.compile(
    r"-----BEGIN (RSA PRIVATE KEY|PRIVATE KEY)-----([A-Za-z0-9+/=\s]+)-----END \1-----"
)
_PLACE = "private key"
_CURE = "paste the whole unencrypted PEM, from -----BEGIN to -----END"
_RSA_OID = bytes.fromhex("06092a864886f70d010101")
_INTEGER, _OCTETS, _SEQUENCE = 0x02, 0x04, 0x30
LEAST_BITS = 2048


class Signer(Protocol):
    """Signs with one private key."""

    def sign(self, message: bytes) -> bytes:
        """Return the RS256 signature (RFC 7518, section 3.3)."""


def signer(pem: str) -> Signer:
    """Return what signs with a PEM key, PKCS#1 or PKCS#8; raise MalformedError."""
    der = _pkcs1(pem)
    try:
        return CompiledSigner(der)
    except ImportError:
        return PureSigner(der)


class CompiledSigner:
    """Signs with `cryptography`; raises ImportError where it is absent."""

    def __init__(self, der: bytes) -> None:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding, rsa
        from cryptography.hazmat.primitives.serialization import load_der_private_key

        try:
            key = load_der_private_key(der, None)
        except (ValueError, TypeError):
            raise _unreadable() from None
        if not isinstance(key, rsa.RSAPrivateKey):
            raise _unreadable()
        _long_enough(key.key_size)
        self._key, self._how = key, (padding.PKCS1v15(), hashes.SHA256())

    def sign(self, message: bytes) -> bytes:
        """Return the signature."""
        return self._key.sign(message, *self._how)


class PureSigner:
    """Signs with `rsa`, in a few tens of milliseconds."""

    def __init__(self, der: bytes) -> None:
        import rsa

        try:
            key = rsa.PrivateKey.load_pkcs1(der, "DER")
        except Exception:  # rsa and pyasn1 raise of many kinds, some with the key in them
            raise _unreadable() from None
        _long_enough(key.n.bit_length())
        self._sign: Callable[[bytes], bytes] = partial(
            rsa.sign, priv_key=key, hash_method="SHA-256"
        )

    def sign(self, message: bytes) -> bytes:
        """Return the signature."""
        return self._sign(message)


def _unreadable() -> MalformedError:
    return MalformedError("is no RSA key that can be read", place=_PLACE, cure=_CURE)


def _long_enough(bits: int) -> None:
    if bits < LEAST_BITS:
        raise MalformedError(
            f"has {bits} bits", place=_PLACE, cure=f"make one of {LEAST_BITS} bits or more"
        )


def _pkcs1(pem: str) -> bytes:
    """Return the DER of an RSAPrivateKey (RFC 8017, A.1.2), out of PKCS#8 where it is in one."""
    found = _PEM.search(
        pem.replace("\\n", "\n")
    )  # as in JSON, where someone copied the value alone
    if not found:
        raise MalformedError("is not in PEM form", place=_PLACE, cure=_CURE)
    try:
        der = base64.b64decode("".join(found.group(2).split()), validate=True)
        return der if found.group(1).startswith("RSA") else _inner(der)
    except (binascii.Error, ValueError):
        raise _unreadable() from None


def _inner(der: bytes) -> bytes:
    """Return the key within a PKCS#8 PrivateKeyInfo (RFC 5208): version, algorithm, octets."""
    whole, _ = _value(der, _SEQUENCE)
    _, rest = _value(whole, _INTEGER)
    algorithm, rest = _value(rest, _SEQUENCE)
    if not algorithm.startswith(_RSA_OID):
        raise ValueError("not RSA")
    octets, _ = _value(rest, _OCTETS)
    return octets


def _value(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """Return the first element's content and what follows it; raise ValueError."""
    if len(der) < 2 or der[0] != tag:
        raise ValueError("another element was expected")
    length, start = der[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[2:start], "big")
    if start + length > len(der):
        raise ValueError("cut short")
    return der[start : start + length], der[start + length :]
