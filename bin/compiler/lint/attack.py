"""ATT&CK ids and tactics.

Source: https://attack.mitre.org/tactics/enterprise/ for the names of tactics.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .check import Check, Issue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.subject import Subject
    from compiler.yaml_document import Path_

_FORMS = {
    "strategy": (r"DET\d{4}", "such as DET0374"),
    "techniques": (r"T\d{4}(\.\d{3})?", "such as T1648 or T1098.003"),
    "data_components": (r"DC\d{4}", "such as DC0038"),
}
TACTICS = frozenset(
    [
        "reconnaissance",
        "resource-development",
        "initial-access",
        "execution",
        "persistence",
        "privilege-escalation",
        "defense-evasion",
        "stealth",
        "defense-impairment",
        "credential-access",
        "discovery",
        "lateral-movement",
        "collection",
        "command-and-control",
        "exfiltration",
        "impact",
    ]
)


class AttackIds(Check):
    """Strategy, techniques, data components and the analytic have the form of their kind."""

    id = "attack_ids"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look at each id."""
        analytic = subject.runtime["analytic"]
        if not re.fullmatch(r"AN\d{4}", analytic):
            problem = f"{analytic!r} is not an analytic"
            yield self.issue(subject.document, ("analytic",), problem, "such as AN1053")
        for part, (form, example) in _FORMS.items():
            for path, value in _each(subject.runtime["attack"].get(part, []), ("attack", part)):
                if not re.fullmatch(form, str(value)):
                    problem = f"{value!r} is not an id of its kind"
                    yield self.issue(subject.document, path, problem, example)


class Tactics(Check):
    """At least one tactic, each one of ATT&CK's short names."""

    id = "tactics"
    hint = "use ATT&CK's short names, such as privilege-escalation"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look at each tactic."""
        tactics = subject.runtime["attack"]["tactics"]
        if not tactics:
            yield self.issue(subject.document, ("attack", "tactics"), "names no tactic")
        for number, tactic in enumerate(tactics):
            if tactic not in TACTICS:
                path = ("attack", "tactics", number)
                yield self.issue(subject.document, path, f"{tactic!r} is not a tactic")


def _each(value: Any, path: Path_) -> Iterator[tuple[Path_, Any]]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield (*path, number), item
    else:
        yield path, value
