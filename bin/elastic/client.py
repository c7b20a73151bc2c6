"""A connection to a cluster that waits where it is busy and says plainly what is wrong.

    cluster = Cluster(connect(Access(url="https://es.example.com:9200", api_key=key)))
    cluster.ask(lambda client: client.cluster.health())

A cluster that answers 429 or is away for a moment is asked again, ever less often, until the
`patience` ends. Everything else becomes a ClusterError of one line.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import elastic_transport
from elasticsearch import ApiError, Elasticsearch, UnsupportedProductError
from elasticsearch.serializer import CompatibilityModeJsonSerializer

from flowtrap.feed import decode
from flowtrap.model.errors import FlowtrapError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")
BUSY = frozenset((429, 502, 503, 504))
# What no waiting mends: shards that are nowhere. They answer 503 as well.
_LOST_SHARDS = frozenset(
    ("search_phase_execution_exception", "no_shard_available_action_exception")
)
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
REQUEST_TIMEOUT_S = 120
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ClusterError(FlowtrapError):
    """The cluster cannot be reached, refuses, or answers what makes no sense."""


class RedIndexError(ClusterError):
    """Shards that hold what was asked for are nowhere; other indices may answer."""


@dataclass(frozen=True)
class Access:
    """Where a cluster is and who asks: `url` or `cloud_id`; an API key, or a user with password."""

    url: str = ""
    cloud_id: str = ""
    api_key: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    ca: str = ""

    @property
    def place(self) -> str:
        """Return the cluster's name in messages."""
        return self.url or self.cloud_id.partition(":")[0]


def connect(access: Access) -> Elasticsearch:
    """Return a client; nothing is asked of the cluster yet. Raises ClusterError."""
    _check(access)
    options: dict[str, Any] = {
        "request_timeout": REQUEST_TIMEOUT_S,
        "max_retries": 0,  # Cluster.ask does it, with waits between
        "retry_on_timeout": False,
        "serializer": _QuickJson(),
    }
    if access.cloud_id:
        options["cloud_id"] = access.cloud_id
    else:
        options["hosts"] = [access.url]
    if access.api_key:
        options["api_key"] = access.api_key
    elif access.user:
        options["basic_auth"] = (access.user, access.password)
    if access.ca:
        options["ca_certs"] = access.ca
    try:
        return Elasticsearch(**options)
    except (ValueError, OSError) as error:
        raise ClusterError(f"this address cannot be used: {error}", place=access.place) from error


def _check(access: Access) -> None:
    parts = urlsplit(access.url)
    if parts.username or parts.password:
        host = parts.hostname or "the cluster"
        cure = "give --user, and the password in FLOWTRAP_ELASTIC_PASSWORD"
        raise ClusterError("the address holds a user or password", place=host, cure=cure)
    secret = access.api_key or access.password
    if secret and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        cure = "use https, with --ca for a certificate of your own"
        raise ClusterError("credentials would travel in the clear", place=access.url, cure=cure)


class _QuickJson(CompatibilityModeJsonSerializer):
    """Decodes answers with orjson where installed; what it refuses (lone surrogates) as ever."""

    def loads(self, data: bytes) -> Any:
        """Return what an answer holds."""
        if decode.orjson is not None:
            with contextlib.suppress(ValueError):
                return decode.orjson.loads(data)
        return super().loads(data)


class Cluster:
    """A client that is patient. `stop` ends all waiting at once; calls may come from any thread."""

    def __init__(self, client: Elasticsearch, place: str, *, patience_s: float = 300) -> None:
        self._client = client
        self.place = place
        self._patience_s = patience_s
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Let every call that waits give up."""
        self._stopping.set()

    def pause(self) -> None:
        """Wait a little for a cluster that took only part of what it was sent."""
        self._stopping.wait(FIRST_WAIT_S)

    def ask(self, call: Callable[[Elasticsearch], T]) -> T:
        """Return what a call returns; raise ClusterError where it cannot be had."""
        deadline = time.monotonic() + self._patience_s
        wait_s = FIRST_WAIT_S
        while True:
            try:
                return call(self._client)
            except (ApiError, elastic_transport.TransportError, UnsupportedProductError) as error:
                left = deadline - time.monotonic()
                if not _may_pass(error) or left <= 0 or self._stopping.is_set():
                    raise self._told(error) from error
                pause = min(max(wait_s, _asked_to_wait_s(error)), left)
            self._stopping.wait(pause * random.uniform(0.75, 1.0))
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    def _told(self, error: Exception) -> ClusterError:
        if isinstance(error, ApiError):
            if _type_of(error) in _LOST_SHARDS:
                problem = f"an index is red, shards are missing: {reason_of(error.body)}"
                return RedIndexError(problem, place=self.place)
            return ClusterError(_refusal(error), place=self.place)
        if isinstance(error, elastic_transport.TlsError):
            return ClusterError(
                "its certificate is not trusted", place=self.place, cure="name its CA with --ca"
            )
        if isinstance(error, UnsupportedProductError):
            return ClusterError("this is no Elasticsearch of version 8 or 9", place=self.place)
        text = " ".join(str(error).split())[:200]
        cure = "check the address, and that the cluster is up"
        return ClusterError(f"cannot be reached: {text}", place=self.place, cure=cure)


def _may_pass(error: Exception) -> bool:
    """Tell whether waiting may mend it."""
    if isinstance(error, ApiError):
        return error.meta.status in BUSY and _type_of(error) not in _LOST_SHARDS
    if isinstance(error, elastic_transport.TlsError):
        return False
    return isinstance(
        error, elastic_transport.ConnectionError | elastic_transport.ConnectionTimeout
    )


def _asked_to_wait_s(error: Exception) -> float:
    text = error.meta.headers.get("retry-after") or "" if isinstance(error, ApiError) else ""
    return float(text) if text.isdigit() else 0.0


def _type_of(error: ApiError) -> str:
    body = error.body if isinstance(error.body, dict) else {}
    cause = body.get("error")
    return str(cause.get("type", "")) if isinstance(cause, dict) else ""


def reason_of(body: Any) -> str:
    """Return the reason in an answer's `error` or `failures`: the root cause where one is told."""
    cause = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(cause, dict):
        return " ".join(str(cause).split())[:200]
    roots = cause.get("root_cause") or [cause]
    text = roots[0].get("reason") or cause.get("reason") or roots[0].get("type") or "no reason told"
    return " ".join(str(text).split())[:200]


def gaps_of(answer: Mapping[str, Any]) -> list[str]:
    """Return what an answer of a search does not cover, a line each."""
    found = []
    shards = answer["_shards"]
    if shards.get("failed"):
        failures = shards.get("failures") or [{}]
        reason = reason_of(failures[0].get("reason", failures[0]))
        found.append(f"{shards['failed']} of {shards['total']} shards failed: {reason}")
    if answer.get("timed_out"):
        found.append("the search was cut short by a time-out")
    clusters = answer.get("_clusters", {})
    away = [name for name in ("skipped", "partial", "failed") if clusters.get(name)]
    if away:
        count = sum(clusters[name] for name in away)
        found.append(f"{count} of {clusters['total']} remote clusters did not answer in full")
    return found


def _refusal(error: ApiError) -> str:
    status, reason = error.meta.status, reason_of(error.body)
    if status == 401:
        return "the user, password or API key is wrong (401)"
    if status == 403:
        return f"the credentials do not allow this (403): {reason}"
    if status == 429:
        return "the cluster is too busy: it kept answering 429"
    return f"answered {status}: {reason}"
