"""Sigma `detection:` blocks to the conditions that flowtrap.match.condition reads.

pySigma parses the items, their modifiers and the condition; this module gives them meaning and
says, with line and part, what it does not take. Wildcards become patterns:

    eventName|startswith: Update  ->  ["re", "eventName", "^Update", "i"]
    actor|expand: '%allowed%'     ->  ["tunable", "actor", "allowed"]
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeAlias

from sigma.conditions import (
    ConditionAND,
    ConditionIdentifier,
    ConditionNOT,
    ConditionOR,
    ConditionSelector,
    SigmaCondition,
)
from sigma.exceptions import SigmaError
from sigma.rule import SigmaDetectionItem, SigmaDetections
from sigma.types import (
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .problems import Problems
    from .yaml_document import Document, Path_

Ast: TypeAlias = list[Any]
_NEWER_THAN_39 = re.compile(r"\(\?>|(?<!\\)[*+?}]\+")
_TUNABLE_CURE = "write the tunable's name alone: '%allowed_deployers%'"


class Unsupported(Exception):
    """A value that Flowtrap's conditions do not have; the text says which and what to do."""


def condition_of(
    block: Mapping[str, Any], document: Document, path: Path_, problems: Problems
) -> Ast | None:
    """Return the condition of a detection block at `path`, None if something is wrong with it."""
    before = len(problems.errors)
    parts = {}
    for name, definition in block.items():
        if name != "condition":
            parts[name] = _selection(definition, document, (*path, name), problems)
    text = block.get("condition")
    if not isinstance(text, str):
        problems.add(document, path, "has no condition", "add condition: selection")
        return None
    if len(problems.errors) > before:
        return None
    try:
        tree = _parse(text, list(parts))
        return simplified(_tree(tree, {name: part for name, part in parts.items() if part}))
    except (SigmaError, Unsupported) as error:
        problems.add(document, (*path, "condition"), str(error))
    return None


def used_selections(block: Mapping[str, Any]) -> set[str]:
    """Return the names of the selections that the condition refers to."""
    names = [name for name in block if name != "condition"]
    found: set[str] = set()

    def collect(node: Any) -> None:
        if isinstance(node, ConditionIdentifier):
            found.add(node.identifier)
        elif isinstance(node, ConditionSelector):
            found.update(_selected(node, names))
        else:
            for child in node.args:
                collect(child)

    collect(_parse(str(block.get("condition", "")), names))
    return found


def _parse(text: str, names: list[str]) -> Any:
    """Return pySigma's tree of a condition, whose names are not resolved yet."""
    if "|" in text:
        raise Unsupported("aggregations in a condition are not supported; use the chain")
    try:
        return SigmaCondition(text, _named(names)).parse(postprocess=False)
    except SigmaError as error:
        raise Unsupported(f"{text!r} is not a condition: {error}") from None


def _named(names: list[str]) -> SigmaDetections:
    return SigmaDetections.from_dict({**dict.fromkeys(names or ["none"], "x"), "condition": "x"})


def _selected(node: ConditionSelector, names: list[str]) -> list[str]:
    found = [item.identifier for item in node.resolve_referenced_detections(_named(names))]
    return [name for name in found if name in names]


def _tree(node: Any, parts: dict[str, Ast]) -> Ast:
    if isinstance(node, ConditionIdentifier):
        if node.identifier not in parts:
            raise Unsupported(f"{node.identifier!r} is not a selection of this block")
        return parts[node.identifier]
    if isinstance(node, ConditionSelector):
        names = _selected(node, list(parts))
        if not names:
            raise Unsupported(f"no selection is named like {node.pattern!r}")
        kind = "and" if node.cond_class is ConditionAND else "or"
        return [kind, *(parts[name] for name in names)]
    kinds = {ConditionAND: "and", ConditionOR: "or", ConditionNOT: "not"}
    return [kinds[type(node)], *(_tree(child, parts) for child in node.args)]


def _selection(definition: Any, document: Document, path: Path_, problems: Problems) -> Ast | None:
    """Return a selection: a mapping (all must hold) or a list of mappings (one must)."""
    if isinstance(definition, list) and definition and all(isinstance(d, dict) for d in definition):
        ways = [_mapping(d, document, (*path, n), problems) for n, d in enumerate(definition)]
        return ["or", *(way for way in ways if way)]
    if isinstance(definition, dict) and definition:
        return _mapping(definition, document, path, problems)
    problems.add(
        document,
        path,
        "is no mapping of fields; words without a field are not supported",
        "write field: value",
    )
    return None


def _mapping(
    items: Mapping[str, Any], document: Document, path: Path_, problems: Problems
) -> Ast | None:
    found: Ast = ["and"]
    for key, value in items.items():
        try:
            found.append(_item(key, value))
        except (SigmaError, Unsupported) as error:
            problems.add(document, (*path, key), str(error))
    return found if len(found) > 1 else None


def _item(key: str, value: Any) -> Ast:
    values = value if isinstance(value, list) else [value]
    if not values:
        raise Unsupported("an empty list matches nothing; write null to ask for no value")
    if any(isinstance(v, (dict, list)) for v in values):
        raise Unsupported("a value must be text, a number, true, false or null")
    if "re" in key.split("|")[1:] and not all(isinstance(v, str) for v in values):
        raise Unsupported("a regular expression must be text: put it in quotes")
    item = SigmaDetectionItem.from_mapping(key, value)
    if not item.field:
        raise Unsupported("words without a field are not supported")
    leaves = [_leaf(item.field, one) for one in item.value]
    joined: Ast = ["and" if item.value_linking is ConditionAND else "or", *leaves]
    return ["not", joined] if item.negated else joined


