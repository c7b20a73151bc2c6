"""The input flowtrap_workspace: puts the add-on's libraries on the path and runs it."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from flowtrap_inputs.gws.input import workspace_input
from flowtrap_inputs.modular_input import run

sys.exit(run(workspace_input(), sys.argv, sys.stdin.buffer, sys.stdout.buffer))
