"""Runs all checks over a folder of detections.

Example: `for issue in lint(Path("detections")): print(issue)`. A file that cannot be compiled gives
issues of id "compile", and the other files are still checked.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from compiler.building_blocks import Library
from compiler.detection_file import read_subject, stage_source
from compiler.problems import Problems, all_of
from compiler.runtime_json import DETECTIONS, detection_paths
from flowtrap.model.errors import DetectionError

from .check import ERROR, Check, Issue
from .stages import KnownFields
from .table import CHECKS, EXCLUSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from compiler.subject import Subject


def lint(
    folder: Path | str = DETECTIONS,
    checks: Sequence[type[Check]] = CHECKS,
    exclusions: Mapping[tuple[str, str], str] = EXCLUSIONS,
) -> list[Issue]:
    """Return every issue of every detection and feed file, in order of file and line."""
    folder = Path(folder)
    library = Library(folder / "feeds")
    running = [check() for check in checks]
    found = list(_library_issues(library, running))
    for path in detection_paths(folder):
        try:
            subject = read_subject(path, library)
        except DetectionError as error:
            found.extend(_uncompiled(error))
            continue
        excluded = {check for check, name in exclusions if name == subject.name}
        found.extend(i for i in _issues_of(subject, running) if i.id not in excluded)
    for check in running:
        found.extend(check.finish())
    return sorted(dict.fromkeys(found), key=_order)


def has_errors(issues: Sequence[Issue]) -> bool:
    """Tell whether any issue is more than a warning."""
    return any(issue.severity == ERROR for issue in issues)


def _issues_of(subject: Subject, checks: Sequence[Check]) -> Iterator[Issue]:
    for check in checks:
        yield from check.check(subject)
        for stage in subject.stages.values():
            yield from check.check_stage(stage)


def _library_issues(library: Library, checks: Sequence[Check]) -> Iterator[Issue]:
    """Check the building blocks, whether a detection takes them or not."""
    for name in library.names():
        try:
            document = library.feed(name)
        except DetectionError as error:
            yield from _uncompiled(error)
            continue
        problems = Problems()
        for stage, row in (document.value.get("stages") or {}).items():
            path = ("stages", stage)
            source = stage_source(stage, name, row, document, path, problems)
            for check in checks:
                yield from check.check_stage(source)
                if isinstance(check, KnownFields):
                    yield from check.fields_of(source, document.value)
        for found in problems.errors:
            yield from _uncompiled(found)


def _uncompiled(error: DetectionError) -> Iterator[Issue]:
    for one in all_of(error):
        yield Issue("compile", ERROR, one.place, one.problem, one.cure)


def _order(issue: Issue) -> tuple[str, int, str]:
    file, _, rest = issue.place.partition(":")
    line = rest.partition(":")[0]
    return file, int(line) if line.isdigit() else 0, str(issue)
