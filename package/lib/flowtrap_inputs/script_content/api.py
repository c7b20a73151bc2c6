"""The calls: a script's project and content, its runs, and a user's runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from flowtrap_inputs.errors import MalformedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowtrap_inputs.json_api import JsonApi, TokenSource

ROOT = "https://script.googleapis.com/v1/"
SCOPES = (
    "https://www.googleapis.com/auth/script.processes",
    "https://www.googleapis.com/auth/script.projects.readonly",
)
PAGE = 50
MOST_PAGES = 200  # of runs: 10,000 in one reading
_SWITCHED_OFF = b"has not enabled the Apps Script API"


def words(status: int, body: bytes) -> tuple[str, str]:
    """Return problem and cure of a refusal."""
    if _SWITCHED_OFF in body:
        return (
            "the user has not switched the Apps Script API on",
            "it is a switch of each user at script.google.com/home/usersettings",
        )
    if status == 404:
        return "the script is gone, or is not this user's to read", ""
    if status in (401, 403):
        return (
            "the service account may not read scripts as this user",
            "enable the Apps Script API in its Cloud project, and delegate the scopes "
            + " and ".join(SCOPES),
        )
    return "the Apps Script API refuses the request", ""


class ScriptApi:
    """The Apps Script API, as one user."""

    def __init__(self, api: JsonApi, tokens: TokenSource, root: str = ROOT) -> None:
        self._get, self._tokens, self._root = api.get, tokens, root

    def project(self, script: str) -> dict[str, Any]:
        """Return a project's name, creator, times and the file that it is bound to (parentId)."""
        return self._get(f"{self._root}projects/{quote(script, safe='')}", self._tokens)

    def content(self, script: str) -> dict[str, Any]:
        """Return a project's files with their source."""
        return self._get(f"{self._root}projects/{quote(script, safe='')}/content", self._tokens)

    def runs_of(self, script: str, since: str) -> Iterator[dict[str, Any]]:
        """Yield a script's runs that began at a time (RFC 3339) or later."""
        query = {"scriptId": script, "scriptProcessFilter.startTime": since}
        yield from self._pages("processes:listScriptProcesses", query)

    def runs(self, since: str) -> Iterator[dict[str, Any]]:
        """Yield the user's runs, of whatever script, that began at a time or later."""
        yield from self._pages("processes", {"userProcessFilter.startTime": since})

    def _pages(self, method: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
        token = ""
        seen: set[str] = set()
        while token not in seen:
            if len(seen) >= MOST_PAGES:
                raise MalformedError("the runs have no end", place=method)
            seen.add(token)
            asked = {**query, "pageSize": str(PAGE), **({"pageToken": token} if token else {})}
            page = self._get(f"{self._root}{method}?{urlencode(asked)}", self._tokens)
            rows = page.get("processes")  # left out where there are none
            for row in rows if isinstance(rows, list) else ():
                if isinstance(row, dict):
                    yield row
            token = str(page.get("nextPageToken") or "")
            if not token:
                return
        raise MalformedError("the runs' pages go round in a circle", place=method)
