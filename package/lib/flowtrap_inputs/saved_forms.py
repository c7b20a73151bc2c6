"""What the add-on's pages saved, with the secrets, read from splunkd.

Example: `saved_form(splunkd, "ta_flowtrap_settings", "proxy")` returns the fields as text.

The settings are in a conf file. The secrets of a stanza are one JSON object in storage/passwords,
cut into passwords of at most 255 characters, the last of which is an end mark.

Source: splunktaucclib.rest_handler.credentials, solnlib.credentials.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flowtrap_splunk.errors import SplunkdError
from flowtrap_splunk.splunkd import APP

if TYPE_CHECKING:
    from flowtrap_splunk.splunkd import Splunkd

ACCOUNT_CONF = "ta_flowtrap_{}"  # of the name of an account's tab
SETTINGS_CONF = "ta_flowtrap_settings"
_SEPARATOR = "``splunk_cred_sep``"
_END = _SEPARATOR + _SEPARATOR.join("SPLUNK") + _SEPARATOR


def saved_form(splunkd: Splunkd, conf: str, name: str) -> dict[str, str] | None:
    """Return the fields of a stanza with its secrets, None without it; raise SplunkdError."""
    endpoint = f"configs/conf-{conf}"
    try:
        stanzas = splunkd.get(endpoint, count="0")["entry"]
    except SplunkdError as error:
        if error.status != 404:
            raise
        return None
    for stanza in stanzas:
        if stanza["name"] == name:
            fields = {k: str(v) for k, v in stanza["content"].items() if v is not None}
            return {**fields, **_secrets(splunkd, endpoint, name)}
    return None


def _secrets(splunkd: Splunkd, endpoint: str, name: str) -> dict[str, str]:
    realm = f"__REST_CREDENTIAL__#{APP}#{endpoint}"
    found: dict[int, str] = {}
    for entry in splunkd.get("storage/passwords", count="0", search=f"realm={realm}")["entry"]:
        content: dict[str, Any] = entry["content"]
        owner, _, number = str(content.get("username")).partition(_SEPARATOR)
        if owner == name and content.get("realm") == realm and number.isdigit():
            found[int(number)] = str(content.get("clear_password"))
    text = ""
    for _, piece in sorted(found.items()):
        if piece == _END:
            break
        text += piece
    secrets: dict[str, str] = json.loads(text) if text else {}
    return secrets
