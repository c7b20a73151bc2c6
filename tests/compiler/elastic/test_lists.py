"""How a query comes to a list: written into it, or asked of the lookup index, each question once."""

from __future__ import annotations

import datetime
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.elastic import lookup
from compiler.elastic.lists import IndexedLists, Lists
from compiler.elastic.words import FALSE
from flowtrap.model.tunable import TunableEntry, Tunables

ROWS = [{"pattern": "ci-*"}, {"pattern": "*old", "scope": "123", "expires": "2999-01-01"}]
DETECTION = {
    "name": "some_chain",
    "tunables": {
        "allowed": {"kind": "list", "default": []},
        "held": {"kind": "list", "default": ["admin*"]},
        "own": {"kind": "list", "default": [], "infer": "home_domain"},
        "time_window": {"kind": "duration", "default": "24h"},
    },
}


@pytest.fixture
def compiled():
    return Lists(DETECTION, Tunables({"allowed": ROWS, "held": []}, now_ms=0))


@pytest.fixture
def indexed():
    return IndexedLists(DETECTION, Tunables({"allowed": ROWS, "held": []}, now_ms=0))


def test_compiled_lists_know_scope_and_expiry(compiled):
    name = compiled.holds("ct_function", "allowed", "acct", of_set=False)
    (said,) = compiled.commands(name)
    assert 'TO_LOWER(ct_function) LIKE ("ci-*")' in said
    assert 'LIKE ("*old") AND TO_LOWER(acct) LIKE ("123") AND NOW() <= TO_DATETIME(' in said
    assert compiled.holds("ct_function", "held", None, of_set=False) == FALSE


def test_a_question_is_asked_once_and_only_where_it_is_named(compiled, indexed):
    for lists in (compiled, indexed):
        first = lists.holds("x", "allowed", "acct", of_set=False)
        assert lists.holds("x", "allowed", "acct", of_set=False) == first
        other = lists.holds("y", "allowed", "acct", of_set=False)
        assert other != first
        *_, said = lists.commands(f"(s0 AND NOT {other})")
        assert said.startswith(f"EVAL {other} = ")
        assert f"{first} =" not in said
        assert lists.commands("s0 AND win_0") == []


def test_the_index_is_joined_and_defaults_hold_where_it_has_no_row(indexed):
    asked = [indexed.holds("x", name, None, of_set=False) for name in ("allowed", "held")]
    named, joined, kept, said = indexed.commands(" OR ".join(asked))
    assert named.startswith('EVAL detection = "some_chain", ')
    assert joined == "LOOKUP JOIN flowtrap-lists ON detection"
    assert kept == r'EVAL held = COALESCE(held, "(?s)\\A(?:admin.*\\n[^\\n]*\\n[^\\n]*)\\z")'
    assert said.count("REPLACE") == 2


def test_a_list_that_records_fill_stands_in_the_query():
    lists = IndexedLists(DETECTION, Tunables({"own": ["example.com"]}, now_ms=0))
    (said,) = lists.commands(lists.holds("x", "own", None, of_set=False))
    assert said == 'EVAL in_0 = COALESCE(TO_LOWER(x) LIKE ("example.com"), false)'


def test_no_entry_changes_a_query_that_asks_the_index(indexed):
    other = IndexedLists(DETECTION, Tunables({"allowed": ["x"], "held": ["y"]}, now_ms=0))
    for lists in (indexed, other):
        lists.holds("x", "allowed", "acct", of_set=True)
    assert indexed.commands("in_0") == other.commands("in_0")


DAYS = st.dates(min_value=datetime.date(1970, 1, 2), max_value=datetime.date(2999, 12, 31))


@given(last=DAYS, day=DAYS)
def test_an_entry_holds_up_to_its_last_day(last, day):
    entry = TunableEntry.from_dict({"pattern": "x", "expires": str(last)})
    pattern = lookup.expression([entry], of_set=False).replace(r"\z", r"\Z")
    for one in (day, last, last + datetime.timedelta(days=1)):
        held = re.match(pattern, f"x\n\n{one}") is not None
        assert held == (one <= last)


def test_the_fields_of_the_index_are_every_list_of_every_detection():
    class One:
        tunables = DETECTION["tunables"]

    assert set(lookup.mappings([One])["properties"]) == {
        "detection", "entries", "allowed", "allowed_of_set", "held", "held_of_set"
    }  # fmt: skip
