"""Access tokens of a service account with domain-wide delegation.

The key's `token_uri` is never looked at: the signed assertion goes to Google and nowhere else.
Source: "Using OAuth 2.0 for Server to Server Applications", Google Identity.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from typing import TYPE_CHECKING, Any, Callable

from flowtrap_inputs.errors import MalformedError, RefusedError, TransientError
from flowtrap_inputs.signer import signer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowtrap_inputs.http import Answer, HttpClient

TOKEN_URI = "https://oauth2.googleapis.com/token"
SCOPE = "https://www.googleapis.com/auth/admin.reports.audit.readonly"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFE_S, MARGIN_S = 3600, 300

# Google's `error`, a part of its `error_description`: problem, cure.
_REASONS = [
    ("unauthorized_client", "",
     "the service account may not act for users with the scope that the input asks for",
     f"Admin console > API controls > Domain-wide delegation: add its client id with {SCOPE}"),
    ("access_denied", "",
     "an administrator's policy refuses the service account",
     "Admin console > API controls: allow it, and see that its client id has the scope"),
    ("invalid_scope", "",
     "the scope was not granted", f"grant {SCOPE} under Domain-wide delegation"),
    ("invalid_grant", "account not found",
     "Google does not know the service account", "make a new key; the account may be deleted"),
    ("invalid_grant", "signature",
     "Google does not accept the key", "it was deleted or belongs to another account: make a new"),
    ("invalid_grant", "short-lived",
     "Google refuses the time of the request", "set this machine's clock"),
    ("invalid_grant", "email",
     "the delegated administrator does not exist in this organisation", "check the address"),
    ("invalid_grant", "",
     "Google refuses the key or the delegated administrator", "check both"),
]  # fmt: skip


class Tokens:
    """Gives tokens for one key and one delegated administrator; threads may share it.

    `key` is Google's JSON key file as a mapping. `token_uri` is for the tests' model alone.
    Raises MalformedError for a key that cannot sign.
    """

    def __init__(
        self,
        http: HttpClient,
        key: Mapping[str, Any],
        subject: str,
        *,
        scope: str = SCOPE,
        token_uri: str = TOKEN_URI,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if key.get("type") != "service_account":
            raise MalformedError(
                "is not the key of a service account",
                place="service account key",
                cure="paste the JSON key file of a service account",
            )
        self._http, self._token_uri, self._clock = http, token_uri, clock
        self._key_id = str(key.get("private_key_id") or "")
        self._signer = signer(str(key.get("private_key")))
        self._claims = {
            "iss": str(key.get("client_email")),
            "sub": subject,
            "scope": scope,
            "aud": TOKEN_URI,
        }
        self._token, self._until_s = "", 0.0
        self._lock = threading.Lock()
        self.skew_s = 0.0  # Google's clock less ours

    def get(self) -> str:
        """Return a token that lives for MARGIN_S at least; raise RefusedError, TransientError."""
        with self._lock:
            if self._clock() > self._until_s - MARGIN_S:
                self._token, life_s = self._fetch()
                self._until_s = self._clock() + life_s
            return self._token

    def replace(self, refused: str) -> str:
        """Return another token than one that was refused; raise as `get` does."""
        with self._lock:
            if self._token == refused:
                self._until_s = 0.0
        return self.get()

    def _fetch(self) -> tuple[str, float]:
        form = {"grant_type": GRANT, "assertion": self._assertion()}
        with self._http.open("POST", self._token_uri, body=form) as answer:
            if answer.status != 200:
                raise _refused(answer)
            told = answer.json()
            skew_s = (answer.server_time_s() or self._clock()) - self._clock()
            self.skew_s = skew_s if abs(skew_s) > 2 else 0.0  # Date has whole seconds
        try:
            return str(told["access_token"]), float(told.get("expires_in", LIFE_S))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise MalformedError("Google's answer holds no token", place="sign-in") from None

    def _assertion(self) -> str:
        now_s = int(self._clock())
        head = {"alg": "RS256", "typ": "JWT", "kid": self._key_id}
        claims = {**self._claims, "iat": now_s, "exp": now_s + LIFE_S}
        plain = f"{_part(head)}.{_part(claims)}"
        signature = self._signer.sign(plain.encode())
        return f"{plain}.{_base64url(signature)}"


def _part(content: Mapping[str, Any]) -> str:
    return _base64url(json.dumps(content, separators=(",", ":")).encode())


def _base64url(plain: bytes) -> str:
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()


def _refused(answer: Answer) -> RefusedError | TransientError:
    if answer.status in (408, 429) or answer.status >= 500:
        return TransientError(
            f"Google's sign-in answers {answer.status}",
            status=answer.status,
            code=str(answer.status),
            retry_after_s=answer.retry_after_s(),
            place="sign-in",
        )
    try:
        told = answer.json()
        code, said = str(told.get("error")), str(told.get("error_description")).lower()
    except (MalformedError, AttributeError):
        code = said = ""
    for error, mark, problem, cure in _REASONS:
        if code == error and mark in said:
            return RefusedError(
                problem, status=answer.status, code=code, place="sign-in", cure=cure
            )
    return RefusedError(
        f"Google's sign-in answers {answer.status}",
        status=answer.status,
        code=code[:40] if code.isidentifier() else str(answer.status),
        place="sign-in",
        cure="make a new key for the service account",
    )
