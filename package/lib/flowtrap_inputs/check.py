"""The test of an account when it is saved.

Example: `check_account("microsoft_account", form, network)` says nothing where the account can sign
in and read what its inputs need, else raises FlowtrapError with the reason in plain words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from . import forms
from .gws.check import PINS
from .gws.check import check as check_google
from .http import HttpClient
from .m365.check import check as check_microsoft
from .m365.clouds import CLOUDS
from .m365.settings import Account
from .m365.token import Certificate, Credential, Secret
from .signer import signer

if TYPE_CHECKING:
    from .forms import Form, Network


def check_account(kind: str, form: Form, network: Network) -> None:
    """Sign in as an account and ask for something small; raise FlowtrapError."""
    forms.check_form(kind, form)
    _SIGN_INS[kind](form, network)


def _microsoft(form: Form, network: Network) -> None:
    account = Account(
        tenant=form["tenant"],
        client_id=form["client_id"],
        credential=_credential(form),
        cloud=CLOUDS[form["cloud"]],
    )
    pins = account.cloud.pins(account.tenant)
    with HttpClient(pins, proxy=network.proxy, ca_file=network.ca_file) as http:
        check_microsoft(account, http)


def _credential(form: Form) -> Credential:
    if form["auth_type"] == "certificate":
        return Certificate(form["certificate"], signer(form["private_key"]))
    return Secret(form["client_secret"])


def _google(form: Form, network: Network) -> None:
    key = forms.service_account_key(form)
    with HttpClient(PINS, proxy=network.proxy, ca_file=network.ca_file) as http:
        check_google(key, form["delegated_admin"], http)


_SIGN_INS: dict[str, Callable[[Form, Network], None]] = {
    forms.MICROSOFT: _microsoft,
    forms.GOOGLE: _google,
}
