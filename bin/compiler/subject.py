"""What the checks look at: a detection file, its stages as written, and its runtime form.

Example: `subject.stages["write"].document.place(subject.stages["write"].path)` names the line of
the stage, which for a building block is in the feed's file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .alternatives import groups_of

if TYPE_CHECKING:
    from .alternatives import Groups
    from .building_blocks import Library
    from .sigma_condition import Ast
    from .yaml_document import Document, Path_


@dataclass(frozen=True)
class StageSource:
    """A stage: where it is written, its Sigma block, and what it became.

    `condition` is None where the block could not be compiled. `path` is that of the stage in
    `document`, which is a feed's file for a stage taken by `use:`.
    """

    name: str
    feed: str
    document: Document
    path: Path_
    block: dict[str, Any]
    condition: Ast | None
    keys: dict[str, str]
    facts: dict[str, str]

    @property
    def block_description(self) -> str:
        """Return what the stage's author says of it, "" where nothing."""
        return str(self.document.at((*self.path, "description"), ""))

    @property
    def detection_path(self) -> Path_:
        """Return the path of the Sigma block."""
        return (*self.path, "detection")


@dataclass(frozen=True)
class Subject:
    """One detection file."""

    document: Document
    library: Library
    stages: dict[str, StageSource]
    runtime: dict[str, Any]

    @property
    def name(self) -> str:
        """Return the detection's name."""
        return str(self.document.at(("name",), self.document.path.stem))

    @property
    def anchor(self) -> str:
        """Return the anchor's name."""
        return str(self.runtime["chain"]["anchor"])

    @property
    def groups(self) -> Groups:
        """Return the groups of stages of which any one will do."""
        return groups_of(self.runtime)

    def names_of(self, stage: str) -> set[str]:
        """Return the keys and facts of a stage, or of all stages of a group; none if undefined."""
        sources = [self.stages.get(name) for name in self.groups.get(stage, [stage])]
        names = [{*source.keys, *source.facts} if source else set() for source in sources]
        return set.intersection(*names)
