"""Tokens by client credentials, from the v2 endpoint, with a secret or a certificate.

Example: `Tokens(http, cloud, tenant, client_id, Secret("…")).get()`.

A certificate proves itself by a JSON Web Token that its private key signed (RS256): the signing is
behind `Signer`, so that no compiled library is needed.

Source: "Microsoft identity platform and the OAuth 2.0 client credentials flow"; "Microsoft identity
platform application authentication certificate credentials"; "Microsoft Entra authentication and
authorization error codes".
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import ssl
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any, Callable, Protocol

from flowtrap_inputs.errors import MalformedError, RefusedError, TransientError

if TYPE_CHECKING:
    from flowtrap_inputs.http import Answer, HttpClient
    from flowtrap_inputs.signer import Signer

    from .clouds import Cloud

ASSERTION_S = 600
MARGIN_S = 300  # a token is replaced so long before it ends
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_REASONS = {
    "AADSTS7000215": ("the client secret is wrong", "give the secret's value, not its id"),
    "AADSTS7000222": ("the client secret has expired", "make a new one for the application"),
    "AADSTS700016": ("the tenant has no such application", "check client id, tenant and cloud"),
    "AADSTS90002": ("there is no such tenant", "check the tenant id and the cloud"),
    "AADSTS900023": ("the tenant id is not valid", "give the directory (tenant) id"),
    "AADSTS900021": ("the tenant id is not valid", "give the directory (tenant) id"),
    "AADSTS700027": ("the certificate is not one of the application's",
                     "upload the certificate to the application"),
    "AADSTS700024": ("the certificate's proof is out of its time", "check this machine's clock"),
    "AADSTS7000112": ("the application is disabled", "enable it in Microsoft Entra"),
    "AADSTS7000229": ("the application has no service principal in the tenant",
                      "grant an administrator's consent to it"),
    "AADSTS500011": ("the tenant does not know the Activity API",
                     "check the cloud; the tenant needs Office 365"),
    "AADSTS53003": ("a conditional access policy refuses the application",
                    "exclude it from the policy, or add this machine's address"),
}  # fmt: skip
_UNKNOWN = (
    "the sign-in refuses the application",
    "look the code up at https://login.microsoftonline.com/error",
)


class Credential(Protocol):
    """What proves who the application is."""

    def form(self, client_id: str, address: str, now_s: float) -> dict[str, str]:
        """Return the fields of the token request that prove it."""


class Secret:
    """A client secret."""

    def __init__(self, text: str) -> None:
        self._text = text

    def form(self, client_id: str, address: str, now_s: float) -> dict[str, str]:
        """Return the secret as a field."""
        return {"client_secret": self._text}


class Certificate:
    """A certificate (PEM, public) and what signs with its private key."""

    def __init__(self, pem: str, signer: Signer) -> None:
        block = re.search(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", pem, re.S)
        if not block:
            raise MalformedError(
                "there is no certificate",
                place="certificate",
                cure="paste the PEM block that begins BEGIN CERTIFICATE",
            )
        self._thumbprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(block.group())).digest()
        self._signer = signer

    def form(self, client_id: str, address: str, now_s: float) -> dict[str, str]:
        """Return a signed assertion as a field, good for ten minutes."""
        head = {"alg": "RS256", "typ": "JWT", "x5t#S256": _base64url(self._thumbprint)}
        claims = {
            "aud": address,
            "iss": client_id,
            "sub": client_id,
            "jti": str(uuid.uuid4()),
            "nbf": int(now_s),
            "exp": int(now_s) + ASSERTION_S,
        }
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (head, claims))
        signature = _base64url(self._signer.sign(signed.encode()))
        return {
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": f"{signed}.{signature}",
        }


class Tokens:
    """The token of one application in one tenant, fetched when needed, shared by threads."""

    def __init__(
        self,
        http: HttpClient,
        cloud: Cloud,
        tenant: str,
        client_id: str,
        credential: Credential,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._http, self._credential, self._client_id = http, credential, client_id
        self._address = cloud.token_address(tenant)
        self._scope = f"{cloud.root}/.default"
        self._clock, self._skew_s = clock, 0.0
        self._token, self._ends_s = "", 0.0
        self._lock = threading.Lock()

    def get(self) -> str:
        """Return a token; raise RefusedError, TransientError."""
        with self._lock:
            if self._clock() >= self._ends_s:
                self._fetch()
            return self._token

    def replace(self, refused: str) -> str:
        """Return another token than the one that was refused; one thread fetches it for all."""
        with self._lock:
            if self._token == refused:
                self._fetch()
            return self._token

    def _fetch(self) -> None:
        try:
            answer = self._request()
        except RefusedError as error:
            if error.code != "AADSTS700024":
                raise
            answer = self._request()  # now by the server's clock
        token, length_s = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not isinstance(length_s, (int, float)):
            raise MalformedError("the answer holds no token", place="sign-in")
        self._token, self._ends_s = token, self._clock() + max(60.0, length_s - MARGIN_S)

    def _request(self) -> dict[str, Any]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "scope": self._scope,
            **self._credential.form(self._client_id, self._address, self._clock() + self._skew_s),
        }
        with self._http.open("POST", self._address, body=form) as answer:
            if answer.status == 429 or answer.status >= 500:
                raise TransientError(
                    "the sign-in does not answer now",
                    status=answer.status,
                    retry_after_s=answer.retry_after_s(),
                    place="sign-in",
                )
            self._skew_s = (answer.server_time_s() or self._clock()) - self._clock()
            said = answer.json()
            if answer.status != 200:
                raise _refusal(answer, said)
            if not isinstance(said, dict):
                raise MalformedError("the answer holds no token", place="sign-in")
            return said


def _refusal(answer: Answer, said: Any) -> RefusedError:
    """Return the error in our words: the vendor's text may quote what was sent."""
    text = str(said.get("error_description")) if isinstance(said, dict) else ""
    found = re.search(r"AADSTS\d+", text)
    code = found.group() if found else ""
    problem, cure = _REASONS.get(code, _UNKNOWN)
    return RefusedError(
        f"{problem} ({code or f'HTTP {answer.status}'})",
        status=answer.status, code=code, place="sign-in", cure=cure,
    )  # fmt: skip


def _base64url(plain: bytes) -> str:
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()
