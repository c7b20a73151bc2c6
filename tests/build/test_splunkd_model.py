"""splunklib and solnlib, as shipped, find in the model of splunkd what they look for.

They were written against splunkd, so that they get on with the model says something about it.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from builders.splunkd import SESSION_KEY, Splunkd, make_certificate

UCC = Path(__file__).resolve().parents[2] / ".venv-ucc"
SECRET = {"client_secret": "s" * 300}

pytestmark = pytest.mark.slow


def test_the_libraries_get_on_with_the_model(addon, tmp_path):
    with Splunkd(make_certificate(tmp_path)) as splunkd:
        splunkd.confs["ta_flowtrap_x"] = {"other": {}}
        splunkd.inputs["flowtrap_x"] = {}
        splunkd.search = lambda query: [{"asked": query}]
        splunkd.store_secret("configs/conf-ta_flowtrap_x", "given", SECRET)
        command = [UCC / "bin/python", "-B", Path(__file__).with_name("ask_splunkd.py")]
        done = subprocess.run(
            [*command, splunkd.uri, SESSION_KEY],
            env={**os.environ, "PYTHONPATH": str(addon[0] / "lib")},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "version": "9.4.0",
        "indexes": ["_internal", "main", "summary"],
        "oneshot": [{"asked": "search index=main"}],
        "job": [True, "1"],
        "stored": SECRET,
        "kept": [True, True, True],
        "left": ["given"],
        "conf": {"a": "1", "key": "secret"},
        "stanzas": ["other"],
        "input": "60",
        "points": [{"n": 1}, 2, None],
    }
