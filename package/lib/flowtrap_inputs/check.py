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
from .m365.account import account_of
from .m365.check import check as check_microsoft

if TYPE_CHECKING:
    from .forms import Form, Network


def check_account(kind: str, form: Form, network: Network) -> None:
    """Sign in as an account and ask for something small; raise FlowtrapError."""
    forms.check_form(kind, form)
    _SIGN_INS[kind](form, network)


def _microsoft(form: Form, network: Network) -> None:
    account = account_of(form, proxy=network.proxy, ca_file=network.ca_file)
    pins = account.cloud.pins(account.tenant)
    with HttpClient(pins, proxy=network.proxy, ca_file=network.ca_file) as http:
        check_microsoft(account, http)


def _google(form: Form, network: Network) -> None:
    key = forms.service_account_key(form)
    with HttpClient(PINS, proxy=network.proxy, ca_file=network.ca_file) as http:
        check_google(key, form["delegated_admin"], http)


_SIGN_INS: dict[str, Callable[[Form, Network], None]] = {
    forms.MICROSOFT: _microsoft,
    forms.GOOGLE: _google,
}
