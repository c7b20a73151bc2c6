"""Conditions: each form by cases, and the whole against a plain evaluator of the same tree."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrap.match.condition import (
    compile_condition,
    decide,
    deciding_fields,
    field_texts,
    possible,
    residue,
    text_reader,
)
from flowtrap.model.errors import DetectionError
from flowtrap.model.event import NO_VALUE, Event, event_values
from flowtrap.model.tunable import Tunables

NONE = Tunables({}, now_ms=0)


def event(record: dict[str, Any], fields: dict[str, Any] | None = None) -> Event:
    return Event("aws_cloudtrail", "e1", 0, fields or {}, record)


def holds(ast: list[Any], record: dict[str, Any], fields: dict[str, Any] | None = None) -> bool:
    return compile_condition(ast, NONE)(event(record, fields))


@pytest.mark.parametrize(
    ("ast", "record", "expected"),
    [
        (["in", "a", ["x"]], {"a": "X"}, True),
        (["in", "a", ["x"]], {"a": "xy"}, False),
        (["in", "a", ["x"]], {}, False),
        (["in", "a", ["x", "y"]], {"a": ["z", "Y"]}, True),
        (["in", "a", ["true"]], {"a": True}, True),
        (["in", "a", ["443"]], {"a": 443}, True),
        (["in", "a", ["1.5"]], {"a": 1.5}, True),
        (["in", "a", ["-"]], {"a": "-"}, False),
        (["in", "a.b", ["x"]], {"a": {"b": "x"}}, True),
        (["in", "a.b", ["x"]], {"a": [{"b": "y"}, {"b": "x"}]}, True),
        (["in", "a.b", ["x"]], {"a.b": "x"}, True),
        (["in", "a.b.c", ["x"]], {"a": {"b.c": "x"}}, True),
        (["in", "a.b", ["x"]], {"a": "x"}, False),
        (["in", "a", ["x"]], {"a": {"x": 1}}, False),
        (["re", "a", "^ab", "i"], {"a": "ABC"}, True),
        (["re", "a", "^ab", ""], {"a": "ABC"}, False),
        (["re", "a", "b", ""], {"a": "abc"}, True),
        (["re", "a", "b", ""], {}, False),
        (["exists", "a", True], {"a": 0}, True),
        (["exists", "a", True], {"a": {"b": 1}}, True),
        (["exists", "a", True], {"a": {}}, False),
        (["exists", "a", True], {"a": None}, False),
        (["exists", "a", True], {"a": "-"}, False),
        (["exists", "a", False], {}, True),
        (["exists", "a", False], {"a": "x"}, False),
        (["null", "a"], {"a": None}, True),
        (["null", "a"], {"a": "x"}, False),
        (["cidr", "a", "10.0.0.0/8"], {"a": "10.1.2.3"}, True),
        (["cidr", "a", "10.0.0.0/8"], {"a": "11.1.2.3"}, False),
        (["cidr", "a", "10.0.0.0/8"], {"a": "lambda.amazonaws.com"}, False),
        (["cidr", "a", "2001:db8::/32"], {"a": "2001:db8::1"}, True),
        (["cmp", "a", "gt", 5], {"a": 6}, True),
        (["cmp", "a", "gt", 5], {"a": 5}, False),
        (["cmp", "a", "gte", 5], {"a": "5"}, True),
        (["cmp", "a", "lt", 5], {"a": "x"}, False),
        (["cmp", "a", "lte", 5], {"a": 5}, True),
        (["cmp", "a", "gt", 0], {"a": True}, False),
        (["fieldref", "a", "b"], {"a": "x", "b": "X"}, True),
        (["fieldref", "a", "b"], {"a": "x", "b": "y"}, False),
        (["fieldref", "a", "b"], {}, False),
        (["not", ["in", "a", ["x"]]], {}, True),
        (["and", ["in", "a", ["x"]], ["in", "b", ["y"]]], {"a": "x", "b": "y"}, True),
        (["and", ["in", "a", ["x"]], ["in", "b", ["y"]]], {"a": "x"}, False),
        (["or", ["in", "a", ["x"]], ["in", "b", ["y"]]], {"b": "y"}, True),
    ],
)
def test_form_holds(ast: list[Any], record: dict[str, Any], expected: bool) -> None:
    assert holds(ast, record) is expected


def test_normalised_field_goes_before_native() -> None:
    assert holds(["in", "action", ["invoke"]], {"action": "other"}, {"action": "Invoke"})
    assert not holds(["in", "action", ["other"]], {"action": "other"}, {"action": "Invoke"})


def test_any_of_many_values_matches() -> None:
    assert holds(["in", "function", ["b"]], {}, {"function": ("a", "b")})


def test_tunable_matches_pattern_in_scope() -> None:
    rows = [{"pattern": "ci-*", "scope": "111122223333"}]
    test = compile_condition(
        ["tunable", "actor", "deployers"], Tunables({"deployers": rows}, now_ms=0)
    )
    assert test(event({}, {"actor": "CI-main", "account": "111122223333"}))
    assert not test(event({}, {"actor": "ci-main", "account": "999999999999"}))
    assert not test(event({}, {"account": "111122223333"}))


@pytest.mark.parametrize(
    "ast",
    [["like", "a", "b"], ["re", "a", "(", ""], ["cidr", "a", "10.0.0.0/99"], ["cmp", "a", "is", 1]],
)
def test_bad_condition_is_an_error(ast: list[Any]) -> None:
    with pytest.raises(DetectionError):
        compile_condition(ast, NONE)


LAMBDA = [
    "and",
    ["in", "eventSource", ["lambda.amazonaws.com"]],
    ["re", "eventName", r"^(CreateFunction|UpdateFunctionCode)(\d{8}(v\d)?)?$", ""],
    ["not", ["exists", "errorCode", True]],
]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"eventName": "CreateFunction20150331"}, True),
        ({"eventName": "createfunction20150331"}, True),
        ({"eventName": "Invoke"}, False),
        ({"eventName": ""}, False),
        ({"eventSource": "LAMBDA.amazonaws.com"}, True),
        ({"eventSource": "iam.amazonaws.com"}, False),
        ({"eventName": "CreateFunction20150331", "eventSource": "iam.amazonaws.com"}, False),
        ({"errorCode": "AccessDenied"}, False),
        ({"errorCode": ""}, True),
        ({"awsRegion": "eu-west-1"}, True),
    ],
)
def test_possible_with_known_values(known: dict[str, str], expected: bool) -> None:
    assert possible(LAMBDA, known) is expected


def test_possible_takes_field_and_value() -> None:
    assert possible(LAMBDA, "eventName", "UpdateFunctionCode20150331v2")
    assert not possible(LAMBDA, "eventName", "ListBuckets")


@pytest.mark.parametrize("pattern", ["^[^a]$", "^(?!a)", "(?i)x(?-i:y)"])
def test_possible_leaves_open_what_another_case_may_undo(pattern: str) -> None:
    assert possible(["re", "n", pattern, ""], "n", "A")


def test_possible_knows_nothing_of_normalised_fields() -> None:
    assert possible(["in", "action", ["invoke"]], "eventName", "ListBuckets")


def test_negated_cased_pattern_stays_open() -> None:
    assert possible(["not", ["re", "n", "^ABC$", ""]], "n", "ABC")


# --- against a plain evaluator -------------------------------------------------------------------

VALUES = st.sampled_from(["a", "A", "b", "ab", "", "-", None, True, 3, 1.5, {}, {"x": "a"}])
DEEP = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xy"), inner),
)
NAMES = ["n", "m", "n.x", "n.x.y"]
RECORDS = st.dictionaries(st.sampled_from(["n", "m", "n.x", "x"]), DEEP, max_size=4)
FIELDS = st.dictionaries(
    st.sampled_from(["m", "f"]), st.sampled_from(["a", "B", ("a", "b"), ("c",)]), max_size=2
)
FIELD = st.sampled_from([*NAMES, "f"])
LEAF = st.one_of(
    st.tuples(
        st.just("in"), FIELD, st.lists(st.sampled_from(["a", "b", "3", "true", "-"]), min_size=1)
    ),
    st.tuples(
        st.just("re"),
        FIELD,
        st.sampled_from(["a", "^A$", "^[^a]", "b$", "(?!a)"]),
        st.sampled_from(["", "i"]),
    ),
    st.tuples(st.just("exists"), FIELD, st.booleans()),
    st.tuples(st.just("null"), FIELD),
    st.tuples(st.just("cmp"), FIELD, st.sampled_from(["lt", "gte"]), st.just(3)),
    st.tuples(st.just("fieldref"), FIELD, FIELD),
).map(list)
TREES = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: ["and", *parts]),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: ["or", *parts]),
        inner.map(lambda part: ["not", part]),
    ),
    max_leaves=6,
)


def plainly(ast: list[Any], e: Event) -> bool:
    """Evaluate by the contract's words, slowly."""
    kind, *rest = ast
    if kind == "and":
        return all(plainly(part, e) for part in rest)
    if kind == "or":
        return any(plainly(part, e) for part in rest)
    if kind == "not":
        return not plainly(rest[0], e)
    values = event_values(e, rest[0])
    if kind == "exists":
        return bool(values) == rest[1]
    if kind == "null":
        return not values
    texts = [v if isinstance(v, str) else json.dumps(v) for v in values if not isinstance(v, dict)]
    if kind == "in":
        wanted = {w.lower() for w in rest[1]} - set(NO_VALUE)
        return any(text.lower() in wanted for text in texts)
    if kind == "re":
        return any(re.search(rest[1], text, re.I if rest[2] else 0) for text in texts)
    if kind == "cmp":
        numbers = [float(text) for text in texts if re.fullmatch(r"[\d.]+", text)]
        return any(n < rest[2] if rest[1] == "lt" else n >= rest[2] for n in numbers)
    others = {text.lower() for text in field_texts(e, rest[1])}
    return any(text.lower() in others for text in texts)


