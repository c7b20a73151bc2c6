"""The Microsoft 365 input in a process of its own, as splunkd runs it, against the models.

`run_input(room)` runs it once with splunkd's XML on standard input; what it writes is added to the
file `events`, as in builders.workspace_input.
"""

from __future__ import annotations

import os
from pathlib import Path

from builders.m365_api import CLIENT, TENANT, M365Api
from builders.splunkd import Splunkd, input_xml
from builders.workspace_input import QUICK, Room
from flowtrap_inputs.m365.clouds import Cloud
from flowtrap_inputs.m365.input import NAME, m365_input
from flowtrap_inputs.modular_input import run


def configure(splunkd: Splunkd, api: M365Api, certificate: Path, folder: Path, **form: str) -> Room:
    """Store an account and an input as the pages do; return the room."""
    splunkd.confs["ta_flowtrap_microsoft_account"] = {
        "corp": {
            "tenant": TENANT.upper(),
            "client_id": CLIENT,
            "cloud": "commercial",
            "auth_type": "secret",
        }
    }
    splunkd.confs["ta_flowtrap_settings"] = {
        "proxy": {"ca_file": str(certificate)},
        "logging": {"loglevel": "DEBUG"},
    }
    splunkd.store_secret(
        "configs/conf-ta_flowtrap_microsoft_account", "corp", {"client_secret": api.secret}
    )
    splunkd.inputs[NAME] = {"corp": {"account": "corp", "index": "main", **form}}
    (folder / "var/log/splunk").mkdir(parents=True, exist_ok=True)
    return Room(folder, api.root, api.root, input_xml(splunkd, NAME, folder))


def run_input(room: Room) -> None:
    """Run once; exit with its code."""
    os.environ["SPLUNK_HOME"] = str(room.folder)
    (room.folder / "stdin").write_text(room.xml)
    kind = m365_input({"commercial": Cloud(room.root, room.token_uri)}, QUICK)
    with (room.folder / "stdin").open("rb") as read, (room.folder / "events").open("ab") as write:
        code = run(kind, ["flowtrap_m365.py"], read, write)
    os._exit(code)  # as a process of Splunk's does: nothing is flushed behind our back
