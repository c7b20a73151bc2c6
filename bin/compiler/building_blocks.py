"""The feeds' files (detections/feeds/*.yml): what may be asked of a feed, and its ready stages.

Example: `Library(Path("detections/feeds")).block("aws_cloudtrail.run")` -> the document and path of
that stage. Each file is read once, when first asked for.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from flowtrap.model.errors import DetectionError

from . import schema, yaml_document
from .problems import Problems

if TYPE_CHECKING:
    from pathlib import Path

    from .yaml_document import Document, Path_


class Library:
    """The feed files of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._documents: dict[str, Document] = {}

    def names(self) -> list[str]:
        """Return the feeds that have a file."""
        return sorted(path.stem for path in self.folder.glob("*.yml"))

    def feed(self, name: str) -> Document:
        """Return a feed's file; raise DetectionError if it is absent or has not the right shape."""
        if name not in self._documents:
            path = self.folder / f"{name}.yml"
            if not path.is_file():
                known = ", ".join(self.names()) or "none"
                raise DetectionError(f"there is no feed {name!r}", cure=f"known are {known}")
            document = yaml_document.read(path)
            problems = Problems()
            schema.check(document, schema.FEED, problems)
            problems.raise_if_any()
            self._documents[name] = document
        return self._documents[name]

    def block(self, reference: str) -> tuple[Document, Path_, dict[str, Any]]:
        """Return the document, path and value of a building block named `feed.stage`."""
        feed, _, stage = reference.partition(".")
        document = self.feed(feed)
        blocks = document.at(("stages",), {}) or {}
        if stage not in blocks:
            near = difflib.get_close_matches(stage, blocks, n=1)
            cure = f"did you mean {feed}.{near[0]}?" if near else f"see {document.path.name}"
            raise DetectionError(f"there is no building block {reference!r}", cure=cure)
        return document, ("stages", stage), blocks[stage]
