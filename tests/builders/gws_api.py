"""A model of the Reports API's activities.list and of Google's sign-in, over HTTPS on loopback.

It is a model, not evidence about Google. What it holds to: tokens for a signed assertion of a service
account with delegation, refused in Google's words; newest first; at most 1,000 a page, with tokens
that may go stale; gmail asked with both times, 30 days at most; 403, 429, 500 and 503 as the API has
them; events that show late, and events that a page repeats.
"""

from __future__ import annotations

import base64
import json
import random
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timezone
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from builders.local_server import LocalServer

ADMIN, ACCOUNT = "admin@example.com", "reader@example-project.iam.gserviceaccount.com"
CUSTOMER = "C01exampl"
SCOPE = "https://www.googleapis.com/auth/admin.reports.audit.readonly"
FAULTS = ("429", "403", "500", "503", "truncated", "dropped", "stale")
_PATH = "/admin/reports/v1/activity/users/all/applications/"
_WORDS = {"startTime", "endTime", "maxResults", "pageToken", "prettyPrint", "alt"}


class ServiceAccount:
    """A key as Google makes it; made anew for each test run."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.public = self._key.public_key()

    def pem(self, kind: str = "PKCS8") -> str:
        forms = serialization.PrivateFormat
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            forms.PKCS8 if kind == "PKCS8" else forms.TraditionalOpenSSL,
            serialization.NoEncryption(),
        ).decode()

    def key_file(self, **changes: str) -> dict[str, str]:
        return {
            "type": "service_account",
            "project_id": "example-project",
            "private_key_id": "0123456789abcdef",
            "private_key": self.pem(),
            "client_email": ACCOUNT,
            "token_uri": "https://oauth2.googleapis.com/token",
            **changes,
        }


class Shown(NamedTuple):
    """An activity, and when a listing first shows it (seconds since 1970)."""

    activity: dict[str, Any]
    time_s: float
    shown_s: float


class Answered(NamedTuple):
    status: int
    body: Any = b""
    headers: dict[str, str] = {}


def refusal(status: int, reason: str, said: str = "no") -> Answered:
    """Return an error as the API words it."""
    error = {"code": status, "message": said, "errors": [{"reason": reason, "message": said}]}
    return Answered(status, {"error": error})


class GwsApi(LocalServer):
    """The server, as a context."""

    def __init__(self, certificate: Path, account: ServiceAccount, *, seed: int = 0) -> None:
        self.account = account
        self.shown: dict[str, list[Shown]] = {}
        self.page_size, self.fault_rate, self.skew_s, self.repeat_rate = 1000, 0.0, 0.0, 0.0
        self.latency_s = 0.0
        self.dice = random.Random(seed)
        self.calls: list[str] = []
        self.secrets_seen: list[str] = []
        self.faults: Counter[str] = Counter()
        self.sign_in: Answered | None = None  # in place of a token
        self.before: Callable[[str], Answered | None] = lambda path: None
        self.on_request: Callable[[], None] = lambda: None
        self.lock = threading.Lock()
        self._tokens: set[str] = set()
        self._pages: dict[str, tuple[str, list[dict[str, Any]]]] = {}
        self._number = 0
        super().__init__(certificate, _handler(self))
        self.root = f"{self.origin}/"
        self.token_uri = f"{self.root}token"

    def now_s(self) -> float:
        return time.time() + self.skew_s

    def add(
        self, application: str, time_s: float, members: int = 1, shown_s: float = 0.0, **more: Any
    ) -> dict[str, Any]:
        """Add an activity; return it."""
        self._number += 1
        moment = datetime.fromtimestamp(time_s, timezone.utc).isoformat(timespec="milliseconds")
        activity = {
            "kind": "admin#reports#activity",
            "id": {
                "time": moment.replace("+00:00", "Z"),
                "uniqueQualifier": str(self._number * 7919),
                "applicationName": application,
                "customerId": CUSTOMER,
            },
            "actor": {"email": f"user{self._number % 50}@example.com"},
            "events": [
                {
                    "type": "access",
                    "name": "edit",
                    "parameters": [{"name": "n", "intValue": str(n)}],
                }
                for n in range(members)
            ],
            **more,
        }
        self.shown.setdefault(application, []).append(Shown(activity, time_s, shown_s))
        return activity

    def members(self) -> set[tuple[str, str]]:
        """Return what names each event that was added."""
        return {
            (one.activity["id"]["uniqueQualifier"], str(number))
            for rows in self.shown.values()
            for one in rows
            for number in range(len(one.activity["events"]))
        }

    def revoke(self) -> None:
        """Take back all tokens."""
        self._tokens.clear()

    def answer(self, path: str, authorization: str | None, form: dict[str, str]) -> Answered:
        """Answer a request."""
        parts = urllib.parse.urlsplit(path)
        if parts.path == "/token":
            return self.sign_in or self._token(form)
        if (authorization or "").partition(" ")[2] not in self._tokens:
            return refusal(401, "authError", "Invalid Credentials")
        words = dict(urllib.parse.parse_qsl(parts.query, strict_parsing=True))
        return self.before(path) or self._list(parts.path.removeprefix(_PATH), words)

    def _token(self, form: dict[str, str]) -> Answered:
        wrong = assertion_fault(form.get("assertion", ""), self.account, self.now_s())
        if wrong or form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return Answered(400, {"error": "invalid_grant", "error_description": wrong})
        token = f"ya29.{self.dice.getrandbits(128):x}"
        self._tokens.add(token)
        return Answered(200, {"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def _list(self, application: str, words: dict[str, str]) -> Answered:
        if not set(words) <= _WORDS or not 1 <= int(words.get("maxResults", 1000)) <= 1000:
            return refusal(400, "invalid", "Invalid value")
        query = f"{application} {words.get('startTime')} {words.get('endTime')}"
        if "pageToken" in words:
            known, rows = self._pages.get(words["pageToken"], ("", []))
            if known != query:
                return refusal(400, "badRequest", "Bad Request: page token is invalid or stale")
        else:
            start_s, end_s = (
                datetime.fromisoformat(words[name]).timestamp() for name in ("startTime", "endTime")
            )
            if start_s > end_s or end_s > self.now_s() + 2:
                return refusal(400, "invalid", "End time should not be in the future")
            if application == "gmail" and self.now_s() - start_s > 30 * 86_400:
                return refusal(400, "invalid", "gmail keeps 30 days")
            now_s = time.time()
            found = [
                one
                for one in self.shown.get(application, ())
                if start_s <= one.time_s < end_s and one.shown_s <= now_s
            ]
            found.sort(key=lambda one: -one.time_s)
            rows = [one.activity for one in found]
            rows += [row for row in rows if self.dice.random() < self.repeat_rate]
        size = min(self.page_size, int(words.get("maxResults", 1000)))
        body: dict[str, Any] = {"kind": "admin#reports#activities", "etag": '"e"'}
        if rows:
            body["items"] = rows[:size]
        if len(rows) > size:
            body["nextPageToken"] = f"A:{self.dice.getrandbits(64)}:-1"
            self._pages[body["nextPageToken"]] = (query, rows[size:])
        return Answered(200, body)

    def fault(self, path: str) -> str:
        """Return what to do wrong with this answer, "" for nothing."""
        with self.lock:
            if self.dice.random() >= self.fault_rate:
                return ""
            name = self.dice.choice(FAULTS)
            if name in ("stale", "403") and "pageToken" not in path:
                name = "503"  # no page token to go stale; the sign-in has no such refusal
            self.faults[name] += 1
            return name


def assertion_fault(assertion: str, account: ServiceAccount, now_s: float) -> str:
    """Return what Google says of a signed assertion, "" where it is right."""

    def plain(part: str) -> bytes:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

    head, claims, signature = assertion.split(".")
    signed = f"{head}.{claims}".encode()
    try:
        account.public.verify(plain(signature), signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return "Invalid JWT Signature."
    said = json.loads(plain(claims))
    if said["iss"] != ACCOUNT:
        return "Invalid grant: account not found"
    if said["sub"] != ADMIN:
        return "Invalid email or User ID"
    if not (said["iat"] - 300 <= now_s <= said["exp"] <= said["iat"] + 3600):
        return "Invalid JWT: Token must be a short-lived token (60 minutes)"
    right = said["aud"] == "https://oauth2.googleapis.com/token" and SCOPE in said["scope"].split()
    return "" if right else "Invalid audience or scope"


FAULTY = {
    "429": Answered(429, {"error": {"code": 429, "errors": []}}, {"Retry-After": "0"}),
    "403": refusal(403, "rateLimitExceeded"),
    "500": refusal(500, "backendError"),
    "503": Answered(503, b"<html>later</html>"),
    "stale": refusal(400, "badRequest", "Bad Request: page token is invalid or stale"),
}


def _handler(owner: GwsApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else every answer waits 40 ms

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            form = dict(urllib.parse.parse_qsl(body.decode()))
            authorization = self.headers.get("Authorization")
            with owner.lock:
                owner.calls.append(f"{self.command} {self.path}")
                owner.secrets_seen += [*filter(None, [authorization]), *form.values()]
            owner.on_request()
            time.sleep(owner.latency_s)
            wrong = owner.fault(self.path)
            if wrong == "dropped":
                self.close_connection = True
                return
            with owner.lock:
                answered = FAULTY.get(wrong) or owner.answer(self.path, authorization, form)
            self.reply(answered, wrong)

        do_POST = do_GET

        def reply(self, answered: Answered, wrong: str) -> None:
            body = answered.body
            if not isinstance(body, bytes):
                body = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
            self.send_response_only(answered.status)
            self.send_header("Date", formatdate(owner.now_s(), usegmt=True))
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(body)))
            for name, value in answered.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if wrong == "truncated":
                self.close_connection = True
                body = body[: owner.dice.randrange(len(body) + 1) // 2]
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    return Handler
