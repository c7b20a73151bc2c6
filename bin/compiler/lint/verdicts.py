"""Verdicts: severity and risk agree, and everything they name is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flowtrap.model.window import span_ms

from .check import WARNING, Check, Issue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.subject import Subject
    from compiler.yaml_document import Path_

RISKS = {  # severity: lowest and highest risk
    "informational": (0, 19),
    "low": (20, 39),
    "medium": (40, 59),
    "high": (60, 84),
    "critical": (85, 100),
}
_BRACES = re.compile(r"\{([^{}]*)\}")
_PLACEHOLDER = re.compile(r"([a-z0-9_]+)(?:\.([a-z0-9_]+)(?:\.count)?)?")


def rules_of(verdict: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Path_]]:
    """Yield each requirement's stage, rule, and path within the verdict."""
    for stage, rules in verdict["require"].items():
        if isinstance(rules, list):
            for number, rule in enumerate(rules):
                yield stage, rule, ("require", stage, number)
        else:
            yield stage, rules, ("require", stage)


def conditions_of(subject: Subject) -> Iterator[tuple[str, dict[str, Any], Path_]]:
    """Yield each condition on anchor or hits: its stage, the condition, a path near it."""
    for number, verdict in enumerate(subject.runtime["verdicts"]):
        path: Path_ = ("verdicts", number)
        for row in verdict["anchor"]:
            yield subject.anchor, row, (*path, "anchor", row.get("field", row["op"]))
        for stage, rule, where in rules_of(verdict):
            for row in rule["where"]:
                yield stage, row, (*path, *where, "where", row.get("field", row["op"]))


class SeverityMatchesRisk(Check):
    """The risk lies in the band of the severity."""

    id = "severity_risk"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Compare the two in each verdict."""
        for number, verdict in enumerate(subject.runtime["verdicts"]):
            low, high = RISKS[verdict["severity"]]
            if not low <= verdict["risk"] <= high:
                yield self.issue(
                    subject.document,
                    ("verdicts", number, "risk"),
                    f"risk {verdict['risk']} is not {verdict['severity']}",
                    f"{verdict['severity']} is {low} to {high}",
                )


class UniqueVerdicts(Check):
    """Verdicts of one detection have names and risks of their own: the highest risk wins."""

    id = "unique_verdicts"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Compare each with those before it."""
        for part, cure in (("name", "rename one"), ("risk", "let one of them win: change a risk")):
            seen: dict[Any, str] = {}
            for number, verdict in enumerate(subject.runtime["verdicts"]):
                value = verdict[part]
                if value in seen:
                    problem = f"{part} {value!r} is that of {seen[value]} too"
                    yield self.issue(subject.document, ("verdicts", number, part), problem, cure)
                seen.setdefault(value, verdict["name"])


class VerdictRests(Check):
    """A verdict asks for something: with neither require nor anchor it holds for every anchor."""

    id = "verdict_rests"
    severity = WARNING
    hint = "require a related stage, or put a condition on the anchor"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look for verdicts without any condition."""
        for number, verdict in enumerate(subject.runtime["verdicts"]):
            if verdict["risk"] >= 20 and not verdict["require"] and not verdict["anchor"]:
                problem = f"{verdict['name']!r} holds for every anchor"
                yield self.issue(subject.document, ("verdicts", number), problem)


class RequirementNames(Check):
    """Requirements name related stages, and keys or facts that these have."""

    id = "requirement_names"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look at stages, `distinct`, and the fields of conditions."""
        related = [*subject.runtime["chain"]["related"], *subject.groups]
        for number, verdict in enumerate(subject.runtime["verdicts"]):
            for stage, rule, where in rules_of(verdict):
                path: Path_ = ("verdicts", number, *where)
                if stage not in related:
                    cure = f"related are {', '.join(related) or 'none'}"
                    problem = f"{stage!r} is no related stage"
                    yield self.issue(subject.document, path, problem, cure)
                elif rule["distinct"] is not None:
                    yield from self._known(subject, stage, rule["distinct"], (*path, "distinct"))
        for stage, row, path in conditions_of(subject):
            for name in row["key"] if row["op"] == "first_seen" else [row["field"]]:
                yield from self._known(subject, stage, name, path)

    def _known(self, subject: Subject, stage: str, name: str, path: Path_) -> Iterator[Issue]:
        known = stage in subject.stages or stage in subject.groups
        if known and name not in subject.names_of(stage):
            cure = f"it has {', '.join(sorted(subject.names_of(stage)))}"
            problem = f"{name!r} is no key or fact of {stage!r}"
            yield self.issue(subject.document, path, problem, cure)


class Placeholders(Check):
    """Every `{…}` of `say` is an anchor's key or fact, or asks a stage.

    {STAGE}, {STAGE.count}, {STAGE.FACT}, {STAGE.FACT.count}.
    """

    id = "placeholders"
    hint = "use {function}, {run}, {run.count} or {run.actor}"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look at each placeholder of each verdict."""
        for number, verdict in enumerate(subject.runtime["verdicts"]):
            path = ("verdicts", number, "say")
            text = verdict["say"]
            if text.count("{") != text.count("}") or "{" in _BRACES.sub("", text):
                yield self.issue(subject.document, path, "has a brace without its fellow")
            for inner in dict.fromkeys(_BRACES.findall(text)):
                problem = _unresolved(subject, inner, verdict["require"])
                if problem:
                    yield self.issue(subject.document, path, f"{{{inner}}}: {problem}")


def _unresolved(subject: Subject, inner: str, require: dict[str, Any]) -> str:
    found = _PLACEHOLDER.fullmatch(inner)
    if not found:
        return "is no placeholder"
    name, part = found.groups()
    if name in subject.groups and name not in require:
        return f"{name!r} is a group, and this verdict does not require it"
    stages = {*subject.stages, *subject.groups}
    if part is None:
        known = name in stages or name in subject.names_of(subject.anchor)
        return "" if known else f"{name!r} is no stage, nor a key or fact of the anchor"
    if name not in stages:
        return f"{name!r} is no stage"
    if part == "count" or part in subject.names_of(name):
        return ""
    return f"{part!r} is no key or fact of {name!r}"


class FirstSeenSane(Check):
    """`learn` is not longer than `over`, and what is compared includes a key of the stage."""

    id = "first_seen"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look at each first_seen condition."""
        for stage, row, path in conditions_of(subject):
            if row["op"] != "first_seen":
                continue
            if span_ms(row["over"]) == 0:
                yield self.issue(subject.document, path, "over is nothing", "use 30d")
            if span_ms(row["learn"]) > span_ms(row["over"]):
                problem = f"learn {row['learn']} is longer than over {row['over']}"
                yield self.issue(subject.document, path, problem, "learn within the period")
            source = subject.stages.get(stage)
            if source and not set(row["key"]) & set(source.keys):
                problem = "compares facts alone, which may be absent"
                yield self.issue(subject.document, path, problem, "add a key, such as account")
