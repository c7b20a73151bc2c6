"""The input for flow definitions: one run, from an account to events.

Example: `collect(Settings("flows", account), runtime)`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable

from flowtrap_inputs.errors import FetchError
from flowtrap_inputs.evidence import Outlet
from flowtrap_inputs.http import HttpClient
from flowtrap_inputs.json_api import JsonApi
from flowtrap_inputs.limiter import Limiter
from flowtrap_inputs.m365.clouds import CLOUDS, Cloud
from flowtrap_inputs.m365.token import Tokens
from flowtrap_inputs.retry import Retry

from .api import ENVIRONMENTS_AUDIENCE, FLOWS_AUDIENCE, FlowApi, Roots, words
from .collect import Run

if TYPE_CHECKING:
    from flowtrap_inputs.m365.settings import Account
    from flowtrap_inputs.runtime import Runtime

# No limit is published; that of Microsoft's own admin connector is 100 calls a minute.
REQUESTS_PER_MINUTE = 100
ROOTS = {CLOUDS["commercial"]: Roots()}


@dataclass(frozen=True)
class Settings:
    """An input. The application of the account is a management application of Power Platform."""

    name: str
    account: Account
    index: str = "default"


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
    web = HttpClient(
        [*roots, account.cloud.token_address(account.tenant)],
        proxy=account.proxy,
        ca_file=account.ca_file,
    )

    def tokens(audience: str) -> Tokens:
        cloud = Cloud(audience, account.cloud.login)
        return Tokens(web, cloud, account.tenant, account.client_id, account.credential)

    api = JsonApi(
        web, Limiter(per_minute, runtime.stop), retry(runtime.stop), words, runtime.health
    )
    flows = FlowApi(api, tokens(ENVIRONMENTS_AUDIENCE), tokens(FLOWS_AUDIENCE), roots)
    outlet = Outlet(
        runtime,
        settings.name,
        index=settings.index,
        source=f"m365:{account.tenant}",
        host=roots.flows.split("/")[2],
        clock=clock,
    )
    Run(flows, account.tenant, outlet).go()
