"""The compiled detections that ship with the add-on, and those of them that were asked for."""

from __future__ import annotations

import difflib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from flowtrap.content import runtime

from .errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowtrap.model.detection import Detection

COMPILED = Path(runtime.__file__).parent / "detections.json"


def select(names: Sequence[str], path: Path = COMPILED) -> list[Detection]:
    """Return the detections of these names; `*` stands for any characters. Raises OptionError."""
    every = runtime.load(path)
    known = [detection.name for detection in every]
    wanted: set[str] = set()
    for name in names:
        found = [other for other in known if fnmatchcase(other, name)]
        if not found:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            advice = f"did you mean {near[0]}?" if near else "see | inputlookup flowtrap_detections"
            raise OptionError(f"there is no detection {name!r}", cure=advice)
        wanted.update(found)
    return [detection for detection in every if detection.name in wanted]
