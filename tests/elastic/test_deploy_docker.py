"""`elastic deploy` into the official images of Elasticsearch and Kibana.

Needs a Docker engine. It has not been run where Flowtrap is built: no engine is there.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import docker
import pytest
from builders.elastic_running import environment
from builders.splunk_server import engine
from docker.errors import APIError, DockerException
from elasticsearch import Elasticsearch

from elastic.client import Access
from elastic.errors import ClusterError
from elastic.kibana import Kibana
from elastic.kibana_shelves import Rules, SavedObjects

pytestmark = [pytest.mark.server, pytest.mark.slow]
VERSION = "8.19.0"
SEARCH = f"docker.elastic.co/elasticsearch/elasticsearch:{VERSION}"
SHOW = f"docker.elastic.co/kibana/kibana:{VERSION}"
READY_S = 300
LAUNCHER = str(Path(__file__).resolve().parents[2] / "bin" / "flowtrap")
SOCKET = Path("/var/run/docker.sock")


class Stack(NamedTuple):
    """A cluster and its Kibana, with the password of the user elastic."""

    url: str
    kibana: str
    password: str


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Return a stack on ports of 127.0.0.1; skip with the reason where there can be none."""
    if not (os.environ.get("DOCKER_HOST") or SOCKET.exists()):
        pytest.skip(f"no Docker engine here: neither DOCKER_HOST nor {SOCKET}")
    try:
        client = engine()
    except DockerException as error:
        pytest.skip(f"no Docker engine answers here: {error}")
    with contextlib.ExitStack() as ending:
        ending.callback(client.close)
        try:
            for image in (SEARCH, SHOW):
                client.images.pull(image)
        except APIError as error:
            pytest.skip(f"the images cannot be had: {error}")
        yield _started(client, ending)


def _started(client: docker.DockerClient, ending: contextlib.ExitStack) -> Stack:
    password, word = secrets.token_hex(12), f"flowtrap-{secrets.token_hex(4)}"
    network = client.networks.create(word)
    ending.callback(network.remove)
    search = client.containers.run(
        SEARCH, detach=True, name=f"{word}-es", network=word, ports={"9200/tcp": ("127.0.0.1", 0)},
        environment={
            "discovery.type": "single-node", "ELASTIC_PASSWORD": password,
            "xpack.security.http.ssl.enabled": "false", "ES_JAVA_OPTS": "-Xms1g -Xmx1g",
        },
    )  # fmt: skip
    ending.callback(search.remove, force=True, v=True)
    url = _address(search, "9200/tcp")
    with Elasticsearch(url, basic_auth=("elastic", password)) as cluster:
        _wait(lambda: cluster.cluster.health(wait_for_status="yellow"))
        cluster.security.change_password(username="kibana_system", password=password)
    show = client.containers.run(
        SHOW, detach=True, network=word, ports={"5601/tcp": ("127.0.0.1", 0)},
        environment={
            "ELASTICSEARCH_HOSTS": f"http://{word}-es:9200",
            "ELASTICSEARCH_USERNAME": "kibana_system", "ELASTICSEARCH_PASSWORD": password,
            "XPACK_ENCRYPTEDSAVEDOBJECTS_ENCRYPTIONKEY": secrets.token_hex(16),
        },
    )  # fmt: skip
    ending.callback(show.remove, force=True, v=True)
    kibana = _address(show, "5601/tcp")
    _wait(lambda: urllib.request.urlopen(f"{kibana}/api/status", timeout=5).read())
    return Stack(url, kibana, password)


def _address(container: docker.models.containers.Container, port: str) -> str:
    def published() -> str:
        container.reload()
        return str(container.ports[port][0]["HostPort"])

    return f"http://127.0.0.1:{_wait(published)}"


def _wait(ask):
    """Return what a call returns once it fails no more."""
    deadline = time.monotonic() + READY_S
    while True:
        try:
            return ask()
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(2)


def deploy(stack: Stack, *options: str) -> subprocess.CompletedProcess[str]:
    place = [f"--url={stack.url}", f"--kibana={stack.kibana}", "--user=elastic"]
    return subprocess.run(
        [sys.executable, LAUNCHER, "elastic", "deploy", *place, *options],
        capture_output=True, text=True, check=False, timeout=300, stdin=subprocess.DEVNULL,
        env=environment(FLOWTRAP_ELASTIC_PASSWORD=stack.password),
    )  # fmt: skip


def test_everything_is_imported_kept_and_removed(stack):
    made = deploy(stack, "--yes")
    assert made.returncode == 0, made.stderr
    again = deploy(stack)
    assert {line.split()[0] for line in again.stdout.splitlines()} == {"keep"}, again.stdout
    kibana = Kibana(stack.kibana, Access(user="elastic", password=stack.password))
    assert len(Rules(kibana, ()).installed()) > 20
    gone = deploy(stack, "--remove", "--yes")
    assert gone.returncode == 0, gone.stderr
    assert Rules(kibana, ()).installed() == {}


def test_a_wrong_password_is_refused(stack):
    kibana = Kibana(stack.kibana, Access(user="elastic", password="wrong"))
    with pytest.raises(ClusterError, match="401"):
        SavedObjects(kibana, [{"type": "dashboard", "id": "x"}]).installed()
