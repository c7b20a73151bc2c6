"""A proxy before an Elasticsearch that can answer in its stead, or change what it answers.

    with Meddler(node_url) as proxy:
        proxy.meddle = lambda request, forward: (429, {}) if "_bulk" in request.path else forward()

For what a healthy node without security cannot play: TLS, credentials, 429, failed shards, a search
cut short, a connection that breaks.
"""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, NamedTuple

from builders.local_server import LocalServer

TYPE = "application/vnd.elasticsearch+json; compatible-with=8"
PASSED_ON = ("Content-Type", "Content-Encoding")


class Request(NamedTuple):
    """What was asked; `number` counts requests from 1."""

    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]
    number: int


class Headed(NamedTuple):
    """Stands for the JSON of an answer that has headers of its own."""

    answer: Any
    headers: Mapping[str, str]


class Broken(NamedTuple):
    """Stands for the JSON of an answer of which half arrives before the connection ends."""

    answer: Any


Answer = tuple[int, Any]
Forward = Callable[[], Answer]


def plain(request: Request, forward: Forward) -> Answer:
    """Forward everything."""
    return forward()


class Meddler(LocalServer):
    """The proxy, as a context; without an upstream `forward` must not be called."""

    def __init__(self, upstream: str = "", certificate: Path | None = None) -> None:
        self._upstream = upstream
        self._lock = threading.Lock()
        self.requests: list[Request] = []
        self.meddle: Callable[[Request, Forward], Answer] = plain
        super().__init__(certificate, _handler(self))

    def answer(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Return status and JSON of a request."""
        with self._lock:
            request = Request(method, path, body, headers, len(self.requests) + 1)
            self.requests.append(request)
        return self.meddle(request, lambda: self._forward(request))

    def _forward(self, request: Request) -> Answer:
        kept = {name: request.headers[name] for name in PASSED_ON if request.headers.get(name)}
        passed_on = urllib.request.Request(
            f"{self._upstream}{request.path}",
            request.body or None,
            {"Content-Type": TYPE, "Accept": TYPE, **kept},
            method=request.method,
        )
        try:
            with urllib.request.urlopen(passed_on, timeout=60) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")


def _handler(owner: Meddler) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, answer = owner.answer(self.command, self.path, body, self.headers)
            self.send_response(status)
            for name, value in answer.headers.items() if isinstance(answer, Headed) else ():
                self.send_header(name, value)
            told = answer.answer if isinstance(answer, Broken | Headed) else answer
            text = b"" if told is None or self.command == "HEAD" else json.dumps(told).encode()
            self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Type", TYPE)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text[: len(text) // 2] if isinstance(answer, Broken) else text)
            self.close_connection = self.close_connection or isinstance(answer, Broken)

        do_POST = do_PUT = do_DELETE = do_HEAD = do_GET

        def log_message(self, *args: object) -> None:
            return

    return Handler
