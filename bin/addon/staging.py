"""The staging copy that ucc-gen builds from: globalConfig.json and package/, with what is compiled.

ucc-gen rewrites globalConfig.json and copies package/ as it is, __pycache__ and all; so it works on
a copy, and the tree stays as it was.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from compiler.runtime_json import compile_all, dumps
from compiler.splunk.addon import files, filled

REPO = Path(__file__).resolve().parents[2]
NAME = "TA_flowtrap"
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
RUNTIME = "lib/flowtrap/content/detections.json"


def stage(target: Path, repo: Path = REPO) -> dict[str, Any]:
    """Fill an empty folder with what ucc-gen needs; return the compiled detections.

    What is compiled of a conf file follows what is written by hand; product.py refuses a stanza
    that stands in both.
    """
    document = compile_all(repo / "detections")
    package = target / "package"
    shutil.copytree(repo / "package", package, ignore=_LEFT_OUT)
    compiled = files(document["detections"])
    for path, text in {**compiled, RUNTIME: dumps(document)}.items():
        file = package / path
        file.parent.mkdir(parents=True, exist_ok=True)
        written = file.read_text("utf-8") + "\n" if file.suffix == ".conf" and file.exists() else ""
        file.write_text(written + text, encoding="utf-8")
    config = json.loads((repo / "globalConfig.json").read_text(encoding="utf-8"))
    full = filled(config, document["detections"])
    (target / "globalConfig.json").write_text(json.dumps(full, indent=2) + "\n", encoding="utf-8")
    return document


def version(repo: Path = REPO) -> str:
    """Return the version of pyproject.toml; globalConfig.json and app.manifest must agree."""
    lines = (repo / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    line = next(line for line in lines if line.startswith("version = "))
    return line.split('"')[1]
