"""What happens when something is saved or deleted in the add-on's pages.

splunktaucclib calls these hooks before it acts, in every handler that UCC generates; it finds them
by the name of this module. An error that is raised here is shown in the form, and nothing is saved.
flowtrap_inputs is imported when it is needed: a failing import at load would cost the whole page.
"""

from __future__ import annotations

from typing import Any

from splunktaucclib.rest_handler.error import RestError

INPUTS = (
    "flowtrap_m365",
    "flowtrap_workspace",
    "flowtrap_flow_definitions",
    "flowtrap_script_content",
)
FORMS = ("microsoft_account", "google_account", "proxy")
UNSEEN = ("******", "********")  # what the page sends for a secret that was not touched
UNUSED = {"secret": ("certificate", "private_key"), "certificate": ("client_secret",)}


class CustomHookMixin:
    """Hooks of AdminExternalHandler, which is mixed in and has `handler`."""

    handler: Any

    def create_hook(self, session_key: str, config_name: str, stanza_id: str, payload: Any) -> None:
        """Refuse a form that cannot be used, and an account that cannot sign in."""
        if config_name in FORMS:
            self.handler.get_endpoint().validate(stanza_id, payload)
            _tidy(payload)
            _check(self.handler, session_key, config_name, payload)

    def edit_hook(self, session_key: str, config_name: str, stanza_id: str, payload: Any) -> None:
        """Do the same with the form as it will be: what is not sent stays as it was."""
        if config_name in FORMS:
            saved = next((dict(e.content) for e in self.handler.get(stanza_id, decrypt=True)), {})
            self.handler.get_endpoint().validate(stanza_id, payload, saved)
            _tidy(payload)
            changed = {k: v for k, v in payload.items() if v not in UNSEEN}
            _check(self.handler, session_key, config_name, {**saved, **changed})

    def delete_hook(self, session_key: str, config_name: str, stanza_id: str) -> None:
        """Delete the checkpoint of an input with it."""
        if config_name in INPUTS:
            from flowtrap_inputs.checkpoint import forget

            forget(self.handler._splunkd_uri, session_key, config_name, stanza_id)


def _tidy(payload: dict[str, str]) -> None:
    """Forget what the chosen way to sign in does not use; a certificate becomes one line."""
    for field in UNUSED.get(payload.get("auth_type", ""), ()):
        payload[field] = ""
    if payload.get("certificate"):
        payload["certificate"] = " ".join(payload["certificate"].split())


def _check(handler: Any, session_key: str, kind: str, form: dict[str, Any]) -> None:
    from flowtrap.model.errors import FlowtrapError
    from flowtrap_inputs import forms
    from flowtrap_inputs.check import check_account
    from flowtrap_inputs.saved_forms import SETTINGS_CONF, saved_form
    from flowtrap_splunk.splunkd import Splunkd

    entered = {name: str(value) for name, value in form.items() if value is not None}
    try:
        if kind == forms.PROXY:
            forms.network(entered)
            return
        saved = saved_form(Splunkd(handler._splunkd_uri, session_key), SETTINGS_CONF, forms.PROXY)
        check_account(kind, entered, forms.network(saved or {}))
    except FlowtrapError as error:
        raise RestError(400, str(error)) from None
