"""What detection files say in prose and the runtime form leaves out, for those that fired.

Example: `descriptions({"aws_lambda_opened"})["aws_lambda_opened"]` is the description of the
detection and those of its stages.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .building_blocks import Library
from .detection_file import read_subject
from .runtime_json import DETECTIONS, detection_paths

if TYPE_CHECKING:
    from collections.abc import Collection


def descriptions(
    names: Collection[str], folder: Path | str = DETECTIONS
) -> dict[str, tuple[str, dict[str, str]]]:
    """Return for each named detection its description and those of its stages."""
    folder = Path(folder)
    library = Library(folder / "feeds")
    found = {}
    for path in detection_paths(folder):
        if path.stem in names:
            subject = read_subject(path, library)
            stages = {name: stage.block_description for name, stage in subject.stages.items()}
            found[subject.name] = (str(subject.runtime.get("description", "")).strip(), stages)
    return found
