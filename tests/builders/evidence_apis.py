"""Mocks of the Power Platform's admin API and of the Apps Script API, over HTTPS on loopback.

They page, refuse, throttle, fail and cut answers off when told to. `faults` maps a part of a path
to what the next requests for it meet: an HTTP status, "cut off", or "no JSON".
"""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from builders.local_server import LocalServer

Fault = int | str
SCRIPT_SCOPES = ("processes", "projects.readonly")
SECRET = "a-client-secret"
SWITCHED_OFF = "User has not enabled the Apps Script API. Enable it by visiting https://script.google.com/home/usersettings then retry."


class Api(LocalServer):
    """A server, as a context. `requests` are the paths asked for, `tokens` those that came."""

    def __init__(self, certificate: Path) -> None:
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        self.requests: list[str] = []
        self.tokens: set[str] = set()
        self.on_request: Callable[[str], object] = lambda path: None
        super().__init__(certificate, _handler(self))
        self.root = f"{self.origin}/"

    def fault(self, path: str) -> Fault | None:
        """Return what the next request for a path meets."""
        for part, waiting in self.faults.items():
            if part in path and waiting:
                return waiting.pop(0)
        return None

    def answer(self, path: str, query: dict[str, str], token: str) -> tuple[int, Any]:
        """Return status and JSON of a request."""
        raise NotImplementedError

    def sign_in(self, form: dict[str, str]) -> tuple[int, Any]:
        """Return status and JSON of a request for a token."""
        raise NotImplementedError


class PowerPlatform(Api):
    """Environments and their flows; two a page."""

    def __init__(self, certificate: Path) -> None:
        super().__init__(certificate)
        self.environments: dict[str, dict[str, dict[str, Any]]] = {}
        self.kept_back: set[str] = set()
        self.next_root = ""  # where nextLink points, if not here

    def sign_in(self, form: dict[str, str]) -> tuple[int, Any]:
        """Return a token for what is asked."""
        if form["client_secret"] != SECRET:
            return 401, {"error": "invalid_client", "error_description": "AADSTS7000215: no"}
        return 200, {"access_token": f"token for {form['scope']}", "expires_in": 3600}

    def put(self, environment: str, flow: dict[str, Any]) -> None:
        """Make or change a flow."""
        self.environments.setdefault(environment, {})[flow["name"]] = flow

    def answer(self, path: str, query: dict[str, str], token: str) -> tuple[int, Any]:
        """Return status and JSON of a request."""
        parts = path.strip("/").split("/")
        of = "powerapps.com" if parts[0] == "bap" else "flow.microsoft.com"
        if token != f"token for https://service.{of}//.default":
            return 401, {"error": {"code": "InvalidAuthenticationAudience"}}
        if parts[-1] == "environments":
            rows = [{"name": name, "properties": {}} for name in self.environments]
            return 200, self._page(rows, path, query)
        if parts[-2:] == ["v2", "flows"]:
            flows = list(self.environments[unquote(parts[-3])].values())
            return 200, self._page([_listed(flow) for flow in flows], path, query)
        environment, name = unquote(parts[-3]), parts[-1]
        if name in self.kept_back:
            return 403, {"error": {"code": "FlowNotAuthorized"}}
        flow = self.environments[environment].get(name)
        return (200, flow) if flow else (404, {"error": {"code": "FlowNotFound"}})

    def _page(self, rows: list[Any], path: str, query: dict[str, str]) -> dict[str, Any]:
        start = int(query.get("$skiptoken", "0"))
        page: dict[str, Any] = {"value": rows[start : start + 2]}
        if start + 2 < len(rows):
            root = self.next_root or self.root
            page["nextLink"] = f"{root}{path.lstrip('/')}?%24skiptoken={start + 2}"
        return page


def _listed(flow: dict[str, Any]) -> dict[str, Any]:
    properties = {k: v for k, v in flow["properties"].items() if k != "definition"}
    return {**flow, "properties": {**properties, "definitionSummary": {"actions": []}}}


class AppsScript(Api):
    """Projects, contents and runs, each seen by one user; the token names the user."""

    def __init__(self, certificate: Path) -> None:
        super().__init__(certificate)
        self.scripts: dict[str, dict[str, Any]] = {}  # id -> {user, project, content, processes}
        self.runs: dict[str, list[dict[str, Any]]] = {}  # user -> processes
        self.switched_off: set[str] = set()

    def sign_in(self, form: dict[str, str]) -> tuple[int, Any]:
        """Return a token that names the user whom the assertion asks for."""
        claims = form["assertion"].split(".")[1]
        asked = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        wanted = {f"https://www.googleapis.com/auth/script.{n}" for n in SCRIPT_SCOPES}
        if set(asked["scope"].split()) != wanted:
            return 401, {"error": "unauthorized_client", "error_description": "no such scope"}
        return 200, {"access_token": f"token of {asked['sub']}", "expires_in": 3600}

    def answer(self, path: str, query: dict[str, str], token: str) -> tuple[int, Any]:
        """Return status and JSON of a request."""
        user, name = token.partition("token of ")[2], path.partition("/v1/")[2] or path.strip("/")
        if name == "processes":
            return 200, _runs(self.runs.get(user, []), query)
        script = query.get("scriptId") or unquote(name.split("/")[1])
        held = self.scripts.get(script)
        if held is None or held["user"] != user:
            return 404, {"error": {"code": 404, "status": "NOT_FOUND"}}
        if name.startswith("processes:"):
            return 200, _runs(held["processes"], query)
        if user in self.switched_off:
            return 403, {"error": {"code": 403, "message": SWITCHED_OFF}}
        return 200, held["content" if name.endswith("/content") else "project"]


def _runs(rows: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
    since = query.get("scriptProcessFilter.startTime") or query["userProcessFilter.startTime"]
    rows = [row for row in rows if row["startTime"] >= since]
    start = int(query.get("pageToken", "0"))
    page: dict[str, Any] = {"processes": rows[start : start + 2]} if rows else {}
    return {**page, "nextPageToken": str(start + 2)} if start + 2 < len(rows) else page


def _handler(api: Api) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            token = self.headers.get("Authorization", "").partition("Bearer ")[2]
            self.answer_with(parts.path, query, token)

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            status, said = api.sign_in({name: values[-1] for name, values in form.items()})
            self.send(status, json.dumps(said).encode())

        def answer_with(self, path: str, query: dict[str, str], token: str) -> None:
            api.requests.append(self.path)
            api.on_request(self.path)
            api.tokens.add(token)
            fault = api.fault(self.path)
            if isinstance(fault, int):
                status, said = fault, {"error": {"code": "fault"}}
            else:
                status, said = api.answer(path, query, token)
            body = b"<html>" if fault == "no JSON" else json.dumps(said).encode()
            self.send(status, body, cut_off=fault == "cut off")

        def send(self, status: int, body: bytes, *, cut_off: bool = False) -> None:
            self.send_response(status)
            if status == 429:
                self.send_header("Retry-After", "0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut_off else body)
            self.close_connection = cut_off

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
