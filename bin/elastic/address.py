"""Which addresses may be sent a secret, and what a failed TLS handshake means to a person."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from urllib3.util.ssl_match_hostname import CertificateError

from .errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PORTS = {"http": 80, "https": 443}
# Source: OpenSSL, X509_STORE_CTX_get_error: codes of a certificate that cannot be verified.
_OTHER_HOST = (62, 64)
_RENEW = "it must be renewed there; check the clocks of both"
_UNTRUSTED = {
    9: ("its certificate is not valid yet", _RENEW),
    10: ("its certificate has expired", _RENEW),
}
_ANOTHER = ("its certificate is for another host", "use an address that its certificate names")
_UNKNOWN = ("its certificate is not trusted", "name its CA with --ca")


def checked(url: str, option: str, *, secret: bool) -> str:
    """Return an address with its port; raise ClusterError where it must not be used.

    `secret`: whether credentials will be sent to it. An address that holds a user or a password is
    not repeated.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.username or parts.password:
        cure = "give --user, and the password in FLOWTRAP_ELASTIC_PASSWORD"
        raise ClusterError("the address holds a user or password", place=option, cure=cure)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ClusterError("is no address", place=option, cure="write https://HOST:PORT")
    if secret and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        cure = "use https, with --ca for a certificate of your own"
        raise ClusterError("credentials would travel in the clear", place=url, cure=cure)
    host = parts.netloc if port else f"{parts.netloc.rstrip(':')}:{_PORTS[parts.scheme]}"
    return f"{parts.scheme}://{host}{parts.path}"


def distrust(error: BaseException) -> tuple[str, str] | None:
    """Return why a server is not trusted and what to do, None where that is not what failed."""
    for one in _within(error):
        if isinstance(one, CertificateError) or getattr(one, "verify_code", 0) in _OTHER_HOST:
            return (
                "its certificate is for another host",
                "use an address that its certificate names",
            )
        if isinstance(one, ssl.SSLCertVerificationError):
            return _UNTRUSTED.get(one.verify_code, _UNKNOWN)
        if isinstance(one, ssl.SSLError) and one.reason == "WRONG_VERSION_NUMBER":
            return "does not speak TLS", "check scheme and port of the address"
    return None


def _within(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those that it was made of."""
    yield error
    for inner in (*error.args, getattr(error, "reason", None), error.__cause__):
        if isinstance(inner, BaseException):
            yield from _within(inner)
