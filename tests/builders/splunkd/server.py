"""The server and its table of contents: which path is answered by what."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from builders.local_server import LocalServer

from . import documents, searches, stanzas
from .answer import NOT_FOUND, Answer, Entry, entries, message, named

SESSION_KEY = "a-session-key"
USER, PASSWORD = "admin", "a-password"
_SEPARATOR = "``splunk_cred_sep``"  # as solnlib.credentials writes long secrets
_END = _SEPARATOR + _SEPARATOR.join("SPLUNK") + _SEPARATOR
OwnPath = Callable[[str, list[str], dict[str, str]], Answer]


class Splunkd(LocalServer):
    """The server, as a context. What it knows is in its attributes:

    `rows` documents by collection and key, `confs` settings by conf file and stanza, `inputs` by
    kind and name, `indexes`, `passwords` by their name; `search` answers searches with rows;
    `own` are paths of the add-on's REST handlers. `calls` are the requests so far; `failing` gives a
    status by a part of the path. `on_call(number, method, path, done)` is called around each
    request, before and after it takes effect, so that a test can end the process that asks.
    """

    session_key = SESSION_KEY

    def __init__(self, certificate: Path) -> None:
        self.rows: dict[str, documents.Documents] = {}
        self.confs: dict[str, stanzas.Stanzas] = {}
        self.inputs: dict[str, stanzas.Stanzas] = {}
        self.indexes: stanzas.Stanzas = {"main": {}, "summary": {}, "_internal": {}}
        self.passwords: stanzas.Stanzas = {}
        self.search: Callable[[str], list[dict[str, Any]]] = lambda query: []
        self.own: dict[str, OwnPath] = {}
        self.handler_logs: list[str] = []  # what the REST handlers wrote to stderr
        self.calls: list[str] = []
        self.failing: dict[str, int] = {}  # status by a part of the path
        self.on_call: Callable[[int, str, str, bool], None] = lambda *call: None
        self.lock = threading.Lock()
        self._jobs = searches.Jobs()
        super().__init__(certificate, _handler(self))
        self.uri = self.origin

    def store_secret(self, endpoint: str, name: str, secret: dict[str, str]) -> None:
        """Keep the encrypted fields of a stanza as the REST handlers do, in pieces with an end.

        `endpoint` is where the stanza is: configs/conf-ta_flowtrap_…, data/inputs/….
        """
        text, size = json.dumps(secret), stanzas.MOST_CHARACTERS
        pieces = [text[n : n + size] for n in range(0, len(text), size)]
        realm = f"__REST_CREDENTIAL__#TA_flowtrap#{endpoint}"
        for number, piece in enumerate([*pieces, _END], 1):
            words = {"name": f"{name}{_SEPARATOR}{number}", "realm": realm, "password": piece}
            stanzas.passwords(self.passwords, "POST", [], words)

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """Answer a call."""
        parts = urlsplit(path)
        words = dict(parse_qsl(parts.query, keep_blank_values=True))
        for part, status in self.failing.items():
            if part in parts.path:
                return message(status, f"{part} fails")
        inner = _inner(parts.path)
        match inner:
            case ["storage", "collections", "data", name, *key]:
                held = self.rows.setdefault(name, {})
                return documents.answer(held, method, "".join(key), words, body)
        words.update(parse_qsl(body.decode(), keep_blank_values=True))
        match inner:
            case ["auth", "login"]:
                return self._login(words)
            case ["server", "info"]:
                told = {"version": "9.4.0", "serverName": "model", "guid": "model"}
                return entries("server/info", [Entry("server-info", told)])
            case ["authentication", "current-context"]:
                told = {"username": USER, "roles": ["admin"], "capabilities": ["admin_all_objects"]}
                return entries("authentication/current-context", [Entry("context", told)])
            case ["storage", "passwords", *rest]:
                return stanzas.passwords(self.passwords, method, rest, words)
            case ["storage", "collections", "config", *rest]:
                known: stanzas.Stanzas = {name: {} for name in self.rows}
                told = stanzas.answer(known, "storage/collections/config", method, rest, words)
                self.rows = {name: self.rows.get(name, {}) for name in known}
                return told
            case ["data", "inputs", kind, *rest]:
                held = self.inputs.setdefault(kind, {})
                return stanzas.answer(held, f"data/inputs/{kind}", method, rest, words)
            case ["data", "indexes", *rest]:
                return stanzas.answer(self.indexes, "data/indexes", method, rest, words)
            case ["search", "jobs", *rest] | ["search", "v2", "jobs", *rest]:
                return self._jobs.answer(self.search, method, rest, words)
            case ["configs", conf, *rest] if conf.removeprefix("conf-") in self.confs:
                held = self.confs[conf.removeprefix("conf-")]
                return stanzas.answer(held, f"configs/{conf}", method, rest, words)
            case ["properties", *rest]:
                return self._properties(rest)
            case [first, *rest] if first in self.own:
                return self.own[first](method, rest, words)
        return NOT_FOUND

    def _login(self, words: dict[str, str]) -> Answer:
        if (words.get("username"), words.get("password")) != (USER, PASSWORD):
            return message(401, "Login failed")
        return named(200, "sessionKey", SESSION_KEY)

    def _properties(self, rest: list[str]) -> Answer:
        if not rest:
            return entries("properties", [Entry(name, {}) for name in self.confs])
        held = self.confs.get(rest[0])
        if held is None or (len(rest) > 1 and rest[1] not in held):
            return NOT_FOUND
        path = "/".join(["properties", *rest])
        if len(rest) == 1:
            return entries(path, [Entry(name, {}) for name in held])
        return entries(path, [Entry(name, {"value": v}) for name, v in held[rest[1]].items()])


def _inner(path: str) -> list[str]:
    """Return the parts of a path without its name space, decoded as clients encode them: twice."""
    parts = [unquote(part).replace("%2F", "/") for part in path.strip("/").split("/")]
    return parts[3:] if parts[0] == "servicesNS" else parts[1:]


def _handler(owner: Splunkd) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            inner = _inner(urlsplit(self.path).path)
            known = self.headers.get("Authorization") == f"Splunk {SESSION_KEY}"
            if not known and inner != ["auth", "login"]:
                self._send(message(401, "call not properly authenticated"), body)
            elif inner[0] in owner.own:  # it calls back, so the lock must be free
                self._send(owner.answer(self.command, self.path, body), body)
            else:
                with owner.lock:
                    owner.calls.append(f"{self.command} {self.path}")
                    number = len(owner.calls)
                    owner.on_call(number, self.command, self.path, False)
                    answer = owner.answer(self.command, self.path, body)
                    owner.on_call(number, self.command, self.path, True)
                self._send(answer, body)

        do_POST = do_DELETE = do_GET

        def _send(self, answer: Answer, body: bytes) -> None:
            asked = urlsplit(self.path).query.encode() + b"&" + body[:10_000]
            kind, text = answer.body(as_json=b"output_mode=json" in asked)
            self.send_response(answer.status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: object) -> None:
            pass

    return Handler
