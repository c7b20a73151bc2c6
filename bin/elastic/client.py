"""A connection to a cluster that waits where it is busy and says plainly what is wrong.

    cluster = Cluster(connect(Access(url="https://es.example.com:9200", api_key=key)))
    cluster.ask(lambda client: client.cluster.health())

A cluster that answers 429 or is away for a moment is asked again, ever less often, until the
`patience` ends. Everything else becomes a ClusterError of one line.
"""

from __future__ import annotations

import base64
import contextlib
import random
import threading
import time
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import elastic_transport
from elasticsearch import ApiError, Elasticsearch, ElasticsearchWarning, UnsupportedProductError
from elasticsearch.serializer import CompatibilityModeJsonSerializer

from flowtrap.feed import decode

from .address import checked, distrust
from .errors import ClusterError, RedIndexError

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
        name, colon, _ = self.cloud_id.partition(":")
        return self.url or (f"cloud {name}" if colon else "--cloud-id")

    @property
    def authorization(self) -> str:
        """Return the header that says who asks, "" for nobody; it is a secret."""
        if self.api_key:
            return f"ApiKey {self.api_key}"
        pair = f"{self.user}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}" if self.user else ""


def connect(access: Access) -> Elasticsearch:
    """Return a client; nothing is asked of the cluster yet. Raises ClusterError."""
    # What a cluster deprecates is no matter of the person who runs this.
    warnings.simplefilter("ignore", ElasticsearchWarning)
    options: dict[str, Any] = {
        "request_timeout": REQUEST_TIMEOUT_S,
        "max_retries": 0,  # Cluster.ask does it, with waits between
        "retry_on_timeout": False,
        "serializer": _QuickJson(),
    }
    if access.cloud_id:
        options["cloud_id"] = access.cloud_id
    else:
        options["hosts"] = [checked(access.url, "--url", secret=bool(access.authorization))]
    if access.authorization:
        options["headers"] = {"authorization": access.authorization}
    if access.ca:
        options["ca_certs"] = access.ca
    try:
        return Elasticsearch(**options)
    except (ValueError, OSError) as error:
        cure = "copy it from the deployment's page: NAME:…" if access.cloud_id else ""
        raise ClusterError(f"cannot be used: {error}", place=access.place, cure=cure) from error


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
                gone = error.meta.status in BUSY
                what = "an index is red, shards are missing" if gone else "cannot be searched"
                return RedIndexError(f"{what}: {reason_of(error.body)}", place=self.place)
            return ClusterError(_refusal(error), place=self.place)
        untrusted = distrust(error)
        if untrusted:
            return ClusterError(untrusted[0], place=self.place, cure=untrusted[1])
        if isinstance(error, UnsupportedProductError):
            return ClusterError("this is no Elasticsearch of version 8 or 9", place=self.place)
        text = " ".join(str(error).split())[:200]
        cure = "check the address, and that the cluster is up"
        return ClusterError(f"cannot be reached: {text}", place=self.place, cure=cure)


def _may_pass(error: Exception) -> bool:
    """Tell whether waiting may mend it."""
    if isinstance(error, ApiError):
        return error.meta.status in BUSY and _type_of(error) not in _LOST_SHARDS
    gone = elastic_transport.ConnectionError | elastic_transport.ConnectionTimeout
    return isinstance(error, gone) and distrust(error) is None


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
    if 300 <= status < 400:
        return f"answered {status}: it sends elsewhere, which is not followed"
    if status == 403:
        return f"the credentials do not allow this (403): {reason}"
    if status == 429:
        return "the cluster is too busy: it kept answering 429"
    return f"answered {status}: {reason}"
