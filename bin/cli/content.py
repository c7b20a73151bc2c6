"""The detections of this clone, compiled, and those of them that were asked for."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowtrap.content.runtime import from_document

from . import kept_copy

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from flowtrap.model.detection import Detection

REPO = Path(__file__).resolve().parents[2]
DETECTIONS = REPO / "detections"
CORE = REPO / "package" / "lib" / "flowtrap"
COMPILED = CORE / "content" / "detections.json"
COPY = REPO / "output" / "detections.json"


def compile_anew() -> dict[str, Any]:
    """Compile every detection file to its runtime form; raise DetectionError."""
    from compiler import compile_all  # here, since pySigma takes its time to load

    return compile_all(DETECTIONS)


def compiled() -> dict[str, Any]:
    """Return the runtime form of every detection file, by a copy where one is kept."""
    made_from = kept_copy.digest((DETECTIONS, REPO / "bin" / "compiler", CORE))
    document = kept_copy.kept(COPY, made_from)
    if document is None:
        document = compile_anew()
        kept_copy.keep(COPY, made_from, document)
    return document


def prose(names: Collection[str]) -> dict[str, tuple[str, dict[str, str]]]:
    """Return for each named detection its description and those of its stages."""
    from compiler import descriptions  # as above

    return descriptions(names, DETECTIONS)


def load() -> list[Detection]:
    """Return every detection."""
    return from_document(compiled(), place="detections")


def select(detections: Sequence[Detection], names: Sequence[str]) -> list[Detection]:
    """Return the named detections, all where none is named; raise a usage error."""
    known = {detection.name: detection for detection in detections}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            advice = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise click.BadParameter(f"there is no detection {name!r} ({advice})")
    return [known[name] for name in dict.fromkeys(names)] if names else list(detections)
