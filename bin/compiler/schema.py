"""The shape of a detection file and of a feed file, as JSON schemas; meaning is checked elsewhere.

Example: `check(document, DETECTION, problems)` notes `stages.write: 'fields' is not known here`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import jsonschema

from flowtrap.model.finding import SEVERITIES
from flowtrap.model.window import WHEN

if TYPE_CHECKING:
    from .problems import Problems
    from .yaml_document import Document, Path_

TEST_KINDS = ("positive", "negative", "boundary", "wrong_entity", "out_of_order")
NAME = "^[a-z][a-z0-9_]*$"
SPAN = "^[0-9]{1,9}[smhd]$"
_PATTERNS = {
    NAME: "is not a name of small letters, digits and underscores",
    SPAN: "is not a time span such as 30s, 10m, 2h or 1d",
}


def _closed(required: str, optional: str = "", **shapes: Any) -> dict[str, Any]:
    """Return a mapping that allows the given keys only; a key without a shape may hold anything."""
    names = [*required.split(), *optional.split()]
    return {
        "type": "object",
        "required": required.split(),
        "additionalProperties": False,
        "properties": {name: shapes.get(name, {}) for name in names},
    }


def _named(shape: dict[str, Any], least: int = 0) -> dict[str, Any]:
    return {
        "type": "object",
        "minProperties": least,
        "propertyNames": {"pattern": NAME},
        "additionalProperties": shape,
    }


def _list(shape: dict[str, Any], least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": shape, "minItems": least}


_TEXT = {"type": "string", "minLength": 1}
_PROSE = {"type": ["string", "array"]}
_MAP = {"type": "object"}
_FIELDS = {  # a list of fields, or name: field
    "type": ["array", "object"],
    "items": _TEXT,
    "additionalProperties": _TEXT,
}
_BLOCK = _closed("description detection keys", "facts", detection=_MAP, keys=_FIELDS, facts=_FIELDS)
_STAGE = _closed(
    "", "use feed description detection keys facts",
    use=_TEXT, feed=_TEXT, description=_TEXT, detection=_MAP, keys=_FIELDS, facts=_FIELDS,
)  # fmt: skip
_RELATION = _closed(
    "match when", "from of",
    match={"type": "object", "minProperties": 1, "additionalProperties": _TEXT},
    when={"enum": list(WHEN)},
    of={"enum": ["anchor"]},
)  # fmt: skip
_VERDICT = _closed(
    "name severity risk say", "require anchor",
    name={"type": "string", "pattern": NAME},
    severity={"enum": list(SEVERITIES)},
    risk={"type": "integer", "minimum": 0, "maximum": 100},
    say=_TEXT,
    require=_MAP,
)  # fmt: skip
_ENTITY = {"type": ["string", "array"], "items": _TEXT}
_TUNABLE = _closed(
    "kind default description",
    "infer",
    kind={"enum": ["duration", "list"]},
    description=_TEXT,
    infer={"type": "string", "pattern": NAME},
)
_FINDING = _closed(
    "verdict", "severity entities evidence",
    verdict=_TEXT,
    severity={"enum": list(SEVERITIES)},
    entities={"type": "object", "additionalProperties": _list({})},
    evidence={"type": "object", "additionalProperties": {"type": "integer"}},
)  # fmt: skip
_TEST = _closed(
    "name kind events expect", "tunables description",
    name=_TEXT,
    kind={"enum": list(TEST_KINDS)},
    events=_list({}, 1),
    expect=_list(_FINDING),
    tunables=_MAP,
)  # fmt: skip

DETECTION = _closed(
    "name id title analytic attack stages chain verdicts",
    "description suppress entities tunables triage false_positives references blind tests",
    name=_TEXT,
    id=_TEXT,
    title=_TEXT,
    analytic=_TEXT,
    attack=_closed(
        "strategy techniques tactics", "data_components",
        strategy=_TEXT,
        techniques=_list(_TEXT, 1),
        tactics=_list(_TEXT, 1),
        data_components=_list(_TEXT),
    ),
    description=_TEXT,
    stages=_named(_STAGE, 1),
    chain=_closed(
        "anchor case window", "related either",
        anchor=_TEXT,
        case=_list(_TEXT, 1),
        window={"type": ["string", "object"], "pattern": SPAN},
        related=_named(_RELATION),
        either=_named(_list(_TEXT, 2)),
    ),
    verdicts=_list(_VERDICT, 1),
    suppress=_list(_closed("key in", "stage", key=_TEXT, **{"in": _TEXT})),
    entities={"type": "object", "additionalProperties": _ENTITY},
    tunables=_named(_TUNABLE),
    triage=_PROSE,
    false_positives=_PROSE,
    references=_PROSE,
    blind=_PROSE,
    tests=_list(_TEST),
)  # fmt: skip

FEED = _closed(
    "feed title fields", "description optional native_roots stages cim ecs",
    feed={"type": "string", "pattern": NAME},
    title=_TEXT,
    fields=_named({"type": "object"}),
    native_roots=_list(_TEXT),
    stages=_named(_BLOCK),
)  # fmt: skip


def check(document: Document, schema: dict[str, Any], problems: Problems) -> bool:
    """Note everything about the document that has not the right shape; return whether it has."""
    before = len(problems.errors)
    validator = jsonschema.Draft202012Validator(schema)
    for error in sorted(validator.iter_errors(document.value), key=_order):
        _note(document, error, problems)
    return len(problems.errors) == before


def _order(error: jsonschema.ValidationError) -> tuple[str, ...]:
    return tuple(str(step).zfill(6) for step in error.absolute_path)


def _note(document: Document, error: jsonschema.ValidationError, problems: Problems) -> None:
    path: Path_ = tuple(error.absolute_path)
    kind, wanted, value = error.validator, error.validator_value, error.instance
    if kind == "additionalProperties" and wanted is False:
        known = error.schema["properties"]
        for name in value:
            if name not in known:
                cure = f"known are {', '.join(known)}"
                problems.add(document, (*path, name), f"{name!r} is not known here", cure)
    elif kind == "required":
        missing = re.findall(r"^'(.*)' is a required property$", error.message)
        problems.add(document, path, f"{', '.join(missing)} is missing")
    elif kind == "pattern" and wanted in _PATTERNS:
        problems.add(document, path, f"{value!r} {_PATTERNS[wanted]}")
    elif kind == "enum":
        cure = f"use {', '.join(map(str, wanted))}"
        problems.add(document, path, f"{value!r} is not one of those known", cure)
    elif kind == "type":
        kinds = [wanted] if isinstance(wanted, str) else wanted
        problems.add(document, path, f"must be {' or '.join(map(_kind_name, kinds))}")
    elif kind in ("minItems", "minProperties", "minLength"):
        problems.add(document, path, "must not be empty")
    else:
        problems.add(document, path, error.message)


def _kind_name(kind: str) -> str:
    names = {"object": "a mapping", "array": "a list", "string": "text", "integer": "a number"}
    return names.get(kind, kind)
