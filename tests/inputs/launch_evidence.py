"""Runs an evidence input as splunkd does, with the vendors' addresses turned to a model's.

python launch_evidence.py flow_definitions|script_content ROOT [arguments of splunkd]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "package" / "lib"))

from flowtrap_inputs import evidence
from flowtrap_inputs.flow_definitions.api import Roots
from flowtrap_inputs.flow_definitions.input import flow_definitions_input
from flowtrap_inputs.m365.clouds import Cloud
from flowtrap_inputs.modular_input import run
from flowtrap_inputs.script_content.input import script_content_input

evidence.SAVE_EVENTS = 2
which, root, *rest = sys.argv[1:]
kinds = {
    "flow_definitions": flow_definitions_input(
        {"commercial": Cloud(root, root.rstrip("/"))}, Roots(f"{root}bap/", f"{root}flow/")
    ),
    "script_content": script_content_input(f"{root}v1/", f"{root}token"),
}
sys.exit(run(kinds[which], ["launch", *rest], sys.stdin.buffer, sys.stdout.buffer))
