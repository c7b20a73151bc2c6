"""The kind of input that splunkd knows as flowtrap_workspace.

Example: `run(workspace_input(), sys.argv, sys.stdin.buffer, sys.stdout.buffer)`.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from flowtrap.model.errors import FlowtrapError
from flowtrap_inputs import forms
from flowtrap_inputs.http import HttpClient
from flowtrap_inputs.input_xml import Argument
from flowtrap_inputs.limiter import Limiter
from flowtrap_inputs.modular_input import InputKind
from flowtrap_inputs.retry import Retry
from flowtrap_inputs.runtime import tell_retry

from .reports_api import ROOT, ReportsApi
from .run import Run
from .settings import DEFAULT_APPLICATIONS, SOURCETYPE, Settings
from .token import TOKEN_URI, Tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowtrap_inputs.modular_input import Job, Runtime

NAME = "flowtrap_workspace"
REQUESTS_PER_MINUTE = 2_400
_APPLICATION = re.compile(r"[a-z][a-z_]{1,40}")
_MOST_RESCAN_HOURS = 720
_ARGUMENTS = (
    Argument("account", "Account", required=True),
    Argument("applications", "Applications"),
    Argument("start", "Start"),
    Argument("rescan_hours", "Re-scan"),
)


class Endpoints(NamedTuple):
    """Where Google is; tests put their model there."""

    token_uri: str = TOKEN_URI
    root: str = ROOT


GOOGLE = Endpoints()


def workspace_input(
    endpoints: Endpoints = GOOGLE, retry: partial[Retry] | type[Retry] = Retry
) -> InputKind:
    """Return the kind of input."""
    return InputKind(
        name=NAME,
        title="Google Workspace activities",
        about="Fetches the activities of the Admin SDK Reports API.",
        account=forms.GOOGLE,
        arguments=_ARGUMENTS,
        check=partial(settings, NAME),
        collect=partial(collect, endpoints=endpoints, retry=retry),
    )


def settings(name: str, form: Mapping[str, str]) -> Settings:
    """Return what an input's form says; raise FlowtrapError where it cannot be."""
    chosen = form.get("applications") or ",".join(DEFAULT_APPLICATIONS)
    applications = tuple(dict.fromkeys(a.strip() for a in re.split("[,|]", chosen) if a.strip()))
    for application in applications:
        if not _APPLICATION.fullmatch(application):
            raise FlowtrapError(
                f"{application[:60]!r} is not an application",
                place="Applications",
                cure="write names as drive,token,admin",
            )
    return Settings(
        name,
        applications,
        forms.start_s(form),
        forms.rescan_s(form, default=72, least=1, most=_MOST_RESCAN_HOURS, place="Re-scan"),
        "" if form.get("index", "default") == "default" else form["index"],
        form.get("sourcetype") or SOURCETYPE,
    )


def collect(
    job: Job, runtime: Runtime, *, endpoints: Endpoints, retry: partial[Retry] | type[Retry]
) -> None:
    """Fetch all that is new; return when it is out.

    Raises StoppedError, and RefusedError, TransientError, MalformedError, FormError where nothing
    can be read. What goes wrong with one application is counted and logged; the others go on.
    """

    key = forms.service_account_key(job.account)
    administrator = job.account.get("delegated_admin", "")
    limiter = Limiter(REQUESTS_PER_MINUTE // job.sharers, runtime.stop)
    pins = (endpoints.token_uri, endpoints.root)
    with HttpClient(pins, proxy=job.network.proxy, ca_file=job.network.ca_file) as http:
        tokens = Tokens(http, key, administrator, token_uri=endpoints.token_uri)
        api = ReportsApi(http, tokens, limiter, runtime.health, root=endpoints.root)
        tries = retry(runtime.stop, on_retry=partial(tell_retry, runtime))
        Run(settings(job.name, job.form), runtime, api, tries).go()
