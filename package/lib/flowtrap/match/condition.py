"""Stage conditions: a small tree of lists, compiled once to closures, asked once per event.

Example: `["and", ["in", "eventSource", ["lambda.amazonaws.com"]],
["re", "eventName", "^UpdateFunctionCode", "i"]]`. The forms are those of the runtime JSON:

    and or not   over conditions
    in           equality with one of some lower-case strings, ignoring case
    re           a search; flags "i" or ""; exists, null   about a field having a value
    cidr cmp     an address in a network; a number compared
    fieldref     equality with another field; tunable   a pattern of a tunable list
"""

from __future__ import annotations

import ipaddress
import json
import operator
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable

from flowtrap.model.errors import DetectionError
from flowtrap.model.event import NO_VALUE, Event, event_values

if TYPE_CHECKING:
    from flowtrap.model.tunable import Tunables

Test = Callable[[Event], bool]
TextTest = Callable[[str], bool]
Known = Mapping[str, Sequence[Any]]
Ast = list[Any]

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}
_CASE_CAN_UNDO = re.compile(r"\[\^|\(\?<?!|\(\?-?[a-z]*i")
_NO_TEXT: tuple[str, ...] = ()


def text_of(value: Any) -> str | None:
    """Return a scalar as text, numbers and booleans as JSON writes them; None for a mapping."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return None
    return json.dumps(value)


def field_texts(event: Event, name: str) -> tuple[str, ...]:
    """Return the values of a field as text."""
    texts = (text_of(value) for value in event_values(event, name))
    return tuple(text for text in texts if text is not None)


def text_reader(name: str) -> Callable[[Event], str | tuple[str, ...]]:
    """Return `field_texts` for one field, made fast: a lone string comes back bare."""
    if "." not in name:
        return _flat_reader(name)
    steps = _steps(name)

    def read(event: Event) -> str | tuple[str, ...]:
        known = event.fields.get(name)
        if known is not None:
            return known
        node: Any = event.record
        for path, head in steps:
            if type(node) is not dict:
                return field_texts(event, name)
            if path in node:
                node = node[path]
                break
            if head not in node:
                return _NO_TEXT
            node = node[head]
        if type(node) is str:
            return _NO_TEXT if node in NO_VALUE else node
        return field_texts(event, name)

    return read


def _flat_reader(name: str) -> Callable[[Event], str | tuple[str, ...]]:
    def read(event: Event) -> str | tuple[str, ...]:
        known = event.fields.get(name)
        if known is not None:
            return known
        value = event.record.get(name)
        if type(value) is str:
            return _NO_TEXT if value in NO_VALUE else value
        return _NO_TEXT if value is None else field_texts(event, name)

    return read


def _steps(name: str) -> tuple[tuple[str, str], ...]:
    """Return the rest of the path and its first part, at each depth: a.b.c -> (a.b.c, a) …"""
    parts = name.split(".")
    return tuple((".".join(parts[depth:]), part) for depth, part in enumerate(parts))


def compile_condition(ast: Ast | bool, tunables: Tunables) -> Test:
    """Return a closure that tells whether an event satisfies the condition.

    Raises DetectionError for a form that is not known, an invalid pattern or network.
    """
    if isinstance(ast, bool):
        return lambda event: ast
    kind, *rest = ast
    if kind in ("and", "or"):
        tests = [compile_condition(child, tunables) for child in rest]
        return _all_of(tests) if kind == "and" else _any_of(tests)
    if kind == "not":
        inner = compile_condition(rest[0], tunables)
        return lambda event: not inner(event)
    if kind == "tunable":
        return _tunable_test(rest[0], rest[1], tunables)
    if kind == "fieldref":
        return _reference_test(rest[0], rest[1])
    if kind in ("exists", "null"):
        return _presence_test(rest[0], kind == "exists" and bool(rest[1]))
    return _field_test(rest[0], _text_test(ast))


def _all_of(tests: Sequence[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    first, others = tests[0], tuple(tests[1:])
    if len(others) == 1:
        second = others[0]
        return lambda event: first(event) and second(event)

    def every(event: Event) -> bool:
        if not first(event):
            return False
        for test in others:  # noqa: SIM110 - a generator costs 0.2 µs
            if not test(event):
                return False
        return True

    return every


def _any_of(tests: Sequence[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    tests = tuple(tests)

    def some(event: Event) -> bool:
        for test in tests:  # noqa: SIM110 - a generator costs 0.2 µs
            if test(event):
                return True
        return False

    return some


def _field_test(name: str, holds: TextTest) -> Test:
    read = text_reader(name)

    def test(event: Event) -> bool:
        found = read(event)
        if type(found) is str:
            return holds(found)
        for value in found:  # noqa: SIM110 - a generator costs 0.2 µs
            if holds(value):
                return True
        return False

    return test


def _presence_test(name: str, wanted: bool) -> Test:
    steps = _steps(name)

    def present(event: Event) -> bool:
        known = event.fields.get(name)
        if known is not None:
            return bool(known)
        node: Any = event.record
        for path, head in steps:
            if type(node) is not dict:
                return bool(event_values(event, name))
            if path in node:
                node = node[path]
                break
            if head not in node:
                return False
            node = node[head]
        if node is None or type(node) is str:
            return node not in NO_VALUE
        return bool(event_values(event, name))

    return present if wanted else lambda event: not present(event)


def _reference_test(name: str, other: str) -> Test:
    def same(event: Event) -> bool:
        values = {value.lower() for value in field_texts(event, name)}
        return any(value.lower() in values for value in field_texts(event, other))

    return same


def _tunable_test(name: str, tunable: str, tunables: Tunables) -> Test:
    patterns = tunables.patterns(tunable)

    def listed(event: Event) -> bool:
        return patterns.find(field_texts(event, name), scope_of(event)) is not None

    return listed


def scope_of(event: Event) -> str:
    """Return the account or tenant that an entry's scope is compared with."""
    scope = event.fields.get("account") or event.fields.get("tenant") or ""
    return scope if isinstance(scope, str) else scope[0]


