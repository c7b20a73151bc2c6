"""The join of a rule against the window's edges, and tunables that try to leave their strings."""

from __future__ import annotations

import json

import pytest
from builders import aws, scenarios_aws
from builders.elastic_scenarios import in_room, plans, prepare, put_lists, rows
from elasticsearch import BadRequestError, helpers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compiler.elastic.lists import LISTS
from compiler.elastic.query import query_of
from flowtrap.normalise.elastic.table import integration_doc

pytestmark = pytest.mark.server
CREATED = "aws_lambda_created_then_acted"
HOSTILE = [
    '"',
    "\\",
    '\\"',
    "*",
    "?",
    "|",
    "\n",
    "\t",
    '" OR true OR "',
    "a*b*c*d*e",
    "'",
    "{",
    "€",
    "//",
]


def index(node, room, namespace, records):
    """Put CloudTrail records into an index, in a namespace."""
    actions = (
        {
            "_index": f"{room}-logs-aws.cloudtrail-all",
            "_source": {
                **integration_doc(record, original=json.dumps(record)),
                "data_stream": {"namespace": namespace},
            },
        }
        for record in records
    )
    helpers.bulk(node, actions, refresh=True)


def told(node, room, tunables=None, lists="compiled"):
    """Return the verdicts that the rule tells, by namespace."""
    (one,) = plans(CREATED, tunables, lists)
    query = query_of(one.plan, None, by_namespace=True)
    found = rows(node, in_room(query, room))
    return {row["flowtrap.namespace"]: row["flowtrap.verdict"] for row in found}


@pytest.fixture
def trail(node, room):
    """Make the indices that the rule asks."""
    (one,) = plans(CREATED)
    prepare(node, room, [query_of(one.plan, None, by_namespace=True)])
    return room


def chain(seconds):
    """Return the first scenario with its last act so long after the write."""
    return scenarios_aws.ATTACKS[0].build(scenarios_aws.World(delay=seconds)).records()


def test_both_ends_of_the_window_count(node, trail):
    for name, seconds in (("inside", aws.DAY), ("outside", aws.DAY + 1)):
        index(node, trail, name, chain(seconds))
    assert told(node, trail).get("inside") in (
        "acted",
        "acted_with_privilege",
        "acted_as_privileged_role",
    )
    assert "outside" not in told(node, trail)


@pytest.mark.parametrize(
    ("sound", "planted"),
    [
        ("aws.cloudtrail.user_identity.arn", "aws.cloudtrail.user_identity.arm"),
        ("COALESCE(", "COALESCED("),
        ('side == "h"', 'side == "h'),
        ("| MV_EXPAND edge", "| MV_EXPANDED edge"),
        ("BY edge", "BY edges"),
    ],
)
def test_a_planted_fault_fails(node, trail, sound, planted):
    """What the other tests rest on: the node refuses a wrong column, function, string, command."""
    (one,) = plans(CREATED)
    query = in_room(query_of(one.plan, None), trail)
    assert rows(node, query) == []
    with pytest.raises(BadRequestError):
        rows(node, query.replace(sound, planted, 1))


def test_doubles_and_order_change_nothing(node, trail):
    records = chain(600)
    index(node, trail, "doubled", records[::-1] + records)
    index(node, trail, "once", records)
    answer = told(node, trail)
    assert answer["doubled"] == answer["once"]


ENTRY = {"pattern": "INVOICE-*", "scope": aws.HOME}


@pytest.mark.parametrize("lists", LISTS)
@pytest.mark.parametrize(
    ("changes", "quiet"),
    [
        ({}, True),
        ({"scope": "999999999999"}, False),
        ({"scope": "*"}, True),
        ({"scope": f"{aws.HOME[:4]}*"}, True),
        ({"expires": "2026-01-01"}, False),
        ({"expires": "2999-01-01"}, True),
        ({"pattern": "i*v*i*c*-*"}, True),
        ({"pattern": "invoice"}, False),
        ({"pattern": "*"}, True),
    ],
)
def test_an_allowed_function_is_quiet_in_its_account_until_it_expires(
    node, node_url, trail, lists, changes, quiet
):
    index(node, trail, "case", chain(600))
    site = {"allowed_functions": [{**ENTRY, **changes}]}
    put_lists(node, node_url, trail, site)
    assert told(node, trail, site, lists) == ({} if quiet else told(node, trail))


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(parts=st.lists(st.sampled_from([*HOSTILE, "invoice", "x"]), min_size=1, max_size=4))
def test_no_pattern_leaves_its_string(node, trail, parts):
    """Whatever a site writes into a list is a pattern: the query runs, and matches nothing else."""
    index(node, trail, "case", chain(600)) if not node.count(index=f"{trail}-*")["count"] else None
    pattern = "zz" + "".join(parts)
    assert told(node, trail, {"allowed_functions": [{"pattern": pattern}]}) != {}
