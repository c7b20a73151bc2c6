"""Acts of apps and on accounts: OAuth grants and their use, delegation, mail forwarded outside.

Example: `AUTHORIZE_API_CLIENT_ACCESS` with API_CLIENT_NAME 106… and API_SCOPES becomes client_id,
scopes and scope_kind; a token `activity` becomes client_id, api, method, api_kind and bytes.

Sources: Reports API, activity event names of token, admin, login and user_accounts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Callable

from .gws_activity import Activity, domains_of, messages
from .gws_scopes import api_kind, puts_in, scope_kinds

if TYPE_CHECKING:
    from flowtrap.model.event import FieldValue

    Fields = dict[str, FieldValue]

_SEPARATED = re.compile(r"[,\s]+")
SCOPES_SHOWN = 12


def _scopes(activity: Activity, fields: Fields, *names: str) -> None:
    """Read scopes: a list, a text of several, or the scope_name of each scope_data."""
    found = [part for value in activity.all(*names) for part in _SEPARATED.split(value) if part]
    buckets: list[str] = []
    for row in messages(activity, "scope_data"):
        if isinstance(row.get("scope_name"), str):
            found.append(row["scope_name"])
        given = row.get("product_bucket")
        buckets += given if isinstance(given, list) else [given] if isinstance(given, str) else []
    scopes = tuple(dict.fromkeys(found))
    if scopes:
        fields["scopes"] = scopes
    # Example: {"scope_name": "…/auth/script.storage", "product_bucket": ["APPS_SCRIPT_RUNTIME"]}
    of_buckets = ["script"] if any("APPS_SCRIPT" in bucket for bucket in buckets) else []
    kinds = tuple(dict.fromkeys([*scope_kinds(scopes), *of_buckets])) or ("unknown",)
    fields["scope_kind"] = kinds


def _client(activity: Activity, fields: Fields, *names: str) -> str:
    client, app = activity.one(*names).lower(), activity.one("app_name")
    given = (("client_id", client), ("app", app), ("client_type", activity.one("client_type")))
    fields.update({name: value for name, value in given if value})
    return f"{app} ({client or 'unknown client'})" if app else client or "unknown client"


def _shown(fields: Fields) -> str:
    scopes = fields.get("scopes", ())
    scopes = scopes if isinstance(scopes, tuple) else (scopes,)
    more = f", +{len(scopes) - SCOPES_SHOWN}" if len(scopes) > SCOPES_SHOWN else ""
    return ", ".join(scopes[:SCOPES_SHOWN]) + more or "unknown scopes"


def _authorized(activity: Activity, fields: Fields) -> str:
    """Read an OAuth grant (or its end: revoke)."""
    client = _client(activity, fields, "client_id")
    _scopes(activity, fields, "scope", "scopes")
    return f"{activity.name} {client}{_for(fields)}: {_shown(fields)}"


def _for(fields: Fields) -> str:
    return f" for {fields['actor']}" if "actor" in fields else ""


def _used(activity: Activity, fields: Fields) -> str:
    """Read an API call that an app made with a user's token."""
    client = _client(activity, fields, "client_id")
    api, method = activity.one("api_name"), activity.one("method_name")
    kind = api_kind(api) or api_kind(activity.one("product_bucket")) or api_kind(method)
    size = activity.one("num_response_bytes")
    given = (("api", api), ("method", method), ("api_kind", kind), ("bytes", size))
    fields.update({name: value for name, value in given if value})
    if puts_in(method):
        fields["puts_in"] = "true"
    called = method or api or "an API"
    return f"{client} called {called}{_for(fields)}" + (f", {size} bytes" if size else "")


def _delegated(activity: Activity, fields: Fields) -> str:
    """Read domain-wide delegation: an app may act as any user."""
    client = _client(activity, fields, "API_CLIENT_NAME", "api_client_name")
    _scopes(activity, fields, "API_SCOPES", "api_scopes")
    return f"{activity.name} {client}: {_shown(fields)}"


def _forwarded(activity: Activity, fields: Fields) -> str:
    """Read that a user's mail is forwarded to another domain."""
    to = activity.one("email_forwarding_destination_address").lower()
    if to:
        fields["forward_to"] = to
    if "@" in to:
        fields["forward_domain"] = domains_of(to.rpartition("@")[2])
    return f"{activity.name}{_for(fields)} to {to or 'an unknown address'}"


ACTS: dict[str, Callable[[Activity, Fields], str]] = {
    "authorize": _authorized,
    "revoke": _authorized,
    "request": _authorized,
    "activity": _used,
    "authorize_api_client_access": _delegated,
    "remove_api_client_access": _delegated,
    "email_forwarding_out_of_domain": _forwarded,
}
