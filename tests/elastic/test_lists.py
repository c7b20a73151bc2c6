"""The lookup index on the real node: what an expression matches, and an index that lacks rows."""

from __future__ import annotations

import random

import pytest
from builders.elastic_scenarios import (
    FOLDERS,
    cases,
    documents_of,
    in_room,
    lists_index,
    plans,
    prepare,
    put_lists,
    rows,
)
from elasticsearch import BadRequestError, helpers

from compiler.elastic import lookup
from compiler.elastic.query import query_of
from flowtrap.model.tunable import PatternList, TunableEntry

pytestmark = pytest.mark.server
LETTERS = ["a", "B", "*", "*", "-", ".", "[", "\\", "(", "$", "^", "\\E", "{2}", "|", "é", "\n", ""]


def made_up(chance, *, value):
    parts = [letter for letter in LETTERS if not (value and letter == "*")]
    return "".join(chance.choices(parts, k=chance.randint(1, 5)))


def entries(chance):
    rows = [
        {"pattern": made_up(chance, value=False), "scope": chance.choice(["*", "", "7*", "77"])}
        for _ in range(chance.randint(1, 3))
    ]
    return tuple(TunableEntry.from_dict(row) for row in rows if row["pattern"].strip())


def fit(chance, pattern):
    """Return a value that a pattern matches, in odd case, or nearly one."""
    value = "".join(made_up(chance, value=True) if c == "*" else c for c in pattern)
    return value.swapcase() if chance.random() < 0.9 else f"{value}x"


def test_an_expression_matches_what_the_engine_matches(node, room):
    """4,000 lists against values and sets, each with its account, by the query's own words."""
    chance = random.Random(20261124)
    lists = [found for _ in range(4_000) if (found := entries(chance))]
    documents = []
    for number, found in enumerate(lists):
        value = fit(chance, chance.choice(found).pattern)
        scope = chance.choice(["7", "77", "778"])
        others = [made_up(chance, value=True).replace(";", "").replace("\n", "") for _ in "ab"]
        of_set = number % 2 == 1 and not {";", "\n"} & set(value)
        values = [*others, value] if of_set else [value]
        documents.append(
            {
                "held": PatternList(found).find(values, scope) is not None,
                "asked": f";{';'.join(values)};" if of_set else value,
                "scope": scope,
                "list": lookup.expression(found, of_set=of_set),
                "shown": repr((found, values, scope)),
            }
        )
    fields = {name: {"type": "keyword"} for name in ("asked", "scope", "list", "shown")}
    node.indices.create(index=f"logs-{room}", mappings={"properties": fields})
    helpers.bulk(node, ({"_index": f"logs-{room}", "_source": d} for d in documents), refresh=True)
    said = 'COALESCE(REPLACE(CONCAT(TO_LOWER(asked), "\\n", scope, "\\n", "2026-11-24"), list, "") == "", false)'
    query = f"FROM logs-{room} | WHERE {said} != held | KEEP shown, list, held | LIMIT 10"
    assert rows(node, query) == []
    held = sum(document["held"] for document in documents)
    assert 1_000 < held < 3_500


def test_no_pattern_makes_the_engine_try_for_long(node, room):
    """What matches nothing after many near fits must not take the square of its length."""
    pattern = lookup.expression([TunableEntry("*a" * 20 + "*b")], of_set=False)
    fields = {name: {"type": "keyword"} for name in ("v", "list")}
    node.indices.create(index=f"logs-{room}", mappings={"properties": fields})
    node.index(index=f"logs-{room}", document={"v": "a" * 4_000, "list": pattern}, refresh=True)
    query = (
        f'FROM logs-{room} | WHERE REPLACE(CONCAT(v, "\\n\\n"), list, "") != "" | KEEP v | LIMIT 1'
    )
    assert len(rows(node.options(request_timeout=10), query)) == 1


# --- rows that are not there ---------------------------------------------------------------------


@pytest.fixture
def scene(node, node_url, room):
    """Index the attacks on AWS; return what asks the rules for them, lists from the index."""
    found = plans(FOLDERS["AWS"], lists="index")
    queries = {one.subject.name: query_of(one.plan, None) for one in found}
    prepare(node, room, list(queries.values()))
    records = [record for case in cases("AWS")[:12] for record in case.records]
    documents = filter(None, documents_of(records, original=True))
    helpers.bulk(
        node,
        ({"_index": f"{room}-logs-aws.cloudtrail-all", "_source": one} for one in documents),
        refresh=True,
    )
    compiled = {one.subject.name: query_of(one.plan, None) for one in plans(FOLDERS["AWS"])}

    def ask(which=queries):
        return {name: rows(node, in_room(query, room)) for name, query in which.items()}

    return ask, compiled


def test_an_index_without_rows_loses_no_case(node, node_url, room, scene):
    ask, compiled = scene
    put_lists(node, node_url, room, {})
    expected = ask(compiled)
    assert sum(map(len, expected.values())) > 4
    assert ask() == expected
    there = node.search(index=lists_index(room), size=1_000)["hits"]["hits"]
    gone = ({"_op_type": "delete", "_index": h["_index"], "_id": h["_id"]} for h in there)
    helpers.bulk(node, gone, refresh=True)
    assert ask() == expected


def test_a_missing_index_fails_aloud(scene):
    ask, _ = scene
    with pytest.raises(BadRequestError, match="Unknown index"):
        ask()
