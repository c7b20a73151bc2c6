"""The server checks what the configuration page sends, by the handlers that ucc-gen made.

The page has the same rules, since both come from globalConfig.json. That Splunk draws and serves
it is not shown here.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

UCC = Path(__file__).resolve().parents[2] / ".venv-ucc"
ENTRY = {
    "tunable": "role_scope",
    "pattern": "*Admin*",
    "scope": "*",
    "reason": "CI",
    "owned_by": "it",
    "expires": "2027-01-31",
}
CASES = [
    ("list_entry", ENTRY, []),
    ("list_entry", {**ENTRY, "expires": ""}, []),
    ("list_entry", {**ENTRY, "tunable": "time_window"}, ["tunable"]),
    ("list_entry", {**ENTRY, "tunable": "role_scope_"}, ["tunable"]),
    ("list_entry", {**ENTRY, "pattern": " "}, ["pattern"]),
    ("list_entry", {**ENTRY, "pattern": "x" * 501}, ["pattern"]),
    ("list_entry", {**ENTRY, "expires": "tomorrow"}, ["expires"]),
    ("list_entry", {**ENTRY, "expires": "2027-13-01"}, ["expires"]),
    ("list_entry", {}, ["tunable", "pattern", "scope", "reason", "owned_by"]),
    ("settings", {"time_window": "48h"}, []),
    ("settings", {"time_window": ""}, []),
    ("settings", {"time_window": "10x"}, ["time_window"]),
    ("settings", {"time_window": "0s"}, ["time_window"]),
]

pytestmark = pytest.mark.slow


def test_the_server_refuses_what_is_wrong(addon):
    asked = json.dumps([(tab, row) for tab, row, _ in CASES])
    command = [UCC / "bin/python", "-B", Path(__file__).with_name("ask_fields.py"), addon[0], asked]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for (tab, row, wanted), found in zip(CASES, json.loads(done.stdout), strict=True):
        assert found == wanted, (tab, row)
