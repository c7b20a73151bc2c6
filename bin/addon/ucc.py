"""Runs ucc-gen, whose word is not enough: it may end with 0 after a failure (see product.py).

Its own virtual environment goes first on PATH, since it upgrades pip of whichever python3 it finds.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NO_BINARY = "charset-normalizer"  # its wheel holds compiled code, its source does without
PIP = "26.2.1"  # 26.3 makes it say that splunktaucclib is required but not found


class BuildError(Exception):
    """The add-on could not be built; the text says why and what to do."""


def generate(staging: Path, output: Path, version: str, venv: Path) -> None:
    """Build the add-on of a staging copy into a folder of output. Raises BuildError."""
    python = venv / "bin" / "python3"
    command = [
        str(venv / "bin" / "ucc-gen"),
        "build",
        "--source",
        str(staging / "package"),
        "--config",
        str(staging / "globalConfig.json"),
        "--ta-version",
        version,
        "--output",
        str(output),
        "--python-binary-name",
        str(python),
        "--overwrite",
    ]
    if _newer_than_39(python):
        command += ["--pip-version", PIP]
    log = output.with_suffix(".log")
    with log.open("wb") as file, (venv / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # it changes the environment that it runs in
        done = subprocess.run(
            command, cwd=staging, env=_environment(venv), stdout=file, stderr=subprocess.STDOUT
        )
    if done.returncode:
        last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-8:]
        raise BuildError("ucc-gen failed:\n" + "\n".join(last))


def _newer_than_39(python: Path) -> bool:
    ask = "import sys; print(sys.version_info[:2] > (3, 9))"
    told = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True)
    return told.stdout.strip() == "True"


def _environment(venv: Path) -> dict[str, str]:
    first = str(venv / "bin")
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    path = f"{first}{os.pathsep}{kept.get('PATH', '')}"
    return {**kept, "PATH": path, "VIRTUAL_ENV": str(venv), "PIP_NO_BINARY": NO_BINARY}
