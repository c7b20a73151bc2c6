"""REST calls to the splunkd that runs the search, with the search's own session key.

Example: `Splunkd(info.splunkd_uri, info.session_key).get("configs/conf-ta_flowtrap_settings")`.

splunkd's certificate on the machine itself is self-signed as shipped, so it is not checked on a
loopback address, where nobody can sit in between; elsewhere it is.
"""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Callable

from .errors import SplunkdError

APP = "TA_flowtrap"
TIMEOUT_S = 30
TRIES = 4
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_TRANSIENT = (502, 503, 504)


class Splunkd:
    """A session with splunkd, in the name space of the add-on, shared by all users."""

    def __init__(
        self, uri: str, session_key: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        parts = urllib.parse.urlsplit(uri)
        if parts.scheme not in ("https", "http") or not parts.netloc or not session_key:
            raise SplunkdError(
                "splunkd gave no address or session key", cure="set chunked = true in commands.conf"
            )
        self._base = f"{uri.rstrip('/')}/servicesNS/nobody/{APP}/"
        self._headers = {"Authorization": f"Splunk {session_key}", "Accept": "application/json"}
        self._sleep = sleep
        if parts.hostname in _LOOPBACK:  # reading the authorities would take a tenth of a second
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        else:
            context = ssl.create_default_context()
        self._open = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        ).open

    def get(self, path: str, **query: object) -> Any:
        """Return what is at a path; raise SplunkdError."""
        return self._call("GET", path, query)

    def post(self, path: str, content: object) -> Any:
        """Post JSON; raise SplunkdError, status 409 where it exists."""
        return self._call("POST", path, {}, json.dumps(content).encode())

    def search(self, query: str, **words: str) -> list[dict[str, Any]]:
        """Run a search to its end and return its rows; raise SplunkdError.

        `words` are settings of the job, such as earliest_time="-2d".
        """
        asked = {"search": query, "exec_mode": "oneshot", "count": "0", **words}
        form = urllib.parse.urlencode({**asked, "output_mode": "json"}).encode()
        answer = self._call("POST", "search/jobs", {}, form, "application/x-www-form-urlencoded")
        rows = answer.get("results") if isinstance(answer, dict) else None
        return rows if isinstance(rows, list) else []

    def delete(self, path: str, **query: object) -> None:
        """Delete what is at a path; raise SplunkdError."""
        self._call("DELETE", path, query)

    def _call(
        self,
        method: str,
        path: str,
        query: dict[str, object],
        content: bytes | None = None,
        content_type: str = "application/json",
    ) -> Any:
        words = {k: v if isinstance(v, str) else json.dumps(v) for k, v in query.items()}
        words["output_mode"] = "json"
        url = f"{self._base}{path}?{urllib.parse.urlencode(words)}"
        headers = dict(self._headers)
        if content is not None:
            headers["Content-Type"] = content_type
        request = urllib.request.Request(url, content, headers, method=method)
        for attempt in range(1, TRIES + 1):
            try:
                with self._open(request, timeout=TIMEOUT_S) as answer:
                    text = answer.read()
                return json.loads(text) if text.strip() else None
            except urllib.error.HTTPError as error:
                with error:
                    if error.code not in _TRANSIENT or attempt == TRIES:
                        raise _refused(error, path) from None
            except (OSError, ValueError) as error:
                if attempt == TRIES or isinstance(error, ValueError):
                    raise SplunkdError(f"no answer from splunkd: {error}", place=path) from None
            self._sleep(0.25 * 4 ** (attempt - 1))
        raise AssertionError("the last try returns or raises")


def _refused(error: urllib.error.HTTPError, path: str) -> SplunkdError:
    cures = {
        401: "the session has ended: run the search again",
        403: "give the role read and write on the app's collections",
        404: "install the add-on on this search head",
        503: "wait for the KV store to start: splunk show kvstore-status",
    }
    said = error.read(500).decode("utf-8", "replace")
    try:
        said = json.loads(said)["messages"][0]["text"]
    except (ValueError, LookupError, TypeError):
        said = " ".join(said.split())
    problem = f"splunkd answers {error.code} {said or error.reason}"
    return SplunkdError(problem, status=error.code, place=path, cure=cures.get(error.code, ""))
