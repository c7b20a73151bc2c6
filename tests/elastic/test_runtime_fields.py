"""Runtime fields on indices that exist and on those to come, beside what the user has there."""

from __future__ import annotations

import pytest

from elastic.client import Cluster
from elastic.runtime_fields import RuntimeFields
from elastic.shelf import carry_out, plan, removal

pytestmark = pytest.mark.server
FIELD, OTHER = "gcp.audit.request.function.a", "gcp.audit.request.function.b"
USERS_OWN = {
    "mappings": {"properties": {"mine": {"type": "long"}}, "runtime": {"r": {"type": "long"}}}
}


@pytest.fixture
def stream(node, room):
    """Return an index pattern whose template is composed as Fleet composes it."""
    name = f"{room}-logs-gcp.audit"
    custom = f"{name}@custom"
    node.cluster.put_component_template(name=custom, template=USERS_OWN, meta={"of": "the user"})
    node.indices.put_index_template(
        name=name,
        index_patterns=[f"{name}-*"],
        composed_of=[custom],
        template={"mappings": {"properties": {"gcp.audit.request": {"type": "flattened"}}}},
    )
    node.indices.create(index=f"{name}-old")
    yield f"{name}-*"
    node.indices.delete_index_template(name=name)
    node.cluster.delete_component_template(name=custom)


def fields(node, pattern, *names):
    return RuntimeFields(Cluster(node, "the node", patience_s=5), {pattern: names})


def done(shelf):
    steps = plan([shelf])
    for step in steps:
        carry_out(step)
    return [step.verb for step in steps]


def runtime_of(node, index):
    return node.indices.get_mapping(index=index)[index]["mappings"].get("runtime", {}).keys()


def read(node, pattern, field):
    answer = node.esql.query(query=f"FROM {pattern} | KEEP {field} | LIMIT 10")
    return sorted(value for (value,) in answer["values"])


def test_a_flattened_field_is_read_in_old_and_new_indices(node, stream):
    old, new = (stream.replace("*", name) for name in ("old", "new"))
    told = {"gcp": {"audit": {"request": {"function": {"a": "x@example.com"}}}}}
    node.index(index=old, document=told, refresh=True)
    assert done(fields(node, stream, FIELD)) == ["create"]
    node.index(index=new, document=told, refresh=True)
    assert read(node, stream, FIELD) == ["x@example.com", "x@example.com"]
    assert done(fields(node, stream, FIELD)) == ["keep"]


def test_what_is_the_users_own_stays_whatever_is_deployed_and_removed(node, stream):
    old, custom = stream.replace("*", "old"), stream.replace("-*", "@custom")
    done(fields(node, stream, FIELD))
    assert done(fields(node, stream, OTHER)) == ["update"]
    assert runtime_of(node, old) == {"r", OTHER}
    for step in removal([fields(node, stream, OTHER)]):
        carry_out(step)
    assert runtime_of(node, old) == {"r"}
    (found,) = node.cluster.get_component_template(name=custom)["component_templates"]
    assert found["component_template"]["template"] == USERS_OWN
    assert found["component_template"]["_meta"] == {"of": "the user"}
    assert removal([fields(node, stream, OTHER)]) == []


def test_nothing_to_read_yet_is_no_error(node, stream):
    node.indices.delete(index=stream.replace("*", "old"))
    assert done(fields(node, stream, FIELD)) == ["create"]