def _leaf(field: str, value: Any) -> Ast:
    for kind, make in _LEAVES:
        if isinstance(value, kind):
            return make(field, value)
    raise Unsupported(f"{type(value).__name__.removeprefix('Sigma')} values are not supported")


def _refuse_time_part(field: str, value: SigmaTimestampPart) -> Ast:
    raise Unsupported("parts of a time (hour, day, …) are not supported")


def _number(field: str, value: SigmaNumber) -> Ast:
    return ["in", field, [json.dumps(value.number)]]


def _string(field: str, value: SigmaString) -> Ast:
    parts = value.s
    if any(isinstance(part, Placeholder) for part in parts):
        if len(parts) != 1 or not isinstance(parts[0], Placeholder):
            raise Unsupported(f"a placeholder amid other text is not supported; {_TUNABLE_CURE}")
        return ["tunable", field, parts[0].name]
    if not parts:
        return ["null", field]
    cased = isinstance(value, SigmaCasedString)
    if not cased and not value.contains_special():
        return ["in", field, ["".join(map(str, parts)).lower()]]
    return _wildcard(field, parts, "" if cased else "i")


def _wildcard(field: str, parts: list[Any], flags: str) -> Ast:
    """`*` at an end leaves that end open; a `*` alone asks for any value."""
    texts = [
        _PATTERN_OF[part] if isinstance(part, SpecialChars) else re.escape(part) for part in parts
    ]
    start, end = "^", "$"
    while texts and texts[0] == ".*":
        start, texts = "", texts[1:]
    while texts and texts[-1] == ".*":
        end, texts = "", texts[:-1]
    if not texts:
        return ["exists", field, True]
    dot_is_all = "(?s)" if any(text in (".", ".*") for text in texts) else ""
    return ["re", field, f"{dot_is_all}{start}{''.join(texts)}{end}", flags]


_PATTERN_OF = {SpecialChars.WILDCARD_MULTI: ".*", SpecialChars.WILDCARD_SINGLE: "."}


def _regex(field: str, value: SigmaRegularExpression) -> Ast:
    pattern = str(value.regexp)
    if value.contains_placeholder():
        raise Unsupported(
            f"a placeholder in a regular expression is not supported; {_TUNABLE_CURE}"
        )
    if _NEWER_THAN_39.search(pattern):
        raise Unsupported("possessive and atomic groups need a later Python than Splunk has")
    inline = "".join(
        letter
        for flag, letter in (
            (SigmaRegularExpressionFlag.MULTILINE, "m"),
            (SigmaRegularExpressionFlag.DOTALL, "s"),
        )
        if flag in value.flags
    )
    flags = "i" if SigmaRegularExpressionFlag.IGNORECASE in value.flags else ""
    return ["re", field, f"(?{inline}){pattern}" if inline else pattern, flags]


def _compare(field: str, value: SigmaCompareExpression) -> Ast:
    op = value.op.name.lower()
    if op not in ("lt", "lte", "gt", "gte"):
        raise Unsupported(f"the comparison {op} is not supported")
    return ["cmp", field, op, value.number.number]


def _reference(field: str, value: SigmaFieldReference) -> Ast:
    if value.starts_with or value.ends_with:
        raise Unsupported("a field reference compares whole values only")
    return ["fieldref", field, value.field]


_LEAVES: tuple[tuple[type, Callable[[str, Any], Ast]], ...] = (
    (SigmaTimestampPart, _refuse_time_part),
    (SigmaNumber, _number),
    (SigmaBool, lambda field, value: ["in", field, [json.dumps(value.boolean)]]),
    (SigmaNull, lambda field, value: ["null", field]),
    (SigmaString, _string),
    (SigmaRegularExpression, _regex),
    (SigmaExists, lambda field, value: ["exists", field, value.exists]),
    (SigmaCIDRExpression, lambda field, value: ["cidr", field, str(value.network)]),
    (SigmaCompareExpression, _compare),
    (SigmaFieldReference, _reference),
    (SigmaExpansion, lambda field, value: ["or", *(_leaf(field, one) for one in value.values)]),
)


def leaves(ast: Ast) -> Iterator[Ast]:
    """Yield the conditions on single fields."""
    if ast[0] in ("and", "or", "not"):
        for child in ast[1:]:
            yield from leaves(child)
    else:
        yield ast


def fields_of(ast: Ast) -> set[str]:
    """Return the fields that a condition asks for."""
    return {leaf[1] for leaf in leaves(ast)} | {
        leaf[2] for leaf in leaves(ast) if leaf[0] == "fieldref"
    }


def simplified(ast: Ast) -> Ast:
    """Flatten nested and/or, and join equalities of one field under an or."""
    if ast[0] == "not":
        return ["not", simplified(ast[1])]
    if ast[0] not in ("and", "or"):
        return ast
    flat: list[Ast] = []
    for child in map(simplified, ast[1:]):
        flat.extend(child[1:] if child[0] == ast[0] else [child])
    if ast[0] == "or":
        flat = _joined_equalities(flat)
    distinct = [child for n, child in enumerate(flat) if child not in flat[:n]]
    return distinct[0] if len(distinct) == 1 else [ast[0], *distinct]


def _joined_equalities(children: list[Ast]) -> list[Ast]:
    values: dict[str, list[str]] = {}
    for child in children:
        if child[0] == "in":
            values.setdefault(child[1], []).extend(child[2])
    joined: list[Ast] = []
    for child in children:
        if child[0] != "in":
            joined.append(child)
        elif child[1] in values:
            joined.append(["in", child[1], list(dict.fromkeys(values.pop(child[1])))])
    return joined
