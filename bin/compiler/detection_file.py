"""One detection file to its runtime form.

Example: `load_detection(Path("detections/an1053_aws/aws_lambda_chain.yml"))["stages"]["write"]`.
Everything that is wrong with the file is raised at once, each with file, line and part.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowtrap.model.errors import DetectionError

from . import schema, yaml_document
from .alternatives import written_out
from .building_blocks import Library
from .lint.table import ESSENTIAL
from .problems import Problems
from .sigma_condition import condition_of
from .subject import StageSource, Subject
from .verdicts import VerdictReader

if TYPE_CHECKING:
    from .yaml_document import Document, Path_

_PROSE = ("description", "triage", "false_positives", "references", "blind")


def load_detection(path: Path | str, library: Library | None = None) -> dict[str, Any]:
    """Return a detection file's runtime form; raise DetectionError (DetectionErrors: several)."""
    subject = read_subject(Path(path), library)
    problems = Problems()
    for check in ESSENTIAL:
        for issue in check().check(subject):
            problems.take(DetectionError(issue.problem, place=issue.place, cure=issue.cure))
    problems.raise_if_any()
    return written_out(subject.runtime)


def read_subject(path: Path, library: Library | None = None) -> Subject:
    """Read a detection file for the checks; raise for what keeps it from having a runtime form."""
    library = library or Library(path.parent.parent / "feeds")
    document = yaml_document.read(path)
    problems = Problems()
    if not schema.check(document, schema.DETECTION, problems):
        problems.raise_if_any()
    reader = _Reader(document, library, problems)
    stages = {name: reader.stage(name) for name in document.value["stages"]}
    runtime = reader.runtime(stages)
    problems.raise_if_any()
    return Subject(document, library, {n: s for n, s in stages.items() if s}, runtime)


class _Reader:
    """Reads the parts of one document."""

    def __init__(self, document: Document, library: Library, problems: Problems) -> None:
        self._document = document
        self._library = library
        self._problems = problems

    def runtime(self, stages: dict[str, StageSource | None]) -> dict[str, Any]:
        """Return the runtime form; what is missing in it has been noted."""
        value = self._document.value
        verdicts = VerdictReader(self._document, self._problems)
        chain = value["chain"]
        self._check_window(chain["window"])
        return {
            "name": value["name"],
            "id": value["id"],
            "title": value["title"],
            "analytic": value["analytic"],
            "attack": {"data_components": [], **value["attack"]},
            "stages": {name: _stage_row(stage) for name, stage in stages.items() if stage},
            "chain": {**chain, "related": chain.get("related") or {}},
            "verdicts": [
                verdicts.verdict(row, ("verdicts", n)) for n, row in enumerate(value["verdicts"])
            ],
            "suppress": [{"stage": None, **row} for row in value.get("suppress") or ()],
            "entities": {
                kind: [names] if isinstance(names, str) else names
                for kind, names in (value.get("entities") or {}).items()
            },
            "tunables": value.get("tunables") or {},
            **{name: value[name] for name in _PROSE if name in value},
        }

    def _check_window(self, window: Any) -> None:
        if isinstance(window, dict) and set(window) != {"tunable"}:
            self._note(("chain", "window"), "is no window", "write 24h or {tunable: time_window}")

    def stage(self, name: str) -> StageSource | None:
        """Return a stage, whether written here or taken by `use:`; None if it cannot be had."""
        path: Path_ = ("stages", name)
        row = self._document.at(path)
        if "use" in row:
            return self._used(name, row, path)
        missing = [part for part in ("feed", "detection", "keys") if part not in row]
        if missing:
            self._note(
                path, f"{', '.join(missing)} is missing", "or take a block by use: feed.name"
            )
            return None
        return stage_source(name, row["feed"], row, self._document, path, self._problems)

    def _used(self, name: str, row: dict[str, Any], path: Path_) -> StageSource | None:
        for part in ("feed", "detection"):
            if part in row:
                self._note((*path, part), f"{part} comes with use:", "leave it out")
        try:
            document, block_path, block = self._library.block(str(row["use"]))
        except DetectionError as error:
            if error.place:
                self._problems.take(error)
            else:
                self._note((*path, "use"), error.problem, error.cure)
            return None
        feed = str(row["use"]).partition(".")[0]
        source = stage_source(name, feed, block, document, block_path, self._problems)
        if "keys" not in row and "facts" not in row:
            return source
        keys, facts = (_names(row.get(part, block.get(part))) for part in ("keys", "facts"))
        _refuse_shared(keys, facts, self._document, path, self._problems)
        return replace(source, keys=keys, facts=facts)

    def _note(self, path: Path_, problem: str, cure: str) -> None:
        self._problems.add(self._document, path, problem, cure)


def stage_source(
    name: str, feed: str, row: dict[str, Any], document: Document, path: Path_, problems: Problems
) -> StageSource:
    """Return a stage that is written at `path`."""
    block = row["detection"]
    condition = condition_of(block, document, (*path, "detection"), problems)
    keys, facts = _names(row.get("keys")), _names(row.get("facts"))
    _refuse_shared(keys, facts, document, path, problems)
    return StageSource(name, feed, document, path, block, condition, keys, facts)


def _names(value: Any) -> dict[str, str]:
    """A list names each key after its field."""
    if isinstance(value, list):
        return {name: name for name in value}
    return dict(value or {})


def _refuse_shared(
    keys: dict[str, str], facts: dict[str, str], document: Document, path: Path_, problems: Problems
) -> None:
    if not keys:
        problems.add(document, (*path, "keys"), "a stage needs a key", "name what joins it")
    for name in keys:
        if name in facts:
            cure = "a key can be used wherever a fact can: drop the fact"
            problems.add(document, (*path, "facts", name), f"{name!r} is a key as well", cure)


def _stage_row(stage: StageSource) -> dict[str, Any]:
    return {
        "feed": stage.feed,
        "condition": stage.condition,
        "keys": stage.keys,
        "facts": stage.facts,
    }
