"""The test of an account when it is saved: can it sign in, and read reports?

Example: `check(key, subject, http)` says nothing where all is well, else raises FlowtrapError with
the reason in plain words. It asks for a token and for one activity, and changes nothing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from flowtrap_inputs.health import Health
from flowtrap_inputs.limiter import Limiter
from flowtrap_inputs.stop import Stop

from .reports_api import ROOT, ReportsApi
from .settings import HOUR_S
from .token import TOKEN_URI, Tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowtrap_inputs.http import HttpClient

PINS = (TOKEN_URI, ROOT)


def check(
    key: Mapping[str, Any],
    subject: str,
    http: HttpClient,
    *,
    token_uri: str = TOKEN_URI,
    root: str = ROOT,
) -> None:
    """Raise RefusedError, TransientError, MalformedError where an account cannot be used.

    `http` must be pinned to PINS; `key` is the service account's key, `subject` the administrator.
    """
    tokens = Tokens(http, key, subject, token_uri=token_uri)
    api = ReportsApi(http, tokens, Limiter(60, Stop()), Health("check"), root=root)
    now_s = time.time() + tokens.skew_s
    api.page("admin", now_s - HOUR_S, now_s, "", most=1)
