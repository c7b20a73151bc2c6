"""What was entered in the add-on's forms, checked as a whole.

Each field's own rule is in globalConfig.json, and both the page and splunkd's handlers hold to it.
What one field asks of another (a certificate needs its key) the page alone knows: so it is asked
here again, of whatever comes over REST.

Example: `network({"proxy_enabled": "1", "proxy_type": "http", …}).proxy` is a Proxy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from flowtrap.model.errors import FlowtrapError, RecordError
from flowtrap.normalise.times import time_ms

from .http import Proxy

if TYPE_CHECKING:
    from typing import Callable

Form = Mapping[str, str]
MICROSOFT, GOOGLE, PROXY = "microsoft_account", "google_account", "proxy"

_CERTIFICATE = re.compile(
    r"\s*-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*"
)
_KEY = re.compile(
    r"\s*-----BEGIN (RSA )?PRIVATE KEY-----\s[A-Za-z0-9+/=\s]+-----END (RSA )?PRIVATE KEY-----\s*"
)


class FormError(FlowtrapError):
    """What was entered cannot be used; the text names the field and says what to enter."""


def check_form(kind: str, form: Form) -> None:
    """Check what the fields of a form ask of one another, where they do; raise FormError."""
    check = _CHECKS.get(kind)
    if check:
        check(form)


class Network(NamedTuple):
    """How the vendors are reached: a proxy, and authorities (PEM file) in place of the usual."""

    proxy: Proxy | None = None
    ca_file: str | None = None


def network(form: Form) -> Network:
    """Return what the form Proxy says; raise FormError."""
    _check_proxy(form)
    ca_file = form.get("ca_file", "").strip() or None
    if not _is_on(form):
        return Network(None, ca_file)
    proxy = Proxy(
        kind=form["proxy_type"],
        host=form["proxy_host"],
        port=int(form["proxy_port"]),
        user=form.get("proxy_username", ""),
        password=form.get("proxy_password", ""),
    )
    return Network(proxy, ca_file)


def service_account_key(form: Form) -> dict[str, Any]:
    """Return the key of a Google account as Google made it; raise FormError."""
    place = "Service account key"
    cure = "paste the whole JSON key file of a service account"
    try:
        key = json.loads(form.get("service_account_key", ""))
    except ValueError:
        raise FormError("is not JSON", place=place, cure=cure) from None
    if not isinstance(key, dict) or key.get("type") != "service_account":
        raise FormError("is not the key of a service account", place=place, cure=cure)
    for name in ("client_email", "private_key"):
        if not isinstance(key.get(name), str) or not key[name].strip():
            raise FormError(f"has no {name}", place=place, cure=cure)
    if not _KEY.fullmatch(key["private_key"]):
        raise FormError("holds no private key in PEM form", place=place, cure=cure)
    return key


def _check_microsoft(form: Form) -> None:
    if form.get("auth_type") != "certificate":
        _need(form, "client_secret", "Client secret", "enter the secret's value")
        return
    _need(form, "certificate", "Certificate", "paste the block that begins BEGIN CERTIFICATE")
    _need(form, "private_key", "Private key", "paste the block that begins BEGIN PRIVATE KEY")
    if not _CERTIFICATE.fullmatch(form["certificate"]):
        raise FormError(
            "is not one certificate in PEM form",
            place="Certificate",
            cure="paste from BEGIN CERTIFICATE to END CERTIFICATE, without the private key",
        )
    if not _KEY.fullmatch(form["private_key"]):
        raise FormError(
            "is not an RSA key in PEM form, or has a passphrase",
            place="Private key",
            cure="openssl pkey -in key.pem writes one without a passphrase",
        )


def _check_google(form: Form) -> None:
    service_account_key(form)


def _is_on(form: Form) -> bool:
    return form.get("proxy_enabled", "0").lower() in ("1", "true")


def start_s(form: Form) -> int | None:
    """Return an input's start in seconds since 1970, None for no start; raise FlowtrapError."""
    text = form.get("start")
    if not text:
        return None
    try:
        return time_ms(text) // 1000
    except RecordError:
        raise FlowtrapError(
            f"{text[:40]!r} is not a time", place="Start", cure="write it as 2027-01-31T00:00:00Z"
        ) from None


def rescan_s(form: Form, *, default: int, least: int, most: int, place: str) -> int:
    """Return how many seconds back an input reads again; bounds in hours. Raise FlowtrapError."""
    hours = form.get("rescan_hours") or str(default)
    is_number = hours.isascii() and hours.isdigit() and len(hours) < 10
    if not is_number or not least <= int(hours) <= most:
        raise FlowtrapError(
            f"{hours[:20]!r} is not a number of hours",
            place=place,
            cure=f"write a number from {least} to {most}",
        )
    return int(hours) * 3600


def _check_proxy(form: Form) -> None:
    ca_file = form.get("ca_file", "").strip()
    if ca_file and not Path(ca_file).is_file():
        raise FormError(
            f"there is no file {ca_file}",
            place="Authorities",
            cure="give the path of a PEM file on this machine",
        )
    if not _is_on(form):
        return
    _need(form, "proxy_host", "Host", "enter the proxy's name, or do without a proxy")
    _need(form, "proxy_port", "Port", "enter the proxy's port, or do without a proxy")
    if form.get("proxy_password") and not form.get("proxy_username"):
        raise FormError(
            "nothing is entered", place="User name", cure="a password goes with a user name"
        )


def _need(form: Form, field: str, label: str, cure: str) -> None:
    if not form.get(field, "").strip():
        raise FormError("nothing is entered", place=label, cure=cure)


_CHECKS: dict[str, Callable[[Form], None]] = {
    MICROSOFT: _check_microsoft,
    GOOGLE: _check_google,
    PROXY: _check_proxy,
}
