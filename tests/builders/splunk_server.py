"""Splunk's own image as a server for tests: the package installed, events in, searches run.

    with SplunkServer.started(package) as server:
        server.send(payload(record) for record in records)
        server.run("Flowtrap - AN1053 - aws_lambda_outbound")

Ports are on loopback, the password is made for the run, and only the container that was made here
is removed. Sources: https://splunk.github.io/docker-splunk/ (environment), Splunk's REST API
reference (saved/searches/{name}/dispatch, search/jobs), "Format events for HTTP Event Collector".
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import secrets
import ssl
import tarfile
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import docker
import docker.errors

from builders.all_scenarios import event_of
from compiler.splunk.sources import SOURCES

IMAGE = "splunk/splunk:9.4"
START_S, SEARCH_S = 900, 300
EVENTS_A_POST = 200
APP = "servicesNS/nobody/TA_flowtrap"


class ServerError(Exception):
    """The server is not as the test needs it; the message says what it answered."""


# -- what needs no server ----------------------------------------------------------------------


def payload(record: Any) -> dict[str, Any]:
    """Return what the HTTP Event Collector is sent for a native record."""
    event = event_of(record)
    return {
        "event": record,
        "sourcetype": sourcetype(event.feed, record),
        "time": event.time_ms / 1000,
        "source": "flowtrap-test",
    }


def sourcetype(feed: str, record: Any) -> str:
    """Return the sourcetype that Splunk's own add-on gives a record."""
    first = SOURCES[feed].sourcetypes[0]
    return first.replace("*", record["id"]["applicationName"]) if "*" in first else first


def bodies(payloads: Iterable[dict[str, Any]], size: int = EVENTS_A_POST) -> Iterator[bytes]:
    """Yield events one after the other, so many a request."""
    remaining = iter(payloads)
    while portion := list(islice(remaining, size)):
        yield "".join(map(json.dumps, portion)).encode()


