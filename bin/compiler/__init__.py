"""Detection files (detections/**/*.yml) to everything that is built from them.

    yaml_document   YAML with line numbers        building_blocks  detections/feeds/*.yml
    schema          the shape of a file           sigma_condition  detection: block -> condition
    verdicts        sugar of require and anchor   detection_file   one file -> runtime form
    runtime_json    all of them, and the file     sigma_rule, docs, descriptions, lint/

Example: `compile_all(Path("detections"))["detections"][0]["name"]`.
"""

from __future__ import annotations

from .descriptions import descriptions
from .detection_file import load_detection
from .runtime_json import compile_all, write

__all__ = ["compile_all", "descriptions", "load_detection", "write"]
