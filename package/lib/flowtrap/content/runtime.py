"""The compiled detections, read back: `{"format": 1, "detections": [...]}` -> Detection records.

Example: `load("runtime.json")[0].name == "aws_lambda_chain"`. The compiler writes the file; nobody
edits it, so that what is wrong with it is told in one line and cured by compiling again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flowtrap.model.detection import Detection
from flowtrap.model.errors import DetectionError

FORMAT = 1
_CURE = "run bin/flowtrap compile"


def load(source: str | Path | bytes) -> list[Detection]:
    """Read compiled detections from a path or from bytes; raise DetectionError."""
    place = "runtime JSON" if isinstance(source, bytes) else str(source)
    try:
        text = source if isinstance(source, bytes) else Path(source).read_bytes()
        document = json.loads(text)
    except OSError as error:
        raise DetectionError(
            f"cannot be read: {error.strerror or error}", place=place, cure=_CURE
        ) from None
    except ValueError as error:
        raise DetectionError(f"is not JSON: {error}", place=place, cure=_CURE) from None
    return from_document(document, place=place)


def from_document(document: Any, *, place: str = "runtime JSON") -> list[Detection]:
    """Read compiled detections that are already decoded, as `compile_all` returns them."""
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise DetectionError(f"is not of format {FORMAT}", place=place, cure=_CURE)
    rows = document.get("detections")
    if not isinstance(rows, list):
        raise DetectionError("holds no list of detections", place=place, cure=_CURE)
    return [_detection(row, f"{place}: detections[{n}]") for n, row in enumerate(rows)]


def _detection(row: Any, place: str) -> Detection:
    try:
        return Detection.from_dict(row)
    except DetectionError as error:
        inner = f"{place}: {error.place}" if error.place else place
        raise DetectionError(error.problem, place=inner, cure=error.cure or _CURE) from None
    except KeyError as error:
        raise DetectionError(f"{error.args[0]!r} is missing", place=place, cure=_CURE) from None
    except (TypeError, ValueError, AttributeError, IndexError) as error:
        raise DetectionError(f"is damaged: {error}", place=place, cure=_CURE) from None