def _text_test(ast: Ast) -> TextTest:
    """Return the test of one value for the forms that look at one value."""
    maker = _TEXT_TESTS.get(ast[0])
    if maker is None:
        raise DetectionError(f"{ast[0]!r} is not a kind of condition", place=str(ast)[:80])
    try:
        return maker(*ast[2:])
    except (re.error, ValueError, KeyError, TypeError) as error:
        raise DetectionError(f"cannot be compiled: {error}", place=str(ast)[:80]) from None


def _in_test(wanted: Iterable[str]) -> TextTest:
    names = frozenset(value.lower() for value in wanted) - frozenset(
        value for value in NO_VALUE if value
    )
    return lambda value: value.lower() in names


def _re_test(pattern: str, flags: str) -> TextTest:
    search = re.compile(pattern, re.IGNORECASE if "i" in flags else 0).search
    return lambda value: search(value) is not None


def _cidr_test(network: str) -> TextTest:
    inside: dict[str, bool] = {}
    net = ipaddress.ip_network(network, strict=False)

    def holds(value: str) -> bool:
        known = inside.get(value)
        if known is None:
            if len(inside) > 10_000:
                inside.clear()
            known = inside[value] = _address_in(value, net)
        return known

    return holds


def _address_in(value: str, net: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        return ipaddress.ip_address(value) in net
    except ValueError:
        return False


def _cmp_test(op: str, number: float) -> TextTest:
    compare = _COMPARE[op]

    def holds(value: str) -> bool:
        try:
            return compare(float(value), number)
        except ValueError:
            return False

    return holds


_TEXT_TESTS: dict[str, Callable[..., TextTest]] = {
    "in": _in_test,
    "re": _re_test,
    "cidr": _cidr_test,
    "cmp": _cmp_test,
}


def possible(ast: Ast, known: str | Mapping[str, str], value: str | None = None) -> bool:
    """Return False only if no event with these values can satisfy the condition.

    `possible(ast, "eventName", "Invoke")`, or several at once: `possible(ast, {"eventName": …,
    "eventSource": …})`, "" for a field without a value. Values stand for any spelling of their
    case; all other fields are unknown, a normalised one such as `action` too if it is not named.
    """
    pairs = {known: value or ""} if isinstance(known, str) else known
    texts = {name: () if text in NO_VALUE else (text,) for name, text in pairs.items()}
    return decide(ast, texts, any_case=True) is not False


def decide(ast: Ast, known: Known, *, any_case: bool = False) -> bool | None:
    """Evaluate with some fields known and all others unknown: True, False, or None for either."""
    kind, *rest = ast
    if kind in ("and", "or"):
        return _decide_join(kind == "or", (decide(c, known, any_case=any_case) for c in rest))
    if kind == "not":
        inner = decide(rest[0], known, any_case=any_case)
        return None if inner is None else not inner
    if rest[0] not in known:
        return None
    return _decide_leaf(ast, known[rest[0]], any_case)


def residue(ast: Ast, known: Known) -> Ast | bool:
    """Return what is left of a condition once some fields are known: True, False, or less of it."""
    decided = decide(ast, known)
    if decided is not None:
        return decided
    kind, *rest = ast
    if kind == "not":
        return ["not", residue(rest[0], known)]
    if kind not in ("and", "or"):
        return ast
    left = [part for part in (residue(child, known) for child in rest) if isinstance(part, list)]
    return left[0] if len(left) == 1 else [kind, *left]


def _decide_join(stop: bool, parts: Iterable[bool | None]) -> bool | None:
    """`stop` is the value that settles the whole: True for or, False for and."""
    result: bool | None = not stop
    for part in parts:
        if part is stop:
            return stop
        if part is None:
            result = None
    return result


def _decide_leaf(ast: Ast, values: Sequence[Any], any_case: bool) -> bool | None:
    kind = ast[0]
    if kind in ("tunable", "fieldref"):
        return None if values else False
    if kind in ("exists", "null"):
        return bool(values) is (kind == "exists" and bool(ast[2]))
    texts = [text for text in map(text_of, values) if text is not None]
    holds = any(map(_text_test(ast), texts))
    if any_case and kind == "re" and "i" not in ast[3]:
        return _decide_cased(ast, texts)
    return holds


def _decide_cased(ast: Ast, texts: Sequence[str]) -> bool | None:
    """A pattern that heeds case: another spelling may match, unless no spelling can."""
    if not texts:
        return False
    if _CASE_CAN_UNDO.search(ast[2]):
        return None
    return None if any(map(_re_test(ast[2], "i"), texts)) else False


def deciding_fields(ast: Ast) -> frozenset[str]:
    """Return the fields of which one value can rule the condition out: every way needs one."""
    kind, *rest = ast
    if kind == "and":
        return frozenset().union(*map(deciding_fields, rest))
    if kind == "or":
        return frozenset.intersection(*map(deciding_fields, rest))
    return frozenset([rest[0]]) if kind in ("in", "re") else frozenset()


def leaves(ast: Ast) -> Iterable[Ast]:
    """Yield the conditions on single fields."""
    if ast[0] in ("and", "or", "not"):
        for child in ast[1:]:
            yield from leaves(child)
    else:
        yield ast
