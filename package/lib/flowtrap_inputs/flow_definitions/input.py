"""The kind of input that splunkd knows as flowtrap_flow_definitions.

Example: `run(flow_definitions_input(), sys.argv, sys.stdin.buffer, sys.stdout.buffer)`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Callable

from flowtrap_inputs import forms
from flowtrap_inputs.errors import FetchError
from flowtrap_inputs.evidence import Outlet
from flowtrap_inputs.http import HttpClient
from flowtrap_inputs.input_xml import Argument
from flowtrap_inputs.json_api import JsonApi
from flowtrap_inputs.limiter import Limiter
from flowtrap_inputs.m365.account import account_of
from flowtrap_inputs.m365.clouds import CLOUDS, Cloud
from flowtrap_inputs.m365.token import Tokens
from flowtrap_inputs.modular_input import InputKind
from flowtrap_inputs.retry import Retry

from .api import ENVIRONMENTS_AUDIENCE, FLOWS_AUDIENCE, FlowApi, Roots, words
from .collect import Run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowtrap_inputs.m365.settings import Account
    from flowtrap_inputs.modular_input import Job
    from flowtrap_inputs.modular_input import Runtime as ProcessRuntime
    from flowtrap_inputs.runtime import Runtime

# No limit is published; that of Microsoft's own admin connector is 100 calls a minute.
REQUESTS_PER_MINUTE = 100
ROOTS = {CLOUDS["commercial"]: Roots()}


@dataclass(frozen=True)
class Settings:
    """An input. The application of the account is a management application of Power Platform."""

    name: str
    account: Account
    index: str = ""


def flow_definitions_input(
    clouds: Mapping[str, Cloud] = CLOUDS, roots: Roots | None = None
) -> InputKind:
    """Return the kind of input; tests put their models into `clouds` and `roots`."""
    return InputKind(
        name="flowtrap_flow_definitions",
        title="Power Automate flows",
        about="What each flow does: triggers, actions and endpoints, which no audit log tells.",
        account=forms.MICROSOFT,
        arguments=(Argument("account", "Account", required=True),),
        check=lambda form: None,
        collect=partial(_collect, clouds=clouds, roots=roots),
    )


def _collect(
    job: Job, runtime: ProcessRuntime, *, clouds: Mapping[str, Cloud], roots: Roots | None
) -> None:
    proxy, ca_file = job.network
    account = account_of(job.account, proxy=proxy, ca_file=ca_file, clouds=clouds)
    settings = Settings(job.name, account, job.form.get("index", "").replace("default", ""))
    per_minute = max(1, REQUESTS_PER_MINUTE // job.sharers)
    collect(settings, runtime, per_minute=per_minute, roots=roots)


def collect(
    settings: Settings,
    runtime: Runtime,
    *,
    retry: Callable[..., Retry] = Retry,
    per_minute: int = REQUESTS_PER_MINUTE,
    roots: Roots | None = None,
    clock: Callable[[], float] = time.time,
) -> None:
    """Emit what was changed since the last run; return when it is out.

    Raises RefusedError where nothing can be read, TransientError where the service does not answer,
    StoppedError when told to stop; what was read until then is out and saved.
    """
    account = settings.account
    roots = roots or ROOTS.get(account.cloud)
    if roots is None:
        raise FetchError(
            "flow definitions are read in the commercial cloud only",
            place=settings.name,
            cure="delete this input; the detections work without it",
        )
    outlet = Outlet(
        runtime,
        settings.name,
        index=settings.index,
        source=f"m365:{account.tenant}",
        host=roots.flows.split("/")[2],
        clock=clock,
    )
    pins = [*roots, account.cloud.token_address(account.tenant)]
    with HttpClient(pins, proxy=account.proxy, ca_file=account.ca_file) as web:

        def tokens(audience: str) -> Tokens:
            cloud = Cloud(audience, account.cloud.login)
            return Tokens(web, cloud, account.tenant, account.client_id, account.credential)

        api = JsonApi(
            web, Limiter(per_minute, runtime.stop), retry(runtime.stop), words, runtime.health
        )
        flows = FlowApi(api, tokens(ENVIRONMENTS_AUDIENCE), tokens(FLOWS_AUDIENCE), roots)
        Run(flows, account.tenant, outlet).go()
