"""The kind of input that splunkd knows as flowtrap_script_content.

Example: `run(script_content_input(), sys.argv, sys.stdin.buffer, sys.stdout.buffer)`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Callable

from flowtrap_inputs import forms
from flowtrap_inputs.evidence import Outlet
from flowtrap_inputs.gws.token import TOKEN_URI, Tokens
from flowtrap_inputs.http import HttpClient
from flowtrap_inputs.input_xml import Argument
from flowtrap_inputs.json_api import JsonApi
from flowtrap_inputs.limiter import Limiter
from flowtrap_inputs.modular_input import InputKind
from flowtrap_inputs.retry import Retry

from .api import ROOT, SCOPES, ScriptApi, words
from .collect import Run
from .watch import watched

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flowtrap_inputs.http import Proxy
    from flowtrap_inputs.modular_input import Job
    from flowtrap_inputs.modular_input import Runtime as ProcessRuntime
    from flowtrap_inputs.runtime import Runtime

    from .collect import Watched

# No limit is published; few users are watched, so that this is no bound in practice.
REQUESTS_PER_MINUTE = 300


@dataclass(frozen=True)
class Settings:
    """An input. `key` is Google's JSON key file of a service account."""

    name: str
    key: Mapping[str, Any] = field(repr=False)
    index: str = ""
    proxy: Proxy | None = None
    ca_file: str | None = None


def script_content_input(root: str = ROOT, token_uri: str = TOKEN_URI) -> InputKind:
    """Return the kind of input; tests put their model's addresses into `root` and `token_uri`."""
    return InputKind(
        name="flowtrap_script_content",
        title="Apps Script",
        about="Code and runs of the scripts of users in open cases, which no audit log tells.",
        account=forms.GOOGLE,
        arguments=(Argument("account", "Account", required=True),),
        check=lambda form: None,
        collect=partial(_collect, root=root, token_uri=token_uri),
    )


def _collect(job: Job, runtime: ProcessRuntime, *, root: str, token_uri: str) -> None:
    key = forms.service_account_key(job.account)
    index = job.form.get("index", "").replace("default", "")
    settings = Settings(job.name, key, index, *job.network)
    people = watched(runtime.splunkd)
    runtime.log.info("%d users are in open cases", len(people))
    per_minute = max(1, REQUESTS_PER_MINUTE // job.sharers)
    collect(settings, people, runtime, per_minute=per_minute, root=root, token_uri=token_uri)


def collect(
    settings: Settings,
    people: Iterable[Watched],
    runtime: Runtime,
    *,
    retry: Callable[..., Retry] = Retry,
    per_minute: int = REQUESTS_PER_MINUTE,
    root: str = ROOT,
    token_uri: str = TOKEN_URI,
    clock: Callable[[], float] = time.time,
) -> None:
    """Emit what is new of the watched users' scripts; return when it is out.

    Raises RefusedError where nothing can be read, TransientError where Google does not answer,
    StoppedError when told to stop; what was read until then is out and saved.
    """
    outlet = Outlet(
        runtime,
        settings.name,
        index=settings.index,
        source="gws:script",
        host=root.split("/")[2],
        clock=clock,
    )
    with HttpClient([root, token_uri], proxy=settings.proxy, ca_file=settings.ca_file) as web:
        api = JsonApi(
            web, Limiter(per_minute, runtime.stop), retry(runtime.stop), words, runtime.health
        )

        def as_user(user: str) -> ScriptApi:
            scope = " ".join(SCOPES)
            tokens = Tokens(web, settings.key, user, scope=scope, token_uri=token_uri)
            return ScriptApi(api, tokens, root)

        Run(as_user, outlet).go(people)
