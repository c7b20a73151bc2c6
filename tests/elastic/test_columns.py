"""The index that maps every column: without it a rule fails over a field that no document had."""

from __future__ import annotations

import pytest
from builders.elastic_scenarios import in_room, plans, rows
from elasticsearch import BadRequestError

from compiler.elastic.query import query_of
from elastic.client import Cluster
from elastic.columns_shelf import Columns
from elastic.errors import ClusterError
from elastic.shelf import carry_out, plan, removal

pytestmark = pytest.mark.server
RULE = "m365_flow_then_forwarding"


def columns(node, room):
    return Columns(Cluster(node, "the node", patience_s=5), f"{room}-flowtrap-columns")


def done(shelf):
    steps = plan([shelf])
    for step in steps:
        carry_out(step)
    return [step.verb for step in steps]


def test_it_is_made_kept_made_anew_and_removed(node, room):
    shelf = columns(node, room)
    assert done(shelf) == ["create"]
    assert done(shelf) == ["keep"]
    (name,) = shelf.wanted
    node.indices.put_mapping(index=name, meta={"managed_by": "flowtrap", "digest": "of another"})
    assert done(shelf) == ["update"]
    assert done(shelf) == ["keep"]
    for step in removal([shelf]):
        carry_out(step)
    assert not node.indices.exists(index=name)


def test_an_index_of_somebody_else_is_left_alone(node, room):
    shelf = columns(node, room)
    node.indices.create(index=next(iter(shelf.wanted)))
    with pytest.raises(ClusterError, match="that Flowtrap did not make"):
        plan([shelf])


def test_a_rule_runs_before_the_first_document_of_its_integration(node, room):
    (one,) = plans(RULE)
    query = in_room(query_of(one.plan, None), room)
    node.indices.create(index=f"{room}-logs-o365.audit-default")
    with pytest.raises(BadRequestError, match="Unknown column"):
        rows(node, query)
    done(columns(node, room))
    assert rows(node, query) == []
