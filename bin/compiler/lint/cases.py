"""The tests of a detection: one of each kind, and each says what it expects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.schema import TEST_KINDS

from .check import Check, Issue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.subject import Subject


class TestKinds(Check):
    """There is a test of each kind."""

    id = "test_kinds"
    hint = "see detections/_template.yml"
    __test__ = False  # to pytest: no test class

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Compare the kinds there are with those there must be."""
        cases = subject.document.at(("tests",), ()) or ()
        missing = [kind for kind in TEST_KINDS if kind not in {case["kind"] for case in cases}]
        if missing:
            problem = f"there is no test of kind {', '.join(missing)}"
            yield self.issue(subject.document, ("tests",), problem)


class TestNames(Check):
    """Tests of one detection have different names."""

    id = "test_names"
    hint = "rename one"
    __test__ = False

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Compare each with those before it."""
        seen: set[str] = set()
        for number, case in enumerate(subject.document.at(("tests",), ()) or ()):
            if case["name"] in seen:
                problem = f"there is a test {case['name']!r} already"
                yield self.issue(subject.document, ("tests", number, "name"), problem)
            seen.add(case["name"])


class TestExpectations(Check):
    """A test expects verdicts and stages that exist, and a positive one expects something."""

    id = "test_expectations"
    __test__ = False

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look at each test."""
        verdicts = [verdict["name"] for verdict in subject.runtime["verdicts"]]
        for number, case in enumerate(subject.document.at(("tests",), ()) or ()):
            path = ("tests", number, "expect")
            if case["kind"] == "positive" and not case["expect"]:
                problem = "a positive test expects a finding"
                yield self.issue(subject.document, path, problem, "name the verdict")
            for row, expected in enumerate(case["expect"]):
                here = (*path, row)
                if expected["verdict"] not in verdicts:
                    problem = f"{expected['verdict']!r} is no verdict"
                    cure = f"there are {', '.join(verdicts)}"
                    yield self.issue(subject.document, (*here, "verdict"), problem, cure)
                for stage in expected.get("evidence") or {}:
                    if stage not in subject.stages:
                        problem = f"{stage!r} is no stage"
                        cure = f"there are {', '.join(subject.stages)}"
                        yield self.issue(subject.document, (*here, "evidence"), problem, cure)


class VerdictsTested(Check):
    """Every verdict is expected by some test."""

    id = "verdicts_tested"
    hint = "add a test that expects it"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Compare verdicts with expectations."""
        cases = subject.document.at(("tests",), ()) or ()
        expected = {row["verdict"] for case in cases for row in case["expect"]}
        for number, verdict in enumerate(subject.runtime["verdicts"]):
            if verdict["name"] not in expected:
                problem = f"no test expects the verdict {verdict['name']!r}"
                yield self.issue(subject.document, ("verdicts", number, "name"), problem)
