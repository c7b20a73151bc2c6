"""All detections as the one JSON file that the core reads.

Example: `write(Path("detections"), Path("package/lib/flowtrap/content/detections.json"))`. The same
files give the same bytes, on any machine and in any order of the folder.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flowtrap.content.runtime import FORMAT
from flowtrap.model.errors import DetectionError

from .building_blocks import Library
from .detection_file import load_detection
from .problems import Problems

DETECTIONS = Path(__file__).resolve().parents[2] / "detections"


def detection_paths(folder: Path) -> list[Path]:
    """Return the detection files of a folder, by name; feeds and files of `_` are none."""
    files = (path for path in folder.glob("*/*.yml") if path.parent.name != "feeds")
    return sorted((p for p in files if not p.name.startswith("_")), key=lambda p: (p.name, str(p)))


def compile_all(folder: Path | str = DETECTIONS) -> dict[str, Any]:
    """Return every detection's runtime form, raising what is wrong with any file, all of it."""
    folder = Path(folder)
    library, problems, rows = Library(folder / "feeds"), Problems(), []
    for path in detection_paths(folder):
        try:
            rows.append(load_detection(path, library))
        except DetectionError as error:
            problems.take(error)
    problems.raise_if_any()
    return {"format": FORMAT, "detections": rows}


def dumps(document: dict[str, Any]) -> str:
    """Return the document as compact ASCII JSON with a line end.

    Keys keep their order, which is the author's: findings list stages and entities by it.
    """
    return json.dumps(document, ensure_ascii=True, separators=(",", ":")) + "\n"


def write(folder: Path | str, target: Path | str) -> int:
    """Compile a folder into a file, replaced whole; return how many detections it holds."""
    document = compile_all(folder)
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.write_text(dumps(document), encoding="ascii")
    part.replace(target)
    return len(document["detections"])
