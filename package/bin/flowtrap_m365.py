"""The input flowtrap_m365: puts the add-on's libraries on the path and runs it."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from flowtrap_inputs.m365.input import m365_input
from flowtrap_inputs.modular_input import run

sys.exit(run(m365_input(), sys.argv, sys.stdin.buffer, sys.stdout.buffer))
