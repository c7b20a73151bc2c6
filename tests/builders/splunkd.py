"""A small model of splunkd over HTTPS: the KV store and conf files, as far as the commands use them.

It is a model, not evidence about Splunk. What it holds to: a session key is asked for; inserting a
document whose `_key` exists answers 409; a query is a JSON object of equal values, `$lt`, `$ne`,
`$in`; 404 where nothing is; a document is at most 16 MB.

`on_call(number, method, path, done)` is called around each request, before and after it takes
effect, so that a test can end the process that asks at any point.
"""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
import urllib.parse
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SESSION_KEY = "a-session-key"
MAX_DOCUMENT_BYTES = 16 * 1024 * 1024


def make_certificate(folder: Path) -> Path:
    """Write a self-signed certificate with its key; return the file."""
    path = folder / "splunkd.pem"
    key = folder / "splunkd.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3", "-keyout",
         str(key), "-out", str(path), "-subj", "/CN=SplunkServerDefaultCert"],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_text(path.read_text() + key.read_text())
    return path


class Splunkd:
    """The server, as a context; `rows` are the documents by collection and key."""

    def __init__(self, certificate: Path) -> None:
        self.rows: dict[str, dict[str, dict[str, Any]]] = {}
        self.confs: dict[str, dict[str, dict[str, str]]] = {}
        self.calls: list[str] = []
        self.failing: dict[str, int] = {}  # status by a part of the path
        self.on_call: Callable[[int, str, str, bool], None] = lambda *call: None
        self.lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.handle_error = lambda *args: None  # type: ignore[method-assign]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.uri = f"https://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Splunkd:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        """Return status and JSON of a call."""
        parts = urllib.parse.urlsplit(path)
        words = dict(urllib.parse.parse_qsl(parts.query))
        for part, status in self.failing.items():
            if part in parts.path:
                return status, _message(f"{part} fails")
        inner = parts.path.split("/", 4)[-1]  # servicesNS/nobody/APP/…
        if inner.startswith("storage/collections/data/"):
            _, _, _, name, *key = inner.split("/")
            documents = self.rows.setdefault(name, {})
            return _documents(documents, method, urllib.parse.unquote("".join(key)), words, body)
        if inner.startswith("configs/conf-"):
            stanzas = self.confs.get(inner[len("configs/conf-") :])
            if stanzas is None:
                return 404, _message("not found")
            return 200, {"entry": [{"name": n, "content": c} for n, c in stanzas.items()]}
        return 404, _message("not found")


def _message(text: str) -> dict[str, Any]:
    return {"messages": [{"type": "ERROR", "text": text}]}


def _documents(
    documents: dict[str, dict[str, Any]], method: str, key: str, words: dict[str, str], body: bytes
) -> tuple[int, Any]:
    if method == "GET" and key:
        return (200, documents[key]) if key in documents else (404, _message("no such item"))
    found = [
        row for row in documents.values() if _matches(row, json.loads(words.get("query", "{}")))
    ]
    if method == "GET":
        return 200, found
    if method == "DELETE":
        for row in found:
            del documents[row["_key"]]
        return 200, None
    if len(body) > MAX_DOCUMENT_BYTES:
        return 400, _message("document is too large")
    if key == "batch_save":
        documents.update({row["_key"]: row for row in json.loads(body)})
        return 200, [row["_key"] for row in json.loads(body)]
    row = json.loads(body)
    row.setdefault("_key", uuid.uuid4().hex)
    if row["_key"] in documents:
        return 409, _message("A document with the same key and user already exists.")
    documents[row["_key"]] = row
    return 201, {"_key": row["_key"]}


def _matches(row: dict[str, Any], query: dict[str, Any]) -> bool:
    tests: dict[str, Callable[[Any, Any], bool]] = {
        "$lt": lambda value, than: value is not None and value < than,
        "$ne": lambda value, other: value != other,
        "$in": lambda value, those: value in those,
    }
    for name, wanted in query.items():
        asked = wanted if isinstance(wanted, dict) else {"$in": [wanted]}
        if not all(tests[op](row.get(name), operand) for op, operand in asked.items()):
            return False
    return True


def _handler(owner: Splunkd) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Authorization") != f"Splunk {SESSION_KEY}":
                self._send(401, _message("call not properly authenticated"))
                return
            with owner.lock:
                owner.calls.append(f"{self.command} {self.path}")
                number = len(owner.calls)
                owner.on_call(number, self.command, self.path, False)
                status, answer = owner.answer(self.command, self.path, body)
                owner.on_call(number, self.command, self.path, True)
            self._send(status, answer)

        do_POST = do_DELETE = do_GET

        def _send(self, status: int, answer: Any) -> None:
            text = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: object) -> None:
            pass

    return Handler
