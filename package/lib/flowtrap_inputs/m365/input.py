"""The kind of input that splunkd knows as flowtrap_m365.

Example: `run(m365_input(), sys.argv, sys.stdin.buffer, sys.stdout.buffer)`.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Callable

from flowtrap.model.errors import FlowtrapError
from flowtrap_inputs import forms
from flowtrap_inputs.input_xml import Argument
from flowtrap_inputs.modular_input import InputKind
from flowtrap_inputs.retry import Retry

from .account import account_of
from .clouds import CLOUDS, CONTENT_TYPES, Cloud
from .collect import collect
from .settings import SOURCETYPE, Account, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowtrap_inputs.modular_input import Job, Runtime

NAME = "flowtrap_m365"
_MOST_RESCAN_HOURS = 144
_ARGUMENTS = (
    Argument("account", "Account", required=True),
    Argument("content_types", "Content types"),
    Argument("start", "Start"),
    Argument("rescan_hours", "Read again"),
)


def m365_input(
    clouds: Mapping[str, Cloud] = CLOUDS, retry: Callable[..., Retry] = Retry
) -> InputKind:
    """Return the kind of input; tests put their model of a cloud into `clouds`."""
    return InputKind(
        name=NAME,
        title="Microsoft 365 audit events",
        about="Fetches audit events from the Office 365 Management Activity API.",
        account=forms.MICROSOFT,
        arguments=_ARGUMENTS,
        check=check_form,
        collect=partial(_collect, clouds=clouds, retry=retry),
    )


def check_form(form: Mapping[str, str]) -> None:
    """Raise FlowtrapError where an input's form cannot be used."""
    _content_types(form)
    _rescan_s(form)
    forms.start_s(form)


def settings_of(
    name: str, form: Mapping[str, str], account: Account, inputs_of_tenant: int = 1
) -> Settings:
    """Return what an input's form says; raise FlowtrapError where it cannot be."""
    index = form.get("index") or "default"
    return Settings(
        name=name,
        account=account,
        content_types=_content_types(form),
        start_s=forms.start_s(form),
        rescan_s=_rescan_s(form),
        index="" if index == "default" else index,
        sourcetype=form.get("sourcetype") or SOURCETYPE,
        inputs_of_tenant=inputs_of_tenant,
    )


def _collect(
    job: Job, runtime: Runtime, *, clouds: Mapping[str, Cloud], retry: Callable[..., Retry]
) -> None:
    network = job.network
    account = account_of(job.account, proxy=network.proxy, ca_file=network.ca_file, clouds=clouds)
    collect(settings_of(job.name, job.form, account, job.sharers), runtime, retry=retry)


def _content_types(form: Mapping[str, str]) -> tuple[str, ...]:
    chosen = form.get("content_types") or ",".join(CONTENT_TYPES[:-1])
    names = tuple(dict.fromkeys(part.strip() for part in re.split("[,|]", chosen)))
    for name in names:
        if name not in CONTENT_TYPES:
            raise FlowtrapError(
                f"{name[:60]!r} is not a content type",
                place="Content types",
                cure=f"choose from {', '.join(CONTENT_TYPES)}",
            )
    return names


def _rescan_s(form: Mapping[str, str]) -> int:
    return forms.rescan_s(form, default=6, least=0, most=_MOST_RESCAN_HOURS, place="Read again")
