"""The node that all tests here share, and a name of its own for the indices of each test."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest
from builders.elastic_node import Unavailable, shared_node
from elasticsearch import Elasticsearch

NAMES_A_REQUEST = 20  # an HTTP line may have 4,096 bytes


@pytest.fixture(scope="session")
def node_url(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """Return the address of a real Elasticsearch, one for all workers of this run.

    Skips with the reason where there can be none; where FLOWTRAP_CI is set that is a failure.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "elasticsearch"
    try:
        with shared_node(folder) as url:
            yield url
    except Unavailable as error:
        if os.environ.get("FLOWTRAP_CI"):
            pytest.fail(f"no Elasticsearch: {error}")
        pytest.skip(f"no Elasticsearch: {error}")


@pytest.fixture(scope="session")
def node(node_url: str) -> Iterator[Elasticsearch]:
    """Return a client of the real node."""
    with Elasticsearch(node_url, request_timeout=60) as client:
        yield client


@pytest.fixture
def room(node: Elasticsearch) -> Iterator[str]:
    """Return a word for the names of a test's indices; those that hold it are deleted after it."""
    word = f"t{uuid.uuid4().hex[:10]}"
    yield word
    names = list(node.indices.get(index=f"*{word}*", expand_wildcards="all"))
    for first in range(0, len(names), NAMES_A_REQUEST):
        node.indices.delete(index=names[first : first + NAMES_A_REQUEST], expand_wildcards="all")
    for template in node.indices.get_index_template()["index_templates"]:
        if word in template["name"]:
            node.indices.delete_index_template(name=template["name"])
