"""One run of the input, put together from an account, settings and what the run is given.

Example: `collect(settings, runtime)`, which returns when all that is new is out.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Callable

from flowtrap_inputs.errors import StoppedError
from flowtrap_inputs.http import HttpClient
from flowtrap_inputs.limiter import Limiter
from flowtrap_inputs.retry import Retry
from flowtrap_inputs.runtime import tell_retry

from .activity_api import ActivityApi
from .run import Run
from .token import Tokens

if TYPE_CHECKING:
    from flowtrap_inputs.runtime import Runtime

    from .settings import Settings

REQUESTS_PER_MINUTE = 1_800  # the tenant's limit is 2,000


def collect(
    settings: Settings,
    runtime: Runtime,
    *,
    retry: Callable[..., Retry] = Retry,
    per_minute: int = REQUESTS_PER_MINUTE,
) -> None:
    """Fetch all that is new; return when it is out, or when told to stop.

    Raises RefusedError where nothing of the tenant can be read, TransientError where the service
    does not answer; what was fetched until then is out and saved. What goes wrong with one content
    type is counted and logged, and the others go on.
    """

    account = settings.account
    tries = retry(runtime.stop, on_retry=partial(tell_retry, runtime))
    with HttpClient(
        account.cloud.pins(account.tenant), proxy=account.proxy, ca_file=account.ca_file
    ) as http:
        api = ActivityApi(
            http,
            Tokens(http, account.cloud, account.tenant, account.client_id, account.credential),
            account.cloud,
            account.tenant,
            limiter=Limiter(per_minute // max(1, settings.inputs_of_tenant), runtime.stop),
            retry=tries,
            health=runtime.health,
        )
        try:
            Run(settings, runtime, api, tries).go()
        except StoppedError:
            runtime.log.info("told to stop: what is out is in the checkpoint")
