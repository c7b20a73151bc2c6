"""ES|QL's words: strings, LIKE and RLIKE patterns. All text reaches a query through this module.

Example: `text('say "hi"')` is `"say \\"hi\\""`; `lucene("^Put(\\d{2})?$")` is `Put(([0-9]){2,2})?`.
Sources: Elasticsearch reference, "ES|QL string literals", "LIKE", "RLIKE"; Lucene's RegExp syntax.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

try:  # the parser moved in Python 3.11
    from re import _constants as codes  # type: ignore[attr-defined]
    from re import _parser as parser  # type: ignore[attr-defined]
except ImportError:
    import sre_constants as codes
    import sre_parse as parser

if TYPE_CHECKING:
    from collections.abc import Iterable

TRUE, FALSE = "true", "false"
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_LUCENE = frozenset('.?+*|{}[]()"\\#@&<>~^$-')
_CLASSES = {"CATEGORY_DIGIT": "0-9", "CATEGORY_WORD": "A-Za-z0-9_", "CATEGORY_SPACE": " \t\r\n"}


class Inexpressible(Exception):
    """ES|QL has no words for this; the text says for what."""


def text(value: str) -> str:
    """Return an ES|QL string literal."""
    return '"' + "".join(_ESCAPES.get(letter, letter) for letter in value) + '"'


def texts(values: Iterable[str]) -> str:
    """Return literals as the right side of IN or LIKE."""
    return f"({', '.join(map(text, values))})"


def like(pattern: str) -> str:
    """Return a `*` pattern of a tunable as a LIKE pattern: in it, `?` and `\\` mean themselves."""
    return pattern.replace("\\", "\\\\").replace("?", "\\?")


def literal(value: str) -> str:
    """Return a LIKE pattern for one value: no letter of it is a wildcard."""
    return like(value).replace("*", "\\*")


def member(pattern: str, *, of_set: bool) -> str:
    """Return a LIKE pattern for a value, or for one of a set's, `;a;b;`."""
    return f"*;{pattern};*" if of_set else pattern


def joined(kind: str, parts: Iterable[str]) -> str:
    """Return conditions joined by and/or, without those that say nothing."""
    neutral, final = (TRUE, FALSE) if kind == "and" else (FALSE, TRUE)
    kept = [part for part in dict.fromkeys(parts) if part != neutral]
    if final in kept:
        return final
    if len(kept) < 2:
        return kept[0] if kept else neutral
    return f"({f' {kind.upper()} '.join(kept)})"


def sure(said: str) -> str:
    """Return a condition that is false, not null, where a value is absent."""
    return f"COALESCE({said}, false)"


def lucene(pattern: str, *, any_case: bool = False) -> str:
    """Return a regular expression as RLIKE takes it, which matches whole values.

    Raises Inexpressible for what Lucene's syntax lacks, such as look-around.
    """
    try:
        nodes = list(parser.parse(pattern))
    except re.error as error:
        raise Inexpressible(f"the regular expression {pattern!r} ({error})") from None
    begins = bool(nodes) and _is_edge(nodes[0], "AT_BEGINNING")
    ends = bool(nodes) and _is_edge(nodes[-1], "AT_END")
    inner = nodes[begins : len(nodes) - ends]
    body = _sequence(inner, any_case)
    return f"{'' if begins else '.*'}{body}{'' if ends else '.*'}"


def _is_edge(node: Any, name: str) -> bool:
    return node[0] is codes.AT and str(node[1]) in (name, f"{name}_STRING")


def _sequence(nodes: Iterable[Any], any_case: bool) -> str:
    return "".join(_node(node, any_case) for node in nodes)


def _node(node: Any, any_case: bool) -> str:
    op, value = node
    if op is codes.LITERAL:
        return _literal(chr(value), any_case)
    if op is codes.ANY:
        return "."
    if op is codes.IN:
        return _set(value, any_case)
    if op is codes.NOT_LITERAL:
        return f"[^{_in_set(chr(value), any_case)}]"
    if op is codes.BRANCH:
        return f"({'|'.join(_sequence(branch, any_case) for branch in value[1])})"
    if op is codes.SUBPATTERN:
        return f"({_sequence(value[3], any_case)})"
    if op in (codes.MAX_REPEAT, codes.MIN_REPEAT):
        least, most, inner = value
        return f"({_sequence(inner, any_case)}){_times(least, most)}"
    raise Inexpressible(f"{str(op).lower()} in a regular expression")


def _times(least: int, most: Any) -> str:
    if most is codes.MAXREPEAT:
        return {0: "*", 1: "+"}.get(least, f"{{{least},}}")
    return "?" if (least, most) == (0, 1) else f"{{{least},{most}}}"


def _literal(letter: str, any_case: bool) -> str:
    if any_case and letter.lower() != letter.upper():
        return f"[{letter.lower()}{letter.upper()}]"
    return f"\\{letter}" if letter in _LUCENE else letter


def _set(items: Any, any_case: bool) -> str:
    parts, negated = [], ""
    for op, value in items:
        if op is codes.NEGATE:
            negated = "^"
        elif op is codes.LITERAL:
            parts.append(_in_set(chr(value), any_case))
        elif op is codes.RANGE:
            low, high = (f"\\{c}" if c in _LUCENE else c for c in map(chr, value))
            parts.append(f"{low}-{high}")
            if any_case and low.isalpha():
                parts.append(f"{low.swapcase()}-{high.swapcase()}")
        elif op is codes.CATEGORY and str(value) in _CLASSES:
            parts.append(_CLASSES[str(value)])
        else:
            raise Inexpressible(f"{str(value).lower()} in a regular expression")
    return f"[{negated}{''.join(parts)}]"


def _in_set(letter: str, any_case: bool) -> str:
    shown = f"\\{letter}" if letter in _LUCENE else letter
    if any_case and letter.lower() != letter.upper():
        return letter.lower() + letter.upper()
    return shown
