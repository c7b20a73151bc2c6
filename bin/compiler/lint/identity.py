"""A detection's name, folder, id and title."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from .check import Check, Issue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.subject import Subject


class FileName(Check):
    """The file bears the detection's name."""

    id = "file_name"
    hint = "name the file after the detection"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Compare the two."""
        name, stem = subject.runtime["name"], subject.document.path.stem
        if name != stem:
            yield self.issue(
                subject.document, ("name",), f"{name!r} is not the file's name {stem!r}"
            )


class Folder(Check):
    """The folder is <analytic>_<platform>, and the name begins with the platform."""

    id = "folder"
    hint = "put it into detections/<analytic>_<platform>/, such as an1053_aws"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Compare the folder with analytic and name."""
        folder = subject.document.path.parent.name
        analytic, _, platform = folder.partition("_")
        if analytic != subject.runtime["analytic"].lower() or not platform:
            wanted = f"{subject.runtime['analytic'].lower()}_…"
            problem = f"the folder {folder!r} is not {wanted!r}"
            yield self.issue(subject.document, ("analytic",), problem)
        elif not subject.runtime["name"].startswith(f"{platform}_"):
            problem = f"a detection in {folder} has a name that begins with {platform}_"
            yield self.issue(subject.document, ("name",), problem, "rename it")


class UniqueId(Check):
    """The id is a uuid that no other detection has."""

    id = "unique_id"
    hint = "make one with: python3 -m uuid"

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look at the form, and compare with those seen."""
        value = subject.runtime["id"]
        try:
            canonical = str(uuid.UUID(value))
        except ValueError:
            yield self.issue(subject.document, ("id",), f"{value!r} is not a uuid")
            return
        if canonical != value:
            yield self.issue(subject.document, ("id",), f"{value!r} is not written as {canonical}")
        if canonical in self._seen:
            problem = f"{self._seen[canonical]} has this id already"
            yield self.issue(subject.document, ("id",), problem)
        self._seen.setdefault(canonical, subject.document.path.name)


class UniqueTitle(Check):
    """No two detections have one title."""

    id = "unique_title"
    hint = "say what sets this one apart"

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Compare with those seen."""
        title = subject.runtime["title"].casefold()
        if title in self._seen:
            problem = f"{self._seen[title]} has this title already"
            yield self.issue(subject.document, ("title",), problem)
        self._seen.setdefault(title, subject.document.path.name)
