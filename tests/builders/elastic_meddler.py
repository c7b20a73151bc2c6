"""A proxy before an Elasticsearch that can answer in its stead, or change what it answers.

    with Meddler(node_url) as proxy:
        proxy.meddle = lambda request, forward: (429, {}) if "_bulk" in request.path else forward()

For failures that a healthy node cannot play: 401, 429, failed shards, a search cut short.
"""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

Answer = tuple[int, Any]
TYPE = "application/vnd.elasticsearch+json; compatible-with=8"


class Request(NamedTuple):
    """What was asked; `number` counts requests from 1."""

    method: str
    path: str
    body: bytes
    number: int


def plain(request: Request, forward: Callable[[], Answer]) -> Answer:
    """Forward everything."""
    return forward()


class Meddler:
    """The proxy, as a context; without an upstream `forward` must not be called."""

    def __init__(self, upstream: str = "") -> None:
        self._upstream = upstream
        self._lock = threading.Lock()
        self.requests: list[Request] = []
        self.meddle: Callable[[Request, Callable[[], Answer]], Answer] = plain
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Meddler:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, body: bytes, kind: str) -> Answer:
        """Return status and JSON of a request."""
        with self._lock:
            request = Request(method, path, body, len(self.requests) + 1)
            self.requests.append(request)
        return self.meddle(request, lambda: self._forward(request, kind))

    def _forward(self, request: Request, kind: str) -> Answer:
        passed_on = urllib.request.Request(
            f"{self._upstream}{request.path}", request.body or None, {"Content-Type": kind, "Accept": TYPE},
            method=request.method,
        )  # fmt: skip
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
            kind = self.headers.get("Content-Type") or TYPE
            status, answer = owner.answer(self.command, self.path, body, kind)
            text = b"" if answer is None or self.command == "HEAD" else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Type", TYPE)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_PUT = do_DELETE = do_HEAD = do_GET

        def log_message(self, *args: object) -> None:
            return

    return Handler
