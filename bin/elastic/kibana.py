"""Kibana's HTTP API, as much of it as deploying needs.

    kibana = Kibana("https://kibana.example.com:5601", access, space="soc")
    kibana.check_version()
    kibana.ask("GET", "/api/exception_lists?list_id=…")

Source: Kibana API reference, 8.19: status, saved objects, detection engine, exception lists.
"""

from __future__ import annotations

import http.client
import json
import re
import ssl
import urllib.error
import urllib.request
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .address import checked, distrust
from .errors import ClusterError

if TYPE_CHECKING:
    from .client import Access

OLDEST = (8, 19)  # what the rules were run on
TIMEOUT_S = 120
_SPACE = re.compile(r"[a-z0-9_-]+").fullmatch


class Kibana:
    """One space of a Kibana, by the credentials of the cluster. Methods raise ClusterError."""

    def __init__(self, url: str, access: Access, *, space: str = "") -> None:
        if space and not _SPACE(space):
            cure = "use a-z, 0-9, _ and -"
            raise ClusterError(f"{space!r} is no space", place="--space", cure=cure)
        self.place = url.rstrip("/")
        self._url = checked(self.place, "--kibana", secret=bool(access.authorization))
        self._space = f"/s/{quote(space)}" if space and space != "default" else ""
        self._headers = {"kbn-xsrf": "flowtrap"}
        if access.authorization:
            self._headers["Authorization"] = access.authorization
        context = ssl.create_default_context(cafile=access.ca or None)
        secure = urllib.request.HTTPSHandler(context=context)
        self._opener = urllib.request.build_opener(_NoRedirect(), secure)

    def check_version(self) -> str:
        """Return Kibana's version; raise ClusterError where it is too old for the rules."""
        answer = self._send("GET", "/api/status", None, {}) or {}
        number = str((answer.get("version") or {}).get("number", ""))
        found = re.match(r"(\d+)\.(\d+)", number)
        if not found:
            cure = "check --kibana: it must be Kibana's own address"
            raise ClusterError("does not say its version", place=self.place, cure=cure)
        if (int(found[1]), int(found[2])) < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            raise ClusterError(
                f"is version {number}; the rules need {oldest} or newer", place=self.place
            )
        return number

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer's JSON, None where what is asked for is not there (404)."""
        data = None if body is None else json.dumps(body).encode()
        return self._send(method, self._space + path, data, {"Content-Type": "application/json"})

    def upload(self, path: str, lines: list[str]) -> Any:
        """Send lines of NDJSON as the file of a form; return the answer's JSON."""
        border = uuid.uuid4().hex
        head = (
            f"--{border}\r\n"
            'Content-Disposition: form-data; name="file"; filename="flowtrap.ndjson"\r\n'
            "Content-Type: application/ndjson\r\n\r\n"
        )
        data = f"{head}{''.join(lines)}\r\n--{border}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={border}"}
        answer = self._send("POST", self._space + path, data, headers)
        if answer is None:
            cure = "check --space, and that Kibana has the Security app"
            raise ClusterError(f"has no {path.partition('?')[0]}", place=self.place, cure=cure)
        return answer

    def _send(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> Any:
        request = urllib.request.Request(  # http or https: checked
            self._url + path, data=data, method=method, headers={**self._headers, **headers}
        )
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 404:
                    return None
                raise self._refusal(error.code, error.read()) from error
        except (OSError, http.client.HTTPException) as error:
            raise self._unreached(error) from error
        try:
            return json.loads(text) if text.strip() else {}
        except ValueError as error:
            cure = "check --kibana: it must be Kibana's own address"
            raise ClusterError("its answer is no JSON", place=self.place, cure=cure) from error

    def _unreached(self, error: Exception) -> ClusterError:
        untrusted = distrust(error)
        if untrusted:
            return ClusterError(untrusted[0], place=self.place, cure=untrusted[1])
        reason = getattr(error, "reason", error)
        text = " ".join((str(reason) or type(reason).__name__).split())[:200]
        cure = "check the address, and that Kibana is up"
        return ClusterError(f"cannot be reached: {text}", place=self.place, cure=cure)

    def _refusal(self, status: int, body: bytes) -> ClusterError:
        if status == 401:
            problem = "the user, password or API key is wrong (401)"
        elif status == 403:
            problem = f"the credentials do not allow this (403): {message_of(body)}"
        elif 300 <= status < 400:
            problem = f"answered {status}: it sends elsewhere, which is not followed"
        else:
            problem = f"answered {status}: {message_of(body)}"
        return ClusterError(problem, place=self.place)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows nothing: credentials go to the address that was given, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


def message_of(body: bytes | dict[str, Any]) -> str:
    """Return the message of an error's body, shortened."""
    try:
        told = json.loads(body) if isinstance(body, bytes) else body
    except ValueError:
        told = {}
    text = told.get("message") if isinstance(told, dict) else None
    return " ".join(str(text or "no reason told").split())[:200]
