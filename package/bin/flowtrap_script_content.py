"""The input flowtrap_script_content: puts the add-on's libraries on the path and runs it."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from flowtrap_inputs.modular_input import run
from flowtrap_inputs.script_content.input import script_content_input

sys.exit(run(script_content_input(), sys.argv, sys.stdin.buffer, sys.stdout.buffer))
