"""The test of an account when it is saved.

Example: `check_account("microsoft_account", form, network)` says nothing where the account can sign
in and read what its inputs need, else raises FlowtrapError with the reason in plain words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from . import forms
from .http import HttpClient
from .m365.check import check as check_microsoft
from .m365.clouds import CLOUDS
from .m365.settings import Account
from .m365.token import Secret

if TYPE_CHECKING:
    from .forms import Form, Network


def check_account(kind: str, form: Form, network: Network) -> None:
    """Sign in as an account and ask for something small; raise FlowtrapError."""
    forms.check_form(kind, form)
    sign_in = _SIGN_INS.get(kind)
    if sign_in:
        sign_in(form, network)


def _microsoft(form: Form, network: Network) -> None:
    if form["auth_type"] == "certificate":
        return
    account = Account(
        tenant=form["tenant"],
        client_id=form["client_id"],
        credential=Secret(form["client_secret"]),
        cloud=CLOUDS[form["cloud"]],
    )
    pins = account.cloud.pins(account.tenant)
    with HttpClient(pins, proxy=network.proxy, ca_file=network.ca_file) as http:
        check_microsoft(account, http)


_SIGN_INS: dict[str, Callable[[Form, Network], None]] = {
    forms.MICROSOFT: _microsoft,
}
