"""The one HTTPS client of the inputs: it talks to pinned addresses and to nothing else.

Example:
    pins = ["https://manage.office.com/api/v1.0/TENANT/activity/feed/"]
    with HttpClient(pins).open("GET", url, headers={"Authorization": …}) as answer:
        for chunk in answer.chunks(): …

A vendor's answers name further addresses (next pages, contents, redirects), and have named foreign
ones. An address outside the pins gets no request and no credential, whoever asked for it. TLS is
always verified, redirects are never followed, cookies never kept, and neither the environment's
proxies nor its .netrc are read: what the account's form says is what counts.

An answer that ends before its Content-Length says raises, here and not in whoever reads it.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Callable
from urllib.parse import quote, unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter

from .errors import ElsewhereError, FetchError, MalformedError, TransientError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

CHUNK_BYTES = 32 * 1024
MOST_BYTES = 8 * 1024 * 1024  # of an answer that is read whole
CONNECT_S, READ_S, WHOLE_S = 15.0, 60.0, 900.0  # to connect, between two bytes, for all of it
CONNECTIONS = 16

# what RFC 3986 lets an address be made of: no user, no fragment, no backslash, no white space
_ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+(:\d+)?/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*")
_DEFAULT_PORT = re.compile(r"(?<=[^/]):443(?=/)")


@dataclass(frozen=True)
class Proxy:
    """A proxy as its form names it; `kind` is http, https or socks5."""

    kind: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)

    def url(self) -> str:
        """Return the address that requests takes; SOCKS proxies resolve names themselves."""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@" if self.user else ""
        scheme = "socks5h" if self.kind == "socks5" else self.kind
        return f"{scheme}://{login}{self.host}:{self.port}"


class Answer:
    """A status, headers in any case, and a body that is read once; a context that ends it."""

    def __init__(self, response: requests.Response, place: str, until: float) -> None:
        self._response, self._until = response, until
        self.place = place
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers

    def __enter__(self) -> Answer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._response.close()

    def chunks(self) -> Iterator[bytes]:
        """Yield the body as it arrives, decompressed; raise TransientError if it is cut off."""
        try:
            for chunk in self._response.iter_content(CHUNK_BYTES):
                if time.monotonic() > self._until:
                    raise TransientError(
                        f"the answer took more than {WHOLE_S:.0f} s", place=self.place
                    )
                yield chunk
        except requests.RequestException as error:
            raise _failure(error, self.place) from None

    def read(self, most_bytes: int = MOST_BYTES) -> bytes:
        """Return the whole body; raise MalformedError if longer, TransientError if cut off."""
        body = bytearray()
        for chunk in self.chunks():
            body += chunk
            if len(body) > most_bytes:
                raise MalformedError(
                    f"an answer of more than {most_bytes:,} bytes", place=self.place
                )
        return bytes(body)

    def json(self) -> Any:
        """Return what the body says; raise MalformedError if it is not JSON."""
        try:
            return json.loads(self.read())
        except (ValueError, RecursionError):
            raise MalformedError("the answer is not JSON", place=self.place) from None

    def server_time_s(self) -> float | None:
        """Return the server's clock (Date) in seconds since 1970, None where it does not say."""
        return _http_date_s(self.headers.get("Date", ""))

    def retry_after_s(self, clock: Callable[[], float] = time.time) -> float | None:
        """Return the seconds that Retry-After asks for, None where it does not."""
        asked = self.headers.get("Retry-After", "").strip()
        if asked.isascii() and asked.isdigit() and len(asked) < 10:
            return float(asked)
        at_s = _http_date_s(asked)
        return None if at_s is None else max(0.0, at_s - (self.server_time_s() or clock()))


