"""Strings, LIKE and RLIKE: no text of a site or an author means more than itself."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.elastic import words


@given(value=st.text())
def test_a_string_ends_where_it_should(value):
    said = words.text(value)
    assert re.fullmatch(r'"(?:[^"\\\n\r]|\\["\\nrt])*"', said, re.DOTALL)
    back = {"n": "\n", "r": "\r", "t": "\t"}
    assert re.sub(r"\\(.)", lambda m: back.get(m[1], m[1]), said[1:-1], flags=re.S) == value


@pytest.mark.parametrize(
    ("pattern", "said"),
    [("ci-*", "ci-*"), ("a?b", r"a\?b"), ("a\\b", r"a\\b"), ('say "x"', 'say "x"')],
)
def test_only_a_star_is_a_wildcard(pattern, said):
    assert words.like(pattern) == said


def test_a_star_does_not_leave_its_value_in_a_set():
    pattern = words.member_like("a*b.c")
    for values, one in ((";x;a-b.c;", True), (";ax;yb.c;", False), (";a;bxc;", False)):
        assert bool(re.fullmatch(pattern, values)) == one


def test_a_literal_has_no_wildcard():
    assert words.literal("a*b?") == r"a\*b\?"


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (r"^CreateFunction(\d{8}(v\d)?)?$", "CreateFunction((([0-9]){8,8}((v[0-9]))?))?"),
        (r"\.amazonaws\.com$", r".*\.amazonaws\.com"),
        ("^[0-9a-fA-F:.]+$", r"([0-9a-fA-F:\.])+"),
        ("a|b", ".*(a|b).*"),
        ("^x", "x.*"),
    ],
)
def test_a_regular_expression_matches_whole_values(pattern, said):
    assert words.lucene(pattern).replace("([ab])", "(a|b)").replace("[ab]", "(a|b)") == said


def test_case_is_spelled_out():
    assert words.lucene("^Ab1", any_case=True) == "[aA][bB]1.*"


@pytest.mark.parametrize("pattern", [r"(?=x)y", r"\bx", r"(a)\1", "("])
def test_what_lucene_lacks_is_refused(pattern):
    with pytest.raises(words.Inexpressible):
        words.lucene(pattern)
