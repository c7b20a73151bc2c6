"""What the pages saved for an account and an input, as the records that a run takes.

Example: `settings_of("flowtrap_m365://corp", form, account_of(account_form, proxy))`.
The forms were checked when they were saved (globalConfig.json, flowtrap_inputs.forms).
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from flowtrap_inputs.signer import signer

from .clouds import CLOUDS
from .settings import SOURCETYPE, Account, Settings
from .token import Certificate, Credential, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowtrap_inputs.http import Proxy

HOUR_S = 3600


def account_of(
    form: Mapping[str, str], proxy: Proxy | None = None, ca_file: str | None = None
) -> Account:
    """Return an account; raise MalformedError for a certificate or key that cannot be read."""
    return Account(
        tenant=form["tenant"].lower(),
        client_id=form["client_id"].lower(),
        credential=_credential(form),
        cloud=CLOUDS[form.get("cloud") or "commercial"],
        proxy=proxy,
        ca_file=ca_file,
    )


def settings_of(
    name: str, form: Mapping[str, str], account: Account, inputs_of_tenant: int = 1
) -> Settings:
    """Return an input."""
    start = form.get("start")
    return Settings(
        name=name,
        account=account,
        content_types=tuple(form["content_types"].split(",")),
        start_s=_seconds(start) if start else None,
        rescan_s=int(form.get("rescan_hours") or 6) * HOUR_S,
        index=form.get("index") or "",
        sourcetype=form.get("sourcetype") or SOURCETYPE,
        inputs_of_tenant=inputs_of_tenant,
    )


def _credential(form: Mapping[str, str]) -> Credential:
    if form.get("auth_type") == "certificate":
        return Certificate(form["certificate"], signer(form["private_key"]))
    return Secret(form["client_secret"])


def _seconds(text: str) -> int:
    """Return seconds since 1970 of 2027-01-31T00:00:00Z."""
    at = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    return int(at.timestamp())
