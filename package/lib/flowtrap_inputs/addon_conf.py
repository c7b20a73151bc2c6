"""What the add-on's pages keep: accounts with their secrets, the proxy, the level of the log.

Secrets lie in storage/passwords as one JSON object for each stanza, cut in pieces of 255 characters
(solnlib's form, which the handlers that UCC generates write). Nothing here prints or logs them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flowtrap_splunk.errors import SplunkdError
from flowtrap_splunk.splunkd import APP

from .errors import MalformedError

if TYPE_CHECKING:
    from flowtrap_splunk.splunkd import Splunkd

_PREFIX = "configs/conf-ta_flowtrap_"
_SEPARATOR = "``splunk_cred_sep``"
_CURE = "enter the secret again on the add-on's page"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class AddonConf:
    """Reads it with the session of a run. Its calls raise SplunkdError."""

    def __init__(self, splunkd: Splunkd) -> None:
        self._splunkd = splunkd

    def account(self, conf: str, name: str) -> dict[str, str]:
        """Return an account's form (conf: google_account, …), secrets and all.

        Raises MalformedError where there is no such account, or a secret cannot be read.
        """
        form = self._stanza(conf, name)
        if form is None:
            raise MalformedError(
                "does not exist", place=f"account {name!r}", cure="choose another in the input"
            )
        return {**form, **self._secrets(conf, name)}

    def settings(self, stanza: str) -> dict[str, str]:
        """Return a stanza of the settings, such as proxy, secrets and all; {} where unset."""
        form = self._stanza("settings", stanza)
        return {} if form is None else {**form, **self._secrets("settings", stanza)}

    def log_level(self) -> str:
        """Return the level of the log."""
        level = (self._stanza("settings", "logging") or {}).get("loglevel", "").upper()
        return level if level in LEVELS else "INFO"

    def inputs_of(self, kind: str, account: str) -> int:
        """Return how many enabled inputs of a kind share an account: the limit is shared, too."""
        answer = self._splunkd.get(f"data/inputs/{kind}", count="0")
        forms = [entry.get("content") or {} for entry in answer.get("entry", ())]
        return sum(
            form.get("account") == account
            and str(form.get("disabled")).lower() not in ("1", "true")
            for form in forms
        )

    def _stanza(self, conf: str, name: str) -> dict[str, str] | None:
        try:
            answer = self._splunkd.get(f"{_PREFIX}{conf}/{quote(name, safe='')}")
        except SplunkdError as error:
            if error.status != 404:
                raise
            return None
        content = answer["entry"][0]["content"]
        return {key: str(value) for key, value in content.items() if value is not None}

    def _secrets(self, conf: str, name: str) -> dict[str, str]:
        realm = f"__REST_CREDENTIAL__#{APP}#{_PREFIX}{conf}"
        pieces: dict[int, str] = {}
        for entry in self._splunkd.get("storage/passwords", count="0").get("entry", ()):
            row: dict[str, Any] = entry.get("content") or {}
            owner, _, number = str(row.get("username")).rpartition(_SEPARATOR)
            if row.get("realm") == realm and owner == name and number.isdigit():
                pieces[int(number)] = str(row.get("clear_password"))
        if not pieces:
            return {}
        text = "".join(pieces[n] for n in sorted(pieces)).partition(_SEPARATOR)[0]
        try:
            return {key: str(value) for key, value in json.loads(text).items()}
        except (ValueError, AttributeError):
            raise MalformedError(
                "the stored secret cannot be read", place=f"account {name!r}", cure=_CURE
            ) from None
