"""The account of an input, from the form that the add-on's page saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowtrap_inputs.signer import signer

from .clouds import CLOUDS
from .settings import Account
from .token import Certificate, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowtrap_inputs.http import Proxy

    from .clouds import Cloud
    from .token import Credential


def account_of(
    form: Mapping[str, str],
    *,
    proxy: Proxy | None = None,
    ca_file: str | None = None,
    clouds: Mapping[str, Cloud] = CLOUDS,
) -> Account:
    """Return the account; raise MalformedError for a certificate or key that is none."""
    credential: Credential
    if form.get("auth_type") == "certificate":
        credential = Certificate(form["certificate"], signer(form["private_key"]))
    else:
        credential = Secret(form["client_secret"])
    return Account(
        tenant=form["tenant"].lower(),
        client_id=form["client_id"].lower(),
        credential=credential,
        cloud=clouds[form.get("cloud") or "commercial"],
        proxy=proxy,
        ca_file=ca_file,
    )
