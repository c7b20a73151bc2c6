"""activities.list of the Reports API: addresses, paging, and what its errors mean.

Source: "Reports API: Activities: list", "Usage limits" and "Resolve errors", Google Workspace.
"""

from __future__ import annotations

import datetime
import time
from typing import TYPE_CHECKING, Callable
from urllib.parse import quote, urlencode

from flowtrap_inputs.errors import MalformedError, RefusedError, TransientError

from .activities import Page, read_page

if TYPE_CHECKING:
    from flowtrap_inputs.http import Answer, HttpClient
    from flowtrap_inputs.limiter import Limiter
    from flowtrap_inputs.runtime import Health

    from .token import Tokens

ROOT = "https://admin.googleapis.com/"
PATH = "admin/reports/v1/activity/users/all/applications/"
MOST_RESULTS = 1000
MOST_PAGE_BYTES = 64 * 1024 * 1024
_THROTTLED = frozenset(("rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"))
_CURES = {
    "accessNotConfigured": (
        "the Admin SDK API is not enabled in the key's project",
        "Google Cloud console > APIs & Services: enable Admin SDK API",
    ),
    "SERVICE_DISABLED": (
        "the Admin SDK API is not enabled in the key's project",
        "Google Cloud console > APIs & Services: enable Admin SDK API",
    ),
    "insufficientPermissions": (
        "the token does not carry the scope for reports",
        "grant admin.reports.audit.readonly under Domain-wide delegation",
    ),
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": (
        "the token does not carry the scope for reports",
        "grant admin.reports.audit.readonly under Domain-wide delegation",
    ),
}
_NOT_ADMINISTRATOR = (
    "the delegated user is not an administrator who may read reports",
    "give the user a role with the privilege Reports, or name a super administrator",
)


class StalePageError(RefusedError):
    """Google does not take the page token any more: the window is read anew."""


class ReportsApi:
    """Reads pages. `root` is for the tests' model alone."""

    def __init__(
        self,
        http: HttpClient,
        tokens: Tokens,
        limiter: Limiter,
        health: Health,
        *,
        root: str = ROOT,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._http, self._tokens, self._limiter, self._health = http, tokens, limiter, health
        self._address = f"{root}{PATH}"
        self._clock = clock

    def now_s(self) -> float:
        """Return Google's time, as its sign-in told it."""
        self._tokens.get()
        return self._clock() + self._tokens.skew_s

    def page(
        self, application: str, start_s: float, end_s: float, token: str, most: int = MOST_RESULTS
    ) -> Page:
        """Return one page of what happened from start to end, newest first.

        Raises StalePageError, RefusedError, TransientError.
        """
        words = {
            "startTime": _rfc3339(start_s),
            "endTime": _rfc3339(end_s),
            "maxResults": str(most),
            "prettyPrint": "false",
            **({"pageToken": token} if token else {}),
        }
        address = f"{self._address}{quote(application, safe='')}?{urlencode(words)}"
        body = self._get(address, application, bool(token))
        try:
            return read_page(body)
        except MalformedError as error:
            self._health.error("malformed")
            raise TransientError(str(error), code="malformed", place=application) from None

    def _get(self, address: str, application: str, is_paging: bool) -> bytes:
        token = self._tokens.get()
        for is_last in (False, True):
            self._limiter.take()
            self._health.add("requests")
            headers = {"Authorization": f"Bearer {token}"}
            with self._http.open("GET", address, headers=headers) as answer:
                if answer.status == 200:
                    return answer.read(MOST_PAGE_BYTES)
                if answer.status != 401 or is_last:
                    raise self._refused(answer, application, is_paging)
            token = self._tokens.replace(token)
        raise AssertionError("the last try returns or raises")

    def _refused(
        self, answer: Answer, application: str, is_paging: bool
    ) -> RefusedError | TransientError:
        reason, said = _reason(answer)
        status = answer.status
        code = reason or str(status)
        self._health.error(code)
        if reason in _THROTTLED or status in (408, 429) or status >= 500:
            if reason in _THROTTLED or status in (429, 503):
                self._health.add("throttles")
            return TransientError(
                f"Google answers {status} {reason}".rstrip(),
                status=status,
                code=code,
                retry_after_s=answer.retry_after_s(),
                place=application,
            )
        if status == 400 and is_paging and "token" in said.lower():
            return StalePageError("the page token is stale", status=status, code=code)
        problem, cure = _CURES.get(reason) or _words(status, reason)
        return RefusedError(problem, status=status, code=code, place=application, cure=cure)


def _words(status: int, reason: str) -> tuple[str, str]:
    if status in (401, 403):
        return _NOT_ADMINISTRATOR
    return f"Google answers {status} {reason}".rstrip(), "check the application's name"


def _reason(answer: Answer) -> tuple[str, str]:
    """Return the first reason of an error and its message, "" where there is none."""
    try:
        error = answer.json()["error"]
        said = str(error.get("message") or "")
        rows = [row for name in ("details", "errors") for row in error.get(name) or ()]
        reasons = [row["reason"] for row in rows if isinstance(row.get("reason"), str)]
    except (MalformedError, TransientError, KeyError, TypeError, AttributeError):
        return "", ""
    reason = next(iter(reasons), "")
    return (reason if reason.isidentifier() and len(reason) < 60 else ""), said


def _rfc3339(time_s: float) -> str:
    moment = datetime.datetime.fromtimestamp(time_s, datetime.timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
