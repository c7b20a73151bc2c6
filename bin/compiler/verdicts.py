"""The short forms of `require`, `where` and `anchor`, written out.

require: {grant: 1}                                -> {"at_least": 1, "distinct": null, "where": []}
where: {privilege: {in: role_scope}}               -> [{"field", "op": "in", "tunable"}]
where: {first_seen: {key: [role], over: 30d}}      -> [{"op": "first_seen", …, "learn": "7d"}]
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeAlias

from .schema import SPAN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .problems import Problems
    from .yaml_document import Document, Path_

Row: TypeAlias = dict[str, Any]
LEARN_DEFAULT = "7d"  # design, semantics 10
_RULE_KEYS = ("at_least", "distinct", "where")
_WHERE_CURE = "write where: {privilege: {in: role_scope}}"


class VerdictReader:
    """Reads the verdicts of one document, noting problems."""

    def __init__(self, document: Document, problems: Problems) -> None:
        self._document = document
        self._problems = problems

    def verdict(self, row: Row, path: Path_) -> Row:
        """Return a verdict in runtime form."""
        require = {
            stage: self._rules(rule, (*path, "require", stage))
            for stage, rule in (row.get("require") or {}).items()
        }
        return {
            "name": row["name"],
            "severity": row["severity"],
            "risk": row["risk"],
            "say": " ".join(row["say"].split()),
            "require": require,
            "anchor": self._conditions(row.get("anchor"), (*path, "anchor")),
        }

    def _rules(self, rule: Any, path: Path_) -> Any:
        if isinstance(rule, list):
            return [self._rule(item, (*path, n)) for n, item in enumerate(rule)]
        return self._rule(rule, path)

    def _rule(self, rule: Any, path: Path_) -> Row:
        if isinstance(rule, int) and not isinstance(rule, bool) and rule >= 0:
            return {"at_least": rule, "distinct": None, "where": []}
        if not isinstance(rule, dict):
            self._note(
                path, "is no requirement", "write a number, or {at_least: 3, distinct: actor}"
            )
            return {"at_least": 1, "distinct": None, "where": []}
        for name in rule:
            if name not in _RULE_KEYS:
                self._note(
                    (*path, name), f"{name!r} is not known here", "use at_least, distinct, where"
                )
        at_least = rule.get("at_least", 1)
        if not isinstance(at_least, int) or isinstance(at_least, bool) or at_least < 0:
            self._note((*path, "at_least"), f"{at_least!r} is not a count", "write 0, 1, 2 …")
        return {
            "at_least": at_least,
            "distinct": rule.get("distinct"),
            "where": self._conditions(rule.get("where"), (*path, "where")),
        }

    def _conditions(self, value: Any, path: Path_) -> list[Row]:
        if value is None:
            return []
        parts = value if isinstance(value, list) else [value]
        rows: list[Row] = []
        for number, part in enumerate(parts):
            here = (*path, number) if isinstance(value, list) else path
            if not isinstance(part, dict):
                self._note(here, "is no condition", _WHERE_CURE)
                continue
            for field, test in part.items():
                rows.extend(self._condition(field, test, (*here, field)))
        return rows

    def _condition(self, field: str, test: Any, path: Path_) -> Iterator[Row]:
        if field == "first_seen":
            yield from self._first_seen(test, path)
        elif not isinstance(test, dict):
            yield from self._comparison(field, "equals", test, path)
        else:
            for op, operand in test.items():
                yield from self._comparison(field, op, operand, (*path, op))

    def _comparison(self, field: str, op: str, operand: Any, path: Path_) -> Iterator[Row]:
        if op not in ("in", "not_in", "equals", "not_equals"):
            self._note(path, f"{op!r} is no comparison", "use in, not_in, equals, not_equals")
        elif isinstance(operand, (dict, list)) or operand is None:
            self._note(path, "must be one value", _WHERE_CURE)
        elif op in ("in", "not_in"):
            yield {"field": field, "op": op, "tunable": str(operand)}
        else:
            value = operand if isinstance(operand, str) else json.dumps(operand)
            yield {"field": field, "op": op, "value": value}

    def _first_seen(self, test: Any, path: Path_) -> Iterator[Row]:
        if not isinstance(test, dict) or not set(test) <= {"key", "over", "learn"}:
            self._note(
                path, "is not understood", "write {key: [account, role], over: 30d, learn: 7d}"
            )
            return
        key = test.get("key")
        if not isinstance(key, list) or not key or not all(isinstance(k, str) for k in key):
            self._note(
                (*path, "key"), "must be a list of keys or facts", "write key: [account, role]"
            )
            return
        row = {
            "op": "first_seen",
            "key": key,
            "over": test.get("over"),
            "learn": test.get("learn", LEARN_DEFAULT),
        }
        for name in ("over", "learn"):
            if not re.match(SPAN, str(row[name])):
                self._note((*path, name), f"{row[name]!r} is not a time span", "use 12h or 30d")
                return
        yield row

    def _note(self, path: Path_, problem: str, cure: str) -> None:
        self._problems.add(self._document, path, problem, cure)
