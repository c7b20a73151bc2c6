"""The input flowtrap_flow_definitions: puts the add-on's libraries on the path and runs it."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from flowtrap_inputs.flow_definitions.input import flow_definitions_input
from flowtrap_inputs.modular_input import run

sys.exit(run(flow_definitions_input(), sys.argv, sys.stdin.buffer, sys.stdout.buffer))
