"""Tunables: those used are defined, whole, and of the right kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.sigma_condition import leaves
from flowtrap.model.errors import FlowtrapError
from flowtrap.model.tunable import TunableEntry
from flowtrap.model.window import span_ms

from .check import WARNING, Check, Issue
from .verdicts import conditions_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from compiler.subject import Subject
    from compiler.yaml_document import Document, Path_


def uses(subject: Subject) -> Iterator[tuple[str, str, Document, Path_]]:
    """Yield each use of a tunable: its name, the kind it must have, where."""
    document, chain = subject.document, subject.runtime["chain"]
    if isinstance(chain["window"], dict):
        yield str(chain["window"]["tunable"]), "duration", document, ("chain", "window")
    for number, row in enumerate(subject.runtime["suppress"]):
        yield row["in"], "list", document, ("suppress", number, "in")
    for _, row, path in conditions_of(subject):
        if "tunable" in row:
            yield row["tunable"], "list", document, path
    for stage in subject.stages.values():
        for leaf in leaves(stage.condition or ["and"]):
            if leaf[0] == "tunable":
                yield leaf[2], "list", stage.document, stage.detection_path


class TunablesDefined(Check):
    """A tunable that is used is defined, and of the kind its use asks for."""

    id = "tunables_defined"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look at each use."""
        defined = subject.runtime["tunables"]
        for name, kind, document, path in uses(subject):
            if name not in defined:
                cure = f"define it under tunables; there are {', '.join(defined) or 'none'}"
                yield self.issue(document, path, f"{name!r} is no tunable", cure)
            elif defined[name]["kind"] != kind:
                problem = f"{name!r} is a {defined[name]['kind']}, but a {kind} is needed"
                yield self.issue(document, path, problem, "change its kind")


class TunablesUsed(Check):
    """A tunable that nothing uses misleads whoever sets it."""

    id = "tunables_used"
    severity = WARNING
    hint = "use it or drop it"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look for unused ones."""
        used = {name for name, *_ in uses(subject)}
        for name in subject.runtime["tunables"]:
            if name not in used:
                problem = f"{name!r} is not used"
                yield self.issue(subject.document, ("tunables", name), problem)


class InferredLists(Check):
    """A list that is inferred is known only when verdicts are, and from a fact that hits bear."""

    id = "inferred_lists"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look at each list with `infer`, and at what uses it."""
        runtime = subject.runtime
        inferred = {name: row for name, row in runtime["tunables"].items() if row.get("infer")}
        in_verdicts = {row.get("tunable") for _, row, _ in conditions_of(subject)}
        for name, row in inferred.items():
            path = ("tunables", name, "infer")
            if row["kind"] != "list" or name not in in_verdicts:
                problem = f"{name!r} is inferred, but no verdict asks it"
                yield self.issue(subject.document, path, problem, "use it under where or anchor")
            elif not any(row["infer"] in stage["facts"] for stage in runtime["stages"].values()):
                problem = f"no stage has a fact {row['infer']!r}"
                yield self.issue(subject.document, path, problem, "add it to a stage's facts")
        for number, entry in enumerate(runtime["suppress"]):
            if entry["in"] in inferred:
                problem = f"{entry['in']!r} is inferred: not known yet when hits are suppressed"
                path = ("suppress", number, "in")
                yield self.issue(subject.document, path, problem, "use it under where or anchor")


class TunableDefaults(Check):
    """A default is a time span, or a list of good entries."""

    id = "tunable_defaults"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look at each default."""
        for name, row in subject.runtime["tunables"].items():
            path: Path_ = ("tunables", name, "default")
            if row["kind"] == "duration":
                yield from self._tried(subject, path, span_ms, row["default"])
            elif not isinstance(row["default"], list):
                problem = "the default of a list is a list"
                yield self.issue(subject.document, path, problem, "write []")
            else:
                for number, entry in enumerate(row["default"]):
                    read = TunableEntry.from_dict
                    yield from self._tried(subject, (*path, number), read, entry)

    def _tried(
        self, subject: Subject, path: Path_, read: Callable[[Any], object], value: Any
    ) -> Iterator[Issue]:
        try:
            read(value)
        except FlowtrapError as error:
            yield self.issue(subject.document, path, error.problem, error.cure)


class SuppressNames(Check):
    """Suppression names a stage of the chain and a key or fact that it has."""

    id = "suppress_names"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look at each entry."""
        for number, row in enumerate(subject.runtime["suppress"]):
            stage = row["stage"] or subject.anchor
            path = ("suppress", number)
            if stage not in subject.stages and stage != subject.anchor:
                problem = f"{stage!r} is no stage"
                yield self.issue(subject.document, path, problem, "leave stage out for the anchor")
            elif stage in subject.stages and row["key"] not in subject.names_of(stage):
                problem = f"{row['key']!r} is no key or fact of {stage!r}"
                cure = f"it has {', '.join(sorted(subject.names_of(stage)))}"
                yield self.issue(subject.document, path, problem, cure)
