"""The calls: environments, the flows of one, and one flow with its definition.

An answer is `{"value": […], "nextLink": …}`. A nextLink says where the next page is; only its
query is taken, and asked at the same address, so that no answer decides where a token goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

from flowtrap_inputs.errors import ElsewhereError, MalformedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowtrap_inputs.json_api import JsonApi, TokenSource

MOST_PAGES = 10_000


class Roots(NamedTuple):
    """Where the two services are; a slash at the end."""

    environments: str = (
        "https://api.bap.microsoft.com/providers/Microsoft.BusinessAppPlatform/scopes/admin/"
    )
    flows: str = "https://api.flow.microsoft.com/providers/Microsoft.ProcessSimple/scopes/admin/"


# What a token must be for; with /.default these are scopes, two slashes and all.
ENVIRONMENTS_AUDIENCE = "https://service.powerapps.com/"
FLOWS_AUDIENCE = "https://service.flow.microsoft.com/"


def words(status: int, body: bytes) -> tuple[str, str]:
    """Return problem and cure of a refusal."""
    if status in (401, 403):
        return (
            "the application may not read the Power Platform as an administrator",
            "register it with New-PowerAppManagementApp as a Power Platform administrator",
        )
    return "the service refuses the request", ""


class FlowApi:
    """The two services, for one tenant."""

    def __init__(
        self,
        api: JsonApi,
        environment_tokens: TokenSource,
        flow_tokens: TokenSource,
        roots: Roots | None = None,
    ) -> None:
        self._get, self._roots = api.get, roots or Roots()
        self._environment_tokens, self._flow_tokens = environment_tokens, flow_tokens

    def environments(self) -> Iterator[str]:
        """Yield the names of all environments, such as Default-1f0e8a52-…."""
        address = f"{self._roots.environments}environments?api-version=2023-06-01"
        for row in self._rows(address, self._environment_tokens):
            if isinstance(row.get("name"), str):
                yield row["name"]

    def flows(self, environment: str) -> Iterator[dict[str, Any]]:
        """Yield the flows of an environment, each with a summary of its definition."""
        where = f"environments/{quote(environment, safe='')}/v2/flows"
        query = "api-version=2016-11-01&include=includeSolutionCloudFlows"
        yield from self._rows(f"{self._roots.flows}{where}?{query}", self._flow_tokens)

    def flow(self, environment: str, flow_id: str) -> dict[str, Any]:
        """Return a flow with its definition; raise RefusedError (404: it was deleted)."""
        where = f"environments/{quote(environment, safe='')}/flows/{quote(flow_id, safe='')}"
        return self._get(f"{self._roots.flows}{where}?api-version=2016-11-01", self._flow_tokens)

    def _rows(self, first: str, tokens: TokenSource) -> Iterator[dict[str, Any]]:
        address = first
        seen: set[str] = set()
        while address:
            if address in seen or len(seen) >= MOST_PAGES:
                raise MalformedError("the listing's pages go round in a circle", place=_host(first))
            seen.add(address)
            page = self._get(address, tokens)
            rows = page.get("value")
            if not isinstance(rows, list):
                raise MalformedError("a listing without its rows", place=_host(first))
            yield from (row for row in rows if isinstance(row, dict))
            address = following(first, page.get("nextLink"))


def following(first: str, link: object) -> str:
    """Return the address of the next page: where the first is, with the link's query.

    Raises ElsewhereError where the link is not of the same service.
    """
    if not link:
        return ""
    here = urlsplit(first)
    try:
        there = urlsplit(link) if isinstance(link, str) else urlsplit("")
        host = there.hostname or ""
    except ValueError:
        there, host = urlsplit(""), ""
    own = here.hostname or ""
    of_service = host == own or host.endswith(f".{own}")
    if there.scheme != "https" or there.username or not of_service or not there.query:
        raise ElsewhereError(
            "the next page is not where the first was; it gets no request", place=own
        )
    return here._replace(query=there.query).geturl()


def _host(address: str) -> str:
    return urlsplit(address).netloc
