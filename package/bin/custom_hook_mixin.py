"""What happens when something is saved or deleted in the add-on's pages.

splunktaucclib calls these hooks before it acts, in every handler that UCC generates; it finds them
by the name of this module. An error that is raised here is shown in the form, and nothing is saved.
flowtrap_inputs is imported when it is needed: a failing import at load would cost the whole page.
"""

from __future__ import annotations

from typing import Any

from splunktaucclib.rest_handler.error import RestError

ACCOUNTS = ("microsoft_account", "google_account")
INPUTS = ("flowtrap_m365", "flowtrap_workspace", "flowtrap_flow_definitions", "flowtrap_script_content")
UNSEEN = ("******", "********")  # what the page sends for a secret that was not touched


class CustomHookMixin:
    """Hooks of AdminExternalHandler, which is mixed in and has `handler`."""

    handler: Any

    def create_hook(self, session_key: str, config_name: str, stanza_id: str, payload: Any) -> None:
        """Refuse a form that cannot be used, and an account that cannot sign in."""
        self.handler.get_endpoint().validate(stanza_id, payload)
        _check(config_name, _tidied(payload), self._proxy)

    def edit_hook(self, session_key: str, config_name: str, stanza_id: str, payload: Any) -> None:
        """Do the same with the form as it will be: what is not sent stays as it was."""
        saved = self._saved(stanza_id)
        self.handler.get_endpoint().validate(stanza_id, payload, saved)
        changed = {k: v for k, v in _tidied(payload).items() if v not in UNSEEN}
        _check(config_name, {**saved, **changed}, self._proxy)

    def delete_hook(self, session_key: str, config_name: str, stanza_id: str) -> None:
        """Delete the checkpoint of an input with it."""
        if config_name in INPUTS:
            from flowtrap_inputs.checkpoint import forget

            forget(self.handler._splunkd_uri, session_key, config_name, stanza_id)

    def _saved(self, name: str) -> dict[str, str]:
        entities = self.handler.get(name, decrypt=True)
        return next((dict(e.content) for e in entities), {})
