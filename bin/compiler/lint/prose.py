"""What a person needs when a finding comes: triage, false positives, references."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .check import Check, Issue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.subject import Subject

_URL = re.compile(r"https://[A-Za-z0-9.-]+\.[a-z]{2,}(/\S*)?")


def _blank(value: Any) -> bool:
    texts = value if isinstance(value, list) else [value]
    return not texts or not all(isinstance(text, str) and text.strip() for text in texts)


class ProsePresent(Check):
    """triage, false_positives and references are there, and say something."""

    id = "prose"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look at each part."""
        for part in ("triage", "false_positives", "references"):
            if _blank(subject.runtime.get(part)):
                problem = f"{part} is missing or empty"
                cure = f"write {part}: as a list of sentences"
                yield self.issue(subject.document, (part,), problem, cure)


class ReferenceUrls(Check):
    """References are https addresses."""

    id = "references"
    hint = "write https://…"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look at each reference."""
        references = subject.runtime.get("references")
        for number, url in enumerate(references if isinstance(references, list) else ()):
            if not _URL.fullmatch(str(url)):
                path = ("references", number)
                yield self.issue(subject.document, path, f"{url!r} is no https address")
