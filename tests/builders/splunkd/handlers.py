"""Runs the add-on's REST handlers, unmodified, in a process for each call.

Example: `own_paths(addon, python, splunkd)` gives what `Splunkd.own` takes.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from .answer import Answer, Entry, entries, message

if TYPE_CHECKING:
    from .server import OwnPath, Splunkd

INSIDE = Path(__file__).with_name("inside")


def own_paths(addon: Path, python: Path, splunkd: Splunkd) -> dict[str, OwnPath]:
    """Return what answers each path of restmap.conf. The add-on must be in …/etc/apps."""
    scripts = sorted((addon / "bin").glob("TA_flowtrap_rh_*.py"))
    return {p.stem.replace("_rh_", "_", 1): _path(p, python, splunkd) for p in scripts}


def _path(script: Path, python: Path, splunkd: Splunkd) -> OwnPath:
    def answer(method: str, rest: list[str], words: dict[str, str]) -> Answer:
        if rest == ["_reload"]:
            return entries(script.stem, [])
        action = {"GET": "list", "DELETE": "remove"}.get(method) or ("edit" if rest else "create")
        values = {k: v for k, v in words.items() if k != "output_mode"}
        name = rest[0] if rest else values.pop("name", None)
        if rest[1:] in (["enable"], ["disable"]):
            values = {"disabled": str(int(rest[1] == "disable"))}
        call = {
            "action": action,
            "name": name,
            "values": values,
            "session_key": splunkd.session_key,
        }
        env = {
            **os.environ,
            "PYTHONPATH": str(INSIDE),
            "SPLUNKD_URI": splunkd.uri,
            "SPLUNK_HOME": str(script.parents[4]),
        }
        done = subprocess.run(
            [python, "-B", script], input=json.dumps(call), env=env, capture_output=True, text=True
        )
        splunkd.handler_logs.append(done.stderr)
        if done.returncode:
            return message(500, f"the handler ended with {done.returncode}: {done.stderr[-400:]}")
        told = json.loads(done.stdout)
        if "error" in told:
            return message(told["status"], told["error"])
        found = [Entry(row["name"], row["content"]) for row in told["entries"]]
        return entries(
            script.stem.replace("_rh_", "_", 1), found, 201 if action == "create" else 200
        )

    return answer
