"""Every rule over every scenario on a real node, and the page that says what each of them catches."""

from __future__ import annotations

import pytest
from builders import elastic_page
from builders.elastic_scenarios import FOLDERS, in_room, plans, prepare, rows

from compiler.elastic.export import rules

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
