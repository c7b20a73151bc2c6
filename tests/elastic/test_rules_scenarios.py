"""Every rule over every scenario on a real node, and the page that says what each of them catches."""

from __future__ import annotations

import pytest
from builders import elastic_page
from builders.elastic_scenarios import (
    FOLDERS,
    documents,
    in_room,
    plans,
    prepare,
    put_lists,
    rows,
    told_by,
)

from compiler.elastic.export import rules
from compiler.elastic.lists import LISTS

pytestmark = [pytest.mark.server, pytest.mark.slow]


def test_the_page_says_what_the_rules_catch(node, room):
    """All rules run without an error over all scenarios, and give what the page says."""
    assert elastic_page.PAGE.read_text("utf-8") == elastic_page.page(node, room), (
        "run PYTHONPATH=package/lib:bin:tests python -m builders.elastic_page"
    )


@pytest.mark.parametrize("platform", FOLDERS)
def test_the_rules_as_they_are_exported_run(node, room, platform):
    """The queries of the file, building blocks and NOW() included, run on empty indices."""
    found = list(rules(plans(FOLDERS[platform])))
    queries = [rule["query"] for rule in found]
    prepare(node, room, queries)
    assert [rows(node, in_room(query, room)) for query in queries] == [[]] * len(queries)


SITE = {
    "allowed_deployers": [
        "*alice*",
        "*pipeline*",
        {"pattern": "*MALLORY*", "scope": "123456789012", "expires": "2999-01-01"},
    ],
    "allowed_functions": ["*r*e*p*o*r*t*"],
    "internal_domains": ["example.net"],
    "role_scope": ["*"],
    "script_scope": ["*drive*"],
    "user_context": ["ada@*"],
}


@pytest.mark.parametrize(
    ("platform", "prefix"),
    [("AWS", "aws_lambda_opened"), ("gcp", "gcp_function_opened"),
     ("Microsoft 365", "m365_flow_then_links"), ("workspace", "workspace_script_reads_data")],
)  # fmt: skip
def test_rules_that_ask_the_index_tell_the_same(node, node_url, room, platform, prefix):
    """Over all scenarios of a platform, with lists that let some pass and hold more suspicious."""
    answers = []
    for lists in LISTS:
        own = f"{room}-{lists}"
        put_lists(node, node_url, own, SITE)
        found = plans(prefix, SITE, lists)
        answers.append(told_by(node, own, found, documents(platform, original=True)))
    assert answers[0] == answers[1] != {}
