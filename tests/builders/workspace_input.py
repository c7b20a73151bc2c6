"""The Workspace input in a process of its own, as splunkd runs it, against the models.

`run_input(room)` runs it once with splunkd's XML on standard input; what it writes is added to the
file `events`, where a run that is killed leaves it.
"""

from __future__ import annotations

import hashlib
import json
import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from builders.gws_api import ADMIN, GwsApi
from builders.splunkd import Splunkd, input_xml
from flowtrap_inputs.checkpoint import COLLECTION
from flowtrap_inputs.gws.input import NAME, Endpoints, workspace_input
from flowtrap_inputs.modular_input import run
from flowtrap_inputs.retry import Retry

QUICK = partial(Retry, first_s=0.001, most_s=0.005, tries=15)


class Room(NamedTuple):
    """Where a run works: all of it survives the process."""

    folder: Path
    token_uri: str
    root: str
    xml: str


def configure(splunkd: Splunkd, api: GwsApi, certificate: Path, folder: Path, **form: str) -> Room:
    """Store an account and an input as the pages do; return the room."""
    splunkd.confs["ta_flowtrap_google_account"] = {"corp": {"delegated_admin": ADMIN}}
    splunkd.confs["ta_flowtrap_settings"] = {
        "proxy": {"ca_file": str(certificate)},
        "logging": {"loglevel": "DEBUG"},
    }
    secret = {"service_account_key": json.dumps(api.account.key_file())}
    splunkd.store_secret("configs/conf-ta_flowtrap_google_account", "corp", secret)
    splunkd.inputs[NAME] = {"corp": {"account": "corp", "index": "main", **form}}
    (folder / "var/log/splunk").mkdir(parents=True, exist_ok=True)
    return Room(folder, api.token_uri, api.root, input_xml(splunkd, NAME, folder))


def run_input(room: Room) -> None:
    """Run once; exit with its code."""
    os.environ["SPLUNK_HOME"] = str(room.folder)
    (room.folder / "stdin").write_text(room.xml)
    kind = workspace_input(Endpoints(room.token_uri, room.root), QUICK)
    with (room.folder / "stdin").open("rb") as read, (room.folder / "events").open("ab") as write:
        code = run(kind, ["flowtrap_workspace.py"], read, write)
    os._exit(code)  # as a process of Splunk's does: nothing is flushed behind our back


def let_rescans_be_due(splunkd: Splunkd) -> None:
    """Let time pass for the checkpoint: the past is to be read again."""
    row = splunkd.rows[COLLECTION][f"{NAME}:corp"]
    record = json.loads(row["content"])
    for progress in record["applications"].values():
        progress.update(recent_s=0.0, whole_s=0.0)
    row["content"] = json.dumps(record)
    row["sha256"] = hashlib.sha256(row["content"].encode()).hexdigest()


def expire_lease(splunkd: Splunkd) -> None:
    """Let time pass, as far as a dead run's lease goes."""
    for row in splunkd.rows.get(COLLECTION, {}).values():
        if row.get("kind") == "lease":
            row["until"] = 0


class Written(NamedTuple):
    """An event as splunkd reads it."""

    sourcetype: str
    time_s: float | None
    index: str | None
    text: str

    def plain(self) -> Any:
        return json.loads(self.text)

    def name(self) -> tuple[str, str]:
        """Return what names an event of the model."""
        said = self.plain()
        return said["id"]["uniqueQualifier"], said["event"]["parameters"][0]["intValue"]


def written(text: bytes) -> Iterator[Written]:
    """Yield the events in what was written; one that a kill has cut is none."""
    for part in text.split(b"<event ")[1:]:
        whole, end, _ = part.partition(b"</event>")
        if end:
            element = ElementTree.fromstring(b"<event " + whole + end)
            told = element.findtext("time")
            yield Written(
                element.findtext("sourcetype", ""),
                None if told is None else float(told),
                element.findtext("index"),
                element.findtext("data", ""),
            )


def events_of(room: Room) -> list[Written]:
    """Return the vendor's events that are out."""
    path = room.folder / "events"
    rows = written(path.read_bytes()) if path.exists() else ()
    return [row for row in rows if row.sourcetype != "flowtrap:input:health"]


def health_of(room: Room) -> list[dict[str, Any]]:
    """Return what the input told of itself."""
    rows = written((room.folder / "events").read_bytes())
    return [row.plain() for row in rows if row.sourcetype == "flowtrap:input:health"]