def standing(rows: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the last finding of each id from what an index holds, oldest first."""
    told = {row["finding_id"]: row for row in rows}
    return {name: row for name, row in told.items() if "superseded_by" not in row}


def differences(found: dict[str, dict[str, Any]], wanted: Iterable[dict[str, Any]]) -> list[str]:
    """Return a line for each finding that is missing, beyond what is wanted, or different."""
    known = {row["finding_id"]: row for row in wanted}
    lines = [f"missing: {known[n]['detection']} {n}" for n in sorted(known.keys() - found.keys())]
    lines += [f"unwanted: {found[n]['detection']} {n}" for n in sorted(found.keys() - known.keys())]
    for name in sorted(known.keys() & found.keys()):
        fields = [f for f, value in known[name].items() if found[name].get(f) != value]
        if fields:
            lines.append(f"differs: {known[name]['detection']} {name}: {', '.join(fields)}")
    return lines


# -- the server --------------------------------------------------------------------------------


class SplunkServer:
    """A running Splunk with the package installed."""

    def __init__(self, container: Any, password: str, token: str) -> None:
        self._container = container
        self._basic = base64.b64encode(f"admin:{password}".encode()).decode()
        self._token = token
        self._tls = ssl._create_unverified_context()  # its certificate is its own, on loopback

    @classmethod
    @contextlib.contextmanager
    def started(cls, client: Any, package: Path) -> Iterator[SplunkServer]:
        """Start a container, wait until it is healthy, and remove it at the end."""
        password, token = secrets.token_urlsafe(18) + "aA1!", str(uuid.uuid4())
        container = client.containers.create(
            IMAGE,
            environment={
                "SPLUNK_START_ARGS": "--accept-license",
                "SPLUNK_GENERAL_TERMS": "--accept-sgt-current-at-splunk-com",
                "SPLUNK_PASSWORD": password,
                "SPLUNK_HEC_TOKEN": token,
                "SPLUNK_APPS_URL": f"/tmp/{package.name}",
            },
            ports={f"{port}/tcp": ("127.0.0.1", None) for port in (8088, 8089)},
        )
        try:
            container.put_archive("/tmp", _tar(package))
            container.start()
            server = cls(container, password, token)
            server._wait_until_healthy()
            yield server
        finally:
            container.remove(force=True, v=True)

    def send(self, payloads: Iterable[dict[str, Any]]) -> None:
        """Send events to the HTTP Event Collector."""
        for body in bodies(payloads):
            self._ask(8088, "services/collector/event", f"Splunk {self._token}", body)

    def searches(self) -> list[str]:
        """Return the names of the add-on's saved searches that read events."""
        rows = self._rest(f"{APP}/saved/searches?count=0&search=chaindetect")["entry"]
        return [row["name"] for row in rows if row["name"].startswith("Flowtrap - AN")]

    def unschedule(self, name: str) -> None:
        """Let a search be run by hand alone."""
        self._rest(f"{APP}/saved/searches/{_quoted(name)}", is_scheduled="0", disabled="0")

    def run(self, name: str) -> None:
        """Run a saved search over all time and wait for its end; raise ServerError if it failed."""
        job = self._rest(
            f"{APP}/saved/searches/{_quoted(name)}/dispatch",
            **{
                "dispatch.earliest_time": "1",
                "dispatch.latest_time": "now",
                "trigger_actions": "0",
            },
        )
        deadline = time.monotonic() + SEARCH_S
        while time.monotonic() < deadline:
            told = self._rest(f"{APP}/search/jobs/{job['sid']}")["entry"][0]["content"]
            errors = [row["text"] for row in told["messages"] if row["type"] in ("ERROR", "FATAL")]
            if told["isFailed"] or errors:
                raise ServerError(f"{name}: {errors}")
            if told["isDone"]:
                return
            time.sleep(1)
        raise ServerError(f"{name} has not ended within {SEARCH_S} s")

    def rows(self, search: str) -> list[dict[str, str]]:
        """Return the rows of a search over all time."""
        asked = {"search": f"search {search}", "exec_mode": "oneshot", "count": "0"}
        answer = self._rest(f"{APP}/search/jobs", earliest_time="1", latest_time="now", **asked)
        rows: list[dict[str, str]] = answer["results"]
        return rows

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            self._container.reload()
            state = self._container.attrs["State"]
            if state.get("Health", {}).get("Status") == "healthy":
                return
            if state["Status"] == "exited":
                break
            time.sleep(5)
        raise ServerError(f"Splunk did not start: {self._container.logs(tail=20).decode()}")

    def _rest(self, path: str, **fields: str) -> Any:
        mark = "&" if "?" in path else "?"
        body = urllib.parse.urlencode(fields).encode() if fields else None
        return self._ask(8089, f"{path}{mark}output_mode=json", f"Basic {self._basic}", body)

    def _ask(self, port: int, path: str, authorization: str, body: bytes | None) -> Any:
        (place,) = self._container.ports[f"{port}/tcp"]
        request = urllib.request.Request(
            f"https://127.0.0.1:{place['HostPort']}/{path}",
            data=body,
            headers={"Authorization": authorization},
        )
        with urllib.request.urlopen(request, timeout=120, context=self._tls) as answer:
            return json.load(answer)


def _tar(path: Path) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        archive.add(path, arcname=path.name)
    return held.getvalue()


def _quoted(name: str) -> str:
    return urllib.parse.quote(name, safe="")


def engine() -> Any:
    """Return a client of the Docker engine; raise docker.errors.DockerException where none is."""
    place = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    kind, _, path = place.partition("://")
    if kind == "unix" and not Path(path).exists():  # docker would leave its socket open
        raise docker.errors.DockerException(f"there is no {path}")
    client = docker.from_env(timeout=120)
    try:
        client.ping()
    except Exception:
        client.close()
        raise
    return client
