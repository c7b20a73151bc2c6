"""Sigma blocks become conditions; what is not supported is told with file, line and part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compiler.problems import Problems
from compiler.sigma_condition import condition_of, simplified, used_selections
from compiler.yaml_document import parse


def compiled(text: str) -> tuple[Any, list[str]]:
    document, problems = parse(text, Path("x.yml")), Problems()
    ast = condition_of(document.value, document, (), problems)
    return ast, [str(error) for error in problems.errors]


def one(item: str) -> Any:
    """Return the condition of a block with this one item."""
    ast, problems = compiled(f"selection:\n  {item}\ncondition: selection")
    assert problems == []
    return ast


@pytest.mark.parametrize(
    ("item", "ast"),
    [
        ("f: Invoke", ["in", "f", ["invoke"]]),
        ("f: [A, b, A]", ["in", "f", ["a", "b"]]),
        ("f: 443", ["in", "f", ["443"]]),
        ("f: 1.5", ["in", "f", ["1.5"]]),
        ("f: true", ["in", "f", ["true"]]),
        ("f: null", ["null", "f"]),
        ("f: ''", ["null", "f"]),
        ("f: [null, x]", ["or", ["null", "f"], ["in", "f", ["x"]]]),
        ("f: 'a*'", ["re", "f", "^a", "i"]),
        ("f: '*a'", ["re", "f", "a$", "i"]),
        ("f: '*'", ["exists", "f", True]),
        ("f: '**'", ["exists", "f", True]),
        ("f: 'a*b'", ["re", "f", "(?s)^a.*b$", "i"]),
        ("f: 'a?b'", ["re", "f", "(?s)^a.b$", "i"]),
        ("f: '?'", ["re", "f", "(?s)^.$", "i"]),
        (r"f: 'a\*b'", ["in", "f", ["a*b"]]),
        (r"f: 'a\?'", ["in", "f", ["a?"]]),
        (r"f: 'C:\dir'", ["in", "f", ["c:\\dir"]]),
        (r"f: 'a\\*'", ["re", "f", r"^a\\", "i"]),
        ("f: 'a.b*'", ["re", "f", r"^a\.b", "i"]),
        ("f|contains: x.y", ["re", "f", r"x\.y", "i"]),
        ("f|startswith: x", ["re", "f", "^x", "i"]),
        ("f|endswith: x", ["re", "f", "x$", "i"]),
        ("f|contains: [x, y]", ["or", ["re", "f", "x", "i"], ["re", "f", "y", "i"]]),
        ("f|contains|all: [x, y]", ["and", ["re", "f", "x", "i"], ["re", "f", "y", "i"]]),
        ("f|all: [x, y]", ["and", ["in", "f", ["x"]], ["in", "f", ["y"]]]),
        (r"f|re: '^a\d{8}(v\d)?$'", ["re", "f", r"^a\d{8}(v\d)?$", ""]),
        (r"f|re: 'a*b?\*'", ["re", "f", r"a*b?\*", ""]),
        ("f|re|i: ab", ["re", "f", "ab", "i"]),
        ("f|re|s|m: a.b", ["re", "f", "(?ms)a.b", ""]),
        ("f|re: [a, b]", ["or", ["re", "f", "a", ""], ["re", "f", "b", ""]]),
        ("f|exists: true", ["exists", "f", True]),
        ("f|exists: false", ["exists", "f", False]),
        ("f|cidr: 10.0.0.0/8", ["cidr", "f", "10.0.0.0/8"]),
        ("f|cidr: [10.0.0.0/8, '2001:db8::/32']", ["or", ["cidr", "f", "10.0.0.0/8"], ["cidr", "f", "2001:db8::/32"]]),
        ("f|lt: 5", ["cmp", "f", "lt", 5]),
        ("f|lte: 5", ["cmp", "f", "lte", 5]),
        ("f|gt: 5", ["cmp", "f", "gt", 5]),
        ("f|gte: 1.5", ["cmp", "f", "gte", 1.5]),
        ("f|cased: Ab", ["re", "f", "^Ab$", ""]),
        ("f|neq: x", ["not", ["in", "f", ["x"]]]),
        ("f|fieldref: g", ["fieldref", "f", "g"]),
        ("f|expand: '%names%'", ["tunable", "f", "names"]),
        ("f|expand: ['%names%', x]", ["or", ["tunable", "f", "names"], ["in", "f", ["x"]]]),
        ("f: '%names%'", ["in", "f", ["%names%"]]),
        ("a.b.c: x", ["in", "a.b.c", ["x"]]),
        ("f|base64offset|contains: abc", ["or", ["re", "f", "YWJj", "i"], ["re", "f", "FiY", "i"], ["re", "f", "hYm", "i"]]),
    ],
)  # fmt: skip
def test_item_becomes(item: str, ast: Any) -> None:
    assert one(item) == ast


A, B, C = (["in", name, ["1"]] for name in "abc")


@pytest.mark.parametrize(
    ("condition", "ast"),
    [
        ("sel_a and sel_b", ["and", A, B]),
        ("sel_a or sel_b", ["or", A, B]),
        ("sel_a and not sel_b", ["and", A, ["not", B]]),
        ("sel_a and (sel_b or other)", ["and", A, ["or", B, C]]),
        ("sel_a or sel_b and other", ["or", A, ["and", B, C]]),
        ("not (sel_a or sel_b)", ["not", ["or", A, B]]),
        ("sel_a and (sel_b and other)", ["and", A, B, C]),
        ("1 of sel_*", ["or", A, B]),
        ("any of sel_*", ["or", A, B]),
        ("all of sel_*", ["and", A, B]),
        ("1 of them", ["or", A, B, C]),
        ("all of them", ["and", A, B, C]),
        ("other and not 1 of sel_*", ["and", C, ["not", ["or", A, B]]]),
        ("sel_a and not sel_a", ["and", A, ["not", A]]),
        ("sel_a or sel_a", A),
    ],
)
def test_condition_joins(condition: str, ast: Any) -> None:
    text = f"sel_a: {{a: '1'}}\nsel_b: {{b: '1'}}\nother: {{c: '1'}}\ncondition: {condition}"
    assert compiled(text) == (ast, [])


def test_mapping_is_all_and_list_is_any() -> None:
    ast, _ = compiled("s: [{a: '1', b: '1'}, {c: '1'}]\ncondition: s")
    assert ast == ["or", ["and", A, B], C]


def test_equalities_of_one_field_join() -> None:
    ast = ["or", ["in", "a", ["1"]], C, ["or", ["in", "a", ["2"]]]]
    assert simplified(ast) == ["or", ["in", "a", ["1", "2"]], C]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("s:\n  f|like: x\ncondition: s", "x.yml:2: s.f|like: Unknown modifier 'like'"),
        ("s:\n  f: x\n  f|re: '('\ncondition: s", "x.yml:3: s.f|re: Regular expression"),
        ("s:\n  f|re: 'a++'\ncondition: s", "x.yml:2: s.f|re: possessive"),
        ("s:\n  f|re: 3\ncondition: s", "must be text"),
        ("s:\n  f|cidr: 10.0.0.1/8\ncondition: s", "x.yml:2: s.f|cidr: Invalid CIDR"),
        ("s:\n  f|gt: x\ncondition: s", "x.yml:2: s.f|gt"),
        ("s:\n  f: []\ncondition: s", "x.yml:2: s.f: an empty list"),
        ("s:\n  f: {a: b}\ncondition: s", "x.yml:2: s.f: a value must be"),
        ("s:\n  f|hour: 3\ncondition: s", "parts of a time"),
        ("s:\n  f|expand: 'a%b%'\ncondition: s", "a placeholder amid other text"),
        ("s:\n  f|re|expand: '%b%'\ncondition: s", "a placeholder in a regular expression"),
        ("s:\n  f|fieldref|startswith: b\ncondition: s", "whole values only"),
        ("s:\n  '|contains': x\ncondition: s", "words without a field"),
        ("s: [x, y]\ncondition: s", "x.yml:1: s: is no mapping of fields"),
        ("s: x\ncondition: s", "is no mapping of fields"),
        ("s: {}\ncondition: s", "is no mapping of fields"),
        ("s: {f: x}", "has no condition"),
        ("s: {f: x}\ncondition: [s, s]", "has no condition"),
        ("s: {f: x}\ncondition: s and", "x.yml:2: condition: 's and' is not a condition"),
        ("s: {f: x}\ncondition: t", "x.yml:2: condition: 't' is not a selection"),
        ("s: {f: x}\ncondition: 1 of t*", "x.yml:2: condition: no selection is named like 't*'"),
        ("s: {f: x}\ncondition: s | count() > 3", "aggregations"),
        ("s: {f: x}\ncondition: 2 of s*", "is not a condition"),
    ],
)
def test_what_is_not_supported_is_told(text: str, message: str) -> None:
    ast, problems = compiled(text)
    assert ast is None
    assert message in "\n".join(problems)


def test_all_problems_are_told() -> None:
    _, problems = compiled("s:\n  f|like: x\n  g|re: '('\nt: x\ncondition: s")
    assert [problem.split(": ")[0] for problem in problems] == ["x.yml:2", "x.yml:3", "x.yml:4"]


@pytest.mark.parametrize(
    ("condition", "used"),
    [
        ("a", {"a"}),
        ("a and not b", {"a", "b"}),
        ("1 of b*", {"b", "bb"}),
        ("all of them", {"a", "b", "bb"}),
    ],
)
def test_used_selections(condition: str, used: set[str]) -> None:
    block = {"a": {}, "b": {}, "bb": {}, "condition": condition}
    assert used_selections(block) == used
