"""Collects what is wrong with a file, so that its author sees all of it at once.

Example: `problems.add(document, ("chain", "window"), "'10x' is not a time span", "use 24h")`, then
`problems.raise_if_any()` -> `aws_chain.yml:31: chain.window: '10x' is not a time span (use 24h)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowtrap.model.errors import DetectionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .yaml_document import Document, Path_


class DetectionErrors(DetectionError):
    """Several things wrong with detection files, one line each."""

    def __init__(self, errors: Sequence[DetectionError]) -> None:
        first = errors[0]
        super().__init__(first.problem, place=first.place, cure=first.cure)
        self.errors = tuple(errors)
        self.args = ("\n".join(map(str, errors)),)


class Problems:
    """The problems found so far, in order."""

    def __init__(self) -> None:
        self.errors: list[DetectionError] = []
        self._told: set[str] = set()

    def add(self, document: Document, path: Path_, problem: str, cure: str = "") -> None:
        """Note a problem at a path of the document."""
        self.take(DetectionError(problem, place=document.place(path), cure=cure))

    def take(self, error: DetectionError) -> None:
        """Note an error, or those it stands for; the same one twice is one."""
        for one in all_of(error):
            if str(one) not in self._told:
                self._told.add(str(one))
                self.errors.append(one)

    def raise_if_any(self) -> None:
        """Raise the one error, or all of them as DetectionErrors."""
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            raise DetectionErrors(self.errors)


def all_of(error: DetectionError) -> tuple[DetectionError, ...]:
    """Return the single errors that an error stands for."""
    return error.errors if isinstance(error, DetectionErrors) else (error,)