class HttpClient:
    """HTTPS requests to pinned addresses, as a context; threads may share it.

    A pin that ends with / allows every address below it; any other is one exact address, with any
    query. `ca_file` (PEM) takes the place of the usual authorities, for proxies that inspect TLS.
    """

    def __init__(
        self,
        pins: Sequence[str],
        *,
        proxy: Proxy | None = None,
        ca_file: str | None = None,
        connect_s: float = CONNECT_S,
        read_s: float = READ_S,
        whole_s: float = WHOLE_S,
    ) -> None:
        self._pins = [_DEFAULT_PORT.sub("", pin).lower() for pin in pins]
        self._timeouts, self._whole_s = (connect_s, read_s), whole_s
        self._session = _Session()
        self._session.trust_env = False
        self._session.verify = ca_file or True
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers.update({"User-Agent": "Flowtrap", "Accept-Encoding": "gzip"})
        self._session.mount("https://", HTTPAdapter(pool_maxsize=CONNECTIONS))
        self._through = ""
        if proxy is not None:
            self._through = f" through the proxy {proxy.host}:{proxy.port}"
            self._session.proxies = {"https": proxy.url()}

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.close()

    def open(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, str] | bytes | None = None,
    ) -> Answer:
        """Send one request; return its answer, whatever its status below 300 or from 400.

        A mapping is sent as a form. Raises ElsewhereError for an address that is not pinned and for
        a redirect, TransientError where no answer came, FetchError where none can come.
        """
        self.check(url)
        place = urlsplit(url).netloc + self._through
        until = time.monotonic() + self._whole_s
        try:
            response = self._session.request(
                method,
                url,
                headers=headers,
                data=body,
                timeout=self._timeouts,
                stream=True,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _failure(error, place) from None
        # urllib3 1.26 takes a body that ends too early for a whole one unless asked
        response.raw.enforce_content_length = True
        if 300 <= response.status_code < 400:
            response.close()
            raise ElsewhereError("answers with a redirect, which is not followed", place=place)
        return Answer(response, place, until)

    def check(self, url: str) -> None:
        """Raise ElsewhereError if an address is not one of the pinned ones."""
        if not _ADDRESS.fullmatch(url) or not self._is_pinned(url):
            raise ElsewhereError(
                f"the address {_shown(url)} is not the vendor's, and gets no request",
                cure="check the account's tenant and cloud",
            )

    def _is_pinned(self, url: str) -> bool:
        address = _DEFAULT_PORT.sub("", url.partition("?")[0]).lower()
        if any(part in (".", "..") for part in re.split(r"[/\\]", unquote(address))):
            return False
        return any(
            address.startswith(pin) if pin.endswith("/") else address == pin for pin in self._pins
        )


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None: nothing is prepared for a redirect, let alone sent."""


def _shown(url: str) -> str:
    """Return scheme and host of an address, which is all that a message may quote of it."""
    host = re.match(r"[a-z]{1,10}://[^/?#\s\\]{1,100}", url, re.I)
    return ascii(host.group().rpartition("@")[2] if host else url[:10] + "…")


def _http_date_s(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


# What a library's message contains, and what we say instead: problem, cure, whether to try again.
_FAILURES: list[tuple[str, str, str, bool]] = [
    ("Tunnel connection failed: 407", "the proxy asks for a user and a password",
     "check the proxy's settings", False),
    ("SOCKS5 authentication", "the proxy refuses the user and the password",
     "check the proxy's settings", False),
    ("CERTIFICATE_VERIFY_FAILED", "the server's certificate is not trusted",
     "give the authority of the proxy that inspects TLS, or check the machine's clock", False),
    ("Missing dependencies for SOCKS", "PySocks, which SOCKS proxies need, is not installed",
     "install the add-on anew", False),
    ("NameResolutionError", "the host's name cannot be resolved", "check DNS and the proxy", True),
    ("getaddrinfo", "the host's name cannot be resolved", "check DNS and the proxy", True),
    ("Name or service not known", "the host's name cannot be resolved",
     "check DNS and the proxy", True),
    ("Cannot connect to proxy", "the proxy does not answer", "check the proxy's settings", True),
    ("SOCKS", "the proxy does not answer", "check the proxy's settings", True),
]  # fmt: skip


def _failure(error: requests.RequestException, place: str) -> FetchError:
    """Return our error for a library's, whose own text is never passed on."""
    text = str(error)
    for mark, problem, cure, passes in _FAILURES:
        if mark in text:
            kind = TransientError if passes else FetchError
            return kind(problem, place=place, cure=cure)
    if isinstance(error, requests.Timeout) or "timed out" in text:
        return TransientError("no answer in time", place=place)
    return TransientError("the connection was refused or cut off", place=place)
