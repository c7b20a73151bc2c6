"""Conditions as ES|QL: what cannot be said is false, and it is told which way that errs."""

from __future__ import annotations

import pytest

from compiler.elastic import native
from compiler.elastic.conditions import MISSES, OVER, Words, spellings
from compiler.elastic.lists import Lists
from compiler.elastic.words import FALSE, TRUE, joined
from flowtrap.model.tunable import Tunables

FEED = native.feed("aws_cloudtrail")
CALL = ["in", "eventName", ["putrule"]]
UNKNOWN = ["in", "requestParameters.nobodyKnows", ["x"]]


@pytest.fixture
def said():
    return Words(FEED, {"putrule": "PutRule"}, Lists({}, Tunables({}, now_ms=0)))


def test_a_column_is_compared_as_the_author_spelled_it(said):
    assert said.exact(CALL) == 'COALESCE(event.action IN ("PutRule"), false)'


def test_not_holds_where_a_value_is_absent(said):
    assert said.exact(["not", CALL]) == 'NOT COALESCE(event.action IN ("PutRule"), false)'


def test_what_is_asked_for_and_cannot_be_said_makes_its_branch_false(said):
    assert said.exact(["and", CALL, UNKNOWN]) == FALSE
    assert said.lost == {"requestParameters.nobodyKnows of aws_cloudtrail": MISSES}


def test_an_exception_that_cannot_be_said_excepts_nothing(said):
    assert said.exact(["and", CALL, ["not", UNKNOWN]]) == said.exact(CALL)
    assert said.lost == {"requestParameters.nobodyKnows of aws_cloudtrail": OVER}


def test_one_branch_of_several_is_left_out(said):
    assert said.exact(["or", CALL, UNKNOWN]) == said.exact(CALL)


def test_the_index_is_asked_columns_alone(said):
    computed = ["in", "grantee_kind", ["public"]]
    assert said.selecting(["and", CALL, computed]) == 'event.action IN ("PutRule")'
    assert said.selecting(["or", CALL, computed]) == TRUE


def test_joined_leaves_out_what_says_nothing():
    assert joined("and", ["a", TRUE, "a"]) == "a"
    assert joined("and", ["a", FALSE]) == FALSE
    assert joined("or", []) == FALSE


def test_spellings_are_those_of_the_block():
    assert spellings({"a": {"b|re": ["PutRule", 1]}}) == {"putrule": "PutRule"}
