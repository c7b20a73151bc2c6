"""`elastic run` as a process, and what it left in the node."""

from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch

from compiler import compile_all

SINCE = "--since=2026-01-01"


@functools.cache
def compiled() -> str:
    """Return a file with the compiled detections, made once and gone with this process."""
    handle, name = tempfile.mkstemp(suffix=".json")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(compile_all(), file)
    atexit.register(os.unlink, name)
    return name


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a run: none of the caller's own secrets."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("FLOWTRAP_")}
    return {**kept, **more}


def command(url: str, room: str, *options: str) -> list[str]:
    """Return the command line of a run with its state and findings in a test's room."""
    launcher = [str(Path(__file__).with_name("elastic_child.py")), compiled()]
    place = [f"--url={url}", f"--output=flowtrap-findings-{room}", f"--state={room}"]
    return [sys.executable, *launcher, "elastic", "run", *place, SINCE, *options]


def run(url: str, room: str, *options: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run to the end."""
    return subprocess.run(
        command(url, room, *options),
        capture_output=True,
        text=True,
        check=False,
        env=environment(**env),
        timeout=120,
    )


def findings(node: Elasticsearch, room: str) -> dict[str, dict[str, Any]]:
    """Return the findings in the index by id."""
    index = f"flowtrap-findings-{room}"
    if not node.indices.exists(index=index):
        return {}
    node.indices.refresh(index=index)
    answer = node.search(index=index, size=1000, version=True)
    return {
        hit["_id"]: {"version": hit["_version"], **hit["_source"]} for hit in answer["hits"]["hits"]
    }


def text(documents: dict[str, dict[str, Any]]) -> str:
    """Return an index's content in one form, to compare."""
    return json.dumps(documents, sort_keys=True)
