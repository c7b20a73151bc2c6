"""A model of the Office 365 Management Activity API and of its sign-in, over HTTPS on loopback.

It is a model, not evidence about Microsoft. What it holds to, from the API's reference: tokens by
secret or by signed assertion, refused with AADSTS codes; subscriptions; listings filtered by when
content was made, start inclusive, at most 24 hours and 7 days back, in no order, in pages named by a
header whose case varies; contents that expire after 7 days; the AF codes.

What it does wrong on purpose, when asked: latency, throttling in both forms, server's faults, cut off
and slow answers, dropped connections, foreign addresses, redirects, a clock that is off.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
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

from builders.local_server import LocalServer

TENANT = "11111111-2222-4333-8444-555555555555"
CLIENT = "66666666-7777-4888-9999-000000000000"
WEEK_S = 7 * 86_400
FAULTS = ("throttled", "throttled_403", "error_500", "error_503", "truncated", "dropped", "slow")


class Content(NamedTuple):
    """A content; `listed_s` is when a listing first shows it."""

    content_id: str
    created_s: float
    body: bytes
    listed_s: float = 0.0


def event(number: int, time_s: float, **more: Any) -> dict[str, Any]:
    """Return an audit record."""
    return {
        "CreationTime": datetime.fromtimestamp(int(time_s), timezone.utc).strftime(
            "%Y-%m-%dT%H:%M:%S"
        ),
        "Id": f"{number:08x}-0000-4000-8000-{number:012x}",
        "Operation": "FileAccessed",
        "OrganizationId": TENANT,
        "RecordType": 6,
        "UserId": f"user{number % 97}@example.com",
        "Workload": "SharePoint",
        **more,
    }


class Answered(NamedTuple):
    """What the model answers."""

    status: int
    body: Any = b""
    headers: dict[str, str] = {}


def refusal(status: int, code: str) -> Answered:
    """Return an error as the API words it."""
    return Answered(status, {"error": {"code": code, "message": f"{code} happened"}})


class M365Api(LocalServer):
    """The server, as a context."""

    def __init__(self, certificate: Path, *, seed: int = 0) -> None:
        self.contents: dict[str, list[Content]] = {}
        self.enabled: set[str] = set()
        self.secret = "a made up secret"
        self.public_certificate = ""  # PEM; then assertions are taken
        self.latency_s, self.fault_rate, self.page_size, self.skew_s = 0.0, 0.0, 3, 0.0
        self.dice = random.Random(seed)
        self.calls: list[str] = []
        self.publishers: set[str | None] = set()
        self.secrets_seen: list[str] = []  # Authorization headers and forms, of whoever asked
        self.faults: Counter[str] = Counter()
        self.before: Callable[[str], Answered | None] = lambda path: None
        self.content_uri: Callable[[str], str] | None = None
        self.next_page: Callable[[str], str] = lambda address: address
        self.on_request: Callable[[], None] = lambda: None
        self.expired: set[str] = set()  # contents that are listed, and gone when asked for
        self._tokens: set[str] = set()
        self._pages: dict[str, tuple[list[Content], str]] = {}
        self.lock = threading.Lock()
        super().__init__(certificate, _handler(self))
        self.root = self.origin

    def now_s(self) -> float:
        return time.time() + self.skew_s

    def add(self, content_type: str, events: list[Any], created_s: float, **more: Any) -> Content:
        """Make a content available."""
        number = sum(map(len, self.contents.values()))
        body = more.pop("body", None) or json.dumps(events).encode()
        stamp = datetime.fromtimestamp(created_s, timezone.utc).strftime("%Y%m%d%H%M%S%f")
        content_id = f"{stamp}${number:06d}$audit${content_type.replace('.', '_')}$emea0001"
        content = Content(content_id, created_s, body, **more)
        self.contents.setdefault(content_type, []).append(content)
        self.enabled.add(content_type)
        return content

    def end_tokens(self) -> None:
        """Let every token have expired."""
        self._tokens.clear()

    # -- answers ---------------------------------------------------------------------------------

    def answer(self, method: str, target: str, headers: Any, form: dict[str, str]) -> Answered:
        parts = urllib.parse.urlsplit(target)
        query = {name.lower(): value for name, value in urllib.parse.parse_qsl(parts.query)}
        asked = self.before(target)
        if asked is not None:
            return asked
        if parts.path.endswith("/.well-known/openid-configuration"):
            return self._discovery()
        if parts.path == f"/{TENANT}/oauth2/v2.0/token":
            return self._token(form)
        feed = f"/api/v1.0/{TENANT}/activity/feed/"
        if headers.get("Authorization", "").removeprefix("Bearer ") not in self._tokens:
            return Answered(401, {"Message": "Authorization has been denied for this request."})
        if not parts.path.startswith(feed):
            return refusal(400, "AF20013")
        self.publishers.add(query.get("publisheridentifier"))
        path = parts.path[len(feed) :]
        if path == "subscriptions/list":
            rows = [
                {"contentType": name, "status": "enabled", "webhook": None}
                for name in sorted(self.enabled)
            ]
            return Answered(200, rows)
        if path == "subscriptions/start":
            return self._start(query["contenttype"])
        if path == "subscriptions/content":
            return self._listing(query)
        return self._content(urllib.parse.unquote(path.removeprefix("audit/")))

    def _discovery(self) -> Answered:
        base = f"{self.root}/{TENANT}"
        return Answered(200, {
            "issuer": f"{base}/v2.0", "token_endpoint": f"{base}/oauth2/v2.0/token",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        })  # fmt: skip

    def _token(self, form: dict[str, str]) -> Answered:
        wrong = self._credential_fault(form)
        if form.get("scope") != f"{self.root}/.default":
            wrong = "AADSTS70011"
        if wrong:
            text = f"{wrong}: Something about it. Trace ID: 1"
            return Answered(401, {"error": "invalid_client", "error_description": text})
        token = f"token-{self.dice.getrandbits(64):x}"
        self._tokens.add(token)
        return Answered(200, {"token_type": "Bearer", "expires_in": 3599, "access_token": token})

    def _credential_fault(self, form: dict[str, str]) -> str:
        if form.get("client_id") != CLIENT:
            return "AADSTS700016"
        if "client_assertion" in form:
            return assertion_fault(form["client_assertion"], self.public_certificate, self.now_s())
        return "" if form.get("client_secret") == self.secret else "AADSTS7000215"

    def _start(self, content_type: str) -> Answered:
        if content_type in self.enabled:
            return refusal(400, "AF20024")
        self.enabled.add(content_type)
        return Answered(200, {"contentType": content_type, "status": "enabled", "webhook": None})

    def _listing(self, query: dict[str, str]) -> Answered:
        if "nextpage" in query:
            rest = self._pages.get(query["nextpage"])
            if rest is None:
                return refusal(400, "AF20031")
            return self._page(*rest)
        content_type = query["contenttype"]
        if content_type not in self.enabled:
            return refusal(400, "AF20022")
        try:
            start_s, end_s = (
                datetime.strptime(query[name], "%Y-%m-%dT%H:%M:%S")
                .replace(tzinfo=timezone.utc)
                .timestamp()
                for name in ("starttime", "endtime")
            )
        except (KeyError, ValueError):
            return refusal(400, "AF20002")
        now_s = self.now_s()
        if not 0 < end_s - start_s <= 86_400 or start_s < now_s - WEEK_S:
            return refusal(400, "AF20030")
        if end_s > now_s + 1:
            return refusal(400, "AF20055")
        found = [
            content for content in self.contents.get(content_type, [])
            if start_s <= content.created_s < end_s and content.listed_s <= now_s
        ]  # fmt: skip
        self.dice.shuffle(found)
        return self._page(found, content_type)

    def _page(self, found: list[Content], content_type: str) -> Answered:
        rows = [self._row(content, content_type) for content in found[: self.page_size]]
        headers = {}
        if len(found) > self.page_size:
            mark = f"{self.dice.getrandbits(64):x}"
            self._pages[mark] = (found[self.page_size :], content_type)
            name = self.dice.choice(["NextPageUri", "nextpageuri", "NEXTPAGEURI"])
            headers[name] = self.next_page(
                f"{self.root}/api/v1.0/{TENANT}/activity/feed/subscriptions/content"
                f"?contentType={content_type}&nextPage={mark}"
            )
        return Answered(200, rows, headers)

    def _row(self, content: Content, content_type: str) -> dict[str, str]:
        address = f"{self.root}/api/v1.0/{TENANT}/activity/feed/audit/{content.content_id}"
        iso = [
            datetime.fromtimestamp(at_s, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            for at_s in (content.created_s, content.created_s + WEEK_S)
        ]
        return {
            "contentType": content_type, "contentId": content.content_id,
            "contentUri": self.content_uri(content.content_id) if self.content_uri else address,
            "contentCreated": iso[0], "contentExpiration": iso[1],
        }  # fmt: skip

    def _content(self, content_id: str) -> Answered:
        for contents in self.contents.values():
            for content in contents:
                if content.content_id == content_id:
                    if content_id in self.expired or content.created_s + WEEK_S < self.now_s():
                        return refusal(400, "AF20051")
                    return Answered(200, content.body)
        return refusal(404, "AF20050")

    def fault(self, path: str) -> str:
        """Return what to do wrong with this answer, "" for nothing."""
        with self.lock:
            if self.dice.random() >= self.fault_rate:
                return ""
            name = self.dice.choice(FAULTS)
            if name == "throttled_403" and path.endswith("/token"):  # the feed's form alone
                name = "throttled"
            self.faults[name] += 1
            return name


def assertion_fault(assertion: str, certificate_pem: str, now_s: float) -> str:
    """Return the AADSTS code that a signed assertion earns, "" where it is right."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding

    def plain(part: str) -> bytes:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

    head, claims, signature = assertion.split(".")
    certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
    der = certificate.public_bytes(serialization.Encoding.DER)
    said = json.loads(plain(head))
    prints = {"x5t#S256": hashlib.sha256(der).digest(), "x5t": hashlib.sha1(der).digest()}
    if not any(name in said and plain(said[name]) == digest for name, digest in prints.items()):
        return "AADSTS700027"
    signed = f"{head}.{claims}".encode()
    ways = {"RS256": padding.PKCS1v15(), "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), 32)}
    try:
        certificate.public_key().verify(
            plain(signature), signed, ways[said["alg"]], hashes.SHA256()
        )
    except InvalidSignature:
        return "AADSTS700027"
    stated = json.loads(plain(claims))
    if not stated.get("nbf", 0) - 60 <= now_s <= stated["exp"]:
        return "AADSTS700024"
    return "" if stated["iss"] == stated["sub"] == CLIENT else "AADSTS700016"


def _handler(owner: M365Api) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else every answer waits 40 ms

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            form = dict(urllib.parse.parse_qsl(body.decode()))
            with owner.lock:
                owner.calls.append(f"{self.command} {self.path}")
                owner.secrets_seen += [
                    *filter(None, [self.headers.get("Authorization")]),
                    *form.values(),
                ]
            owner.on_request()
            time.sleep(owner.latency_s)
            wrong = owner.fault(self.path)
            if wrong == "dropped":
                self.close_connection = True
                return
            with owner.lock:
                answered = FAULTY.get(wrong) or owner.answer(
                    self.command, self.path, self.headers, form
                )
            self.reply(answered, wrong)

        do_POST = do_GET

        def reply(self, answered: Answered, wrong: str) -> None:
            body = (
                answered.body
                if isinstance(answered.body, bytes)
                else json.dumps(answered.body).encode()
            )
            self.send_response_only(answered.status)
            self.send_header("Date", formatdate(owner.now_s(), usegmt=True))
            self.send_header("Content-Length", str(len(body)))
            for name, value in answered.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if wrong == "truncated":
                self.close_connection = True
                self.wfile.write(body[: owner.dice.randrange(len(body) + 1) // 2])
            elif wrong == "slow":
                for begin in range(0, len(body), 400):
                    self.wfile.write(body[begin : begin + 400])
                    time.sleep(0.002)
            else:
                self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    return Handler


FAULTY = {
    "throttled": Answered(
        429, {"error": {"code": "AF429", "message": "Too many"}}, {"Retry-After": "0"}
    ),
    "throttled_403": refusal(403, "AF429"),
    "error_500": refusal(500, "AF50000"),
    "error_503": Answered(503, b"<html>later</html>"),
}


def content_id_in(call: str) -> str | None:
    """Return the content that a call asked for."""
    found = re.search(r"/audit/([^?]+)", call)
    return urllib.parse.unquote(found[1]) if found else None
