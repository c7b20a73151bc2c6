"""The node that the tests share is a real Elasticsearch with ES|QL."""

from __future__ import annotations

import pytest
from builders.elastic_node import VERSION
from elasticsearch import Elasticsearch

pytestmark = pytest.mark.server


def test_node_runs_the_version_that_the_tests_name(node: Elasticsearch):
    nodes = node.nodes.info()["nodes"]
    assert [one["version"] for one in nodes.values()] == [VERSION]


def test_node_answers_esql_with_in_and_kql(node: Elasticsearch, room: str):
    index = f"logs-{room}"
    node.index(index=index, document={"event": {"action": "Invoke"}}, refresh=True)
    node.index(index=index, document={"event": {"action": "ListKeys"}}, refresh=True)
    query = f"""FROM {index} | WHERE KQL("event.action: *e*")
        | EVAL told = event.action.keyword IN ("Invoke", "Other") | STATS n = COUNT(*) BY told
        | SORT told | LIMIT 10"""
    assert node.esql.query(query=query)["values"] == [[1, False], [1, True]]
