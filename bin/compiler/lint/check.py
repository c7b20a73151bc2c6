"""What every check is: an id, a severity, a hint, and what it looks at.

Example: a check of one file overrides `check`, one of a stage's Sigma block `check_stage`, one that
compares files remembers in `check` and tells in `finish`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.subject import StageSource, Subject
    from compiler.yaml_document import Document, Path_

ERROR, WARNING = "error", "warning"


class Issue(NamedTuple):
    """One thing wrong. `id` is the check's, `place` is `file.yml:LINE: part`."""

    id: str
    severity: str
    place: str
    problem: str
    cure: str

    def __str__(self) -> str:
        advice = f" ({self.cure})" if self.cure else ""
        return f"{self.place}: {self.severity}: {self.problem}{advice} [{self.id}]"


class Check:
    """One check; a fresh one is made for each run."""

    id: ClassVar[str]
    severity: ClassVar[str] = ERROR
    hint: ClassVar[str] = ""

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look at one detection file."""
        yield from ()

    def check_stage(self, stage: StageSource) -> Iterator[Issue]:
        """Look at one stage where it is written, in a detection or in a feed's file."""
        yield from ()

    def finish(self) -> Iterator[Issue]:
        """Tell what shows only once all files are read."""
        yield from ()

    def issue(self, document: Document, path: Path_, problem: str, cure: str = "") -> Issue:
        """Return an issue of this check at a path of a document."""
        return Issue(self.id, self.severity, document.place(path), problem, cure or self.hint)
