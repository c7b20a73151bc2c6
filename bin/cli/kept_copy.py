"""What the detections compile to, kept between two commands: compiling takes most of a second.

The copy (output/detections.json) bears a digest of all that it was made from: an edit of a
detection, the compiler or the core makes it void. Where it cannot be written, it is not kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def digest(folders: Iterable[Path]) -> str:
    """Return the hash of every .yml and .py file below some folders, names included."""
    found = hashlib.sha256()
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.suffix in (".yml", ".py")):
            content = path.read_bytes()
            found.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode())
            found.update(content)
    return found.hexdigest()


def kept(path: Path, made_from: str) -> dict[str, Any] | None:
    """Return the document that `keep` put there for this digest, else None."""
    try:
        copy = json.loads(path.read_bytes())
        return dict(copy["document"]) if copy["digest"] == made_from else None
    except (OSError, ValueError, KeyError, TypeError):  # none yet, or damaged: it is made anew
        return None


def keep(path: Path, made_from: str, document: dict[str, Any]) -> None:
    """Put a document there, whole or not at all."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    with contextlib.suppress(OSError):  # a clone that may not be written to has no copy
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps({"digest": made_from, "document": document}), encoding="ascii")
        part.replace(path)