@given(TREES, RECORDS, FIELDS)
def test_compiled_condition_agrees_with_plain_evaluation(
    ast: Any, record: Any, fields: Any
) -> None:
    e = event(record, fields)
    assert compile_condition(ast, NONE)(e) == plainly(ast, e)


@given(RECORDS, FIELDS, FIELD)
def test_fast_reader_agrees_with_the_model(record: Any, fields: Any, name: str) -> None:
    e = event(record, fields)
    found = text_reader(name)(e)
    assert (found if isinstance(found, tuple) else (found,)) == field_texts(e, name)


@given(TREES, RECORDS, FIELDS)
def test_impossible_is_never_satisfied(ast: Any, record: Any, fields: Any) -> None:
    e = event(record, fields)
    value = record.get("n")
    if isinstance(value, str) and value not in NO_VALUE:
        for spelling in (value, value.lower(), value.upper()):
            if not possible(ast, "n", spelling):
                assert not plainly(ast, e)


@given(TREES, RECORDS, FIELDS)
def test_decided_and_left_over_agree_with_the_whole(ast: Any, record: Any, fields: Any) -> None:
    e = event(record, fields)
    known = {"n": field_texts(e, "n")}
    if not known["n"] and event_values(e, "n"):
        return  # a mapping: the matcher then tests everything
    if isinstance(record.get("n"), (dict, list)):
        return
    truth = plainly(ast, e)
    assert decide(ast, known) in (truth, None)
    assert compile_condition(residue(ast, known), NONE)(e) == truth


@given(TREES, RECORDS, FIELDS)
def test_deciding_field_without_a_value_rules_out(ast: Any, record: Any, fields: Any) -> None:
    e = event(record, fields)
    if any(not event_values(e, field) for field in deciding_fields(ast)):
        assert not plainly(ast, e)
