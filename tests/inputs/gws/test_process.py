"""The script itself as splunkd's child: its XML, its signals, its log; and no secret anywhere."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import pytest
from builders.gws_api import refusal
from builders.killed_runs import Killed
from builders.splunkd import SESSION_KEY
from builders.workspace_input import events_of, health_of, run_input

from flowtrap_inputs import modular_input
from flowtrap_inputs.errors import StoppedError
from flowtrap_inputs.gws.input import Endpoints, workspace_input
from flowtrap_inputs.modular_input import run
from flowtrap_inputs.stop import Stop
from flowtrap_splunk.kv_rows import KVRows
from flowtrap_splunk.splunkd import Splunkd as Client

REPO = Path(__file__).resolve().parents[3]
SCRIPT = REPO / "package" / "bin" / "flowtrap_workspace.py"


def script(*words, given=b"", home=None, **more):
    """Run the script as the add-on ships it."""
    env = {**os.environ, "PYTHONPATH": "", **({"SPLUNK_HOME": str(home)} if home else {})}
    return subprocess.run(
        [sys.executable, SCRIPT, *words], input=given, capture_output=True, env=env, timeout=60,
        **more,
    )  # fmt: skip


def test_the_scheme_names_the_fields():
    scheme = ElementTree.fromstring(script("--scheme").stdout)
    assert scheme.findtext("use_single_instance") == "false"
    assert scheme.findtext("streaming_mode") == "xml"
    names = [arg.get("name") for arg in scheme.iterfind("endpoint/args/arg")]
    assert names == ["account", "applications", "start", "rescan_hours"]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("applications", "drive,../x", "is not an application"),
        ("start", "yesterday", "is not a time"),
        ("rescan_hours", "-1", "is not a number of hours"),
        ("rescan_hours", "72", ""),
    ],
)
def test_an_input_is_validated(field, value, said):
    item = f'<item name="a"><param name="{field}">{value}</param></item>'
    done = script("--validate-arguments", given=f"<items>{item}</items>".encode())
    assert (done.returncode, said.encode() in done.stdout) == (int(bool(said)), True)
    assert done.stderr == b""


def test_what_is_no_xml_is_told_in_one_line():
    done = script(given=b"<input>")
    assert done.returncode == 1
    assert (
        done.stdout
        == b"<error><message>what splunkd wrote to the input is not XML</message></error>\n"
    )


def test_sigterm_ends_a_run_between_two_pages(api, splunkd, room):
    api.page_size = 2
    for n in range(40):
        api.add("drive", time.time() - 60 - n)
    start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 600))
    place = room(applications="drive", start=start)
    killed = Killed(run_input, place)
    count = []

    def on_request():
        count.append(1)
        if len(count) == 8:
            killed.terminate()
            time.sleep(0.2)

    api.on_request = on_request
    assert killed.wait() == 0
    found = [event.name() for event in events_of(place)]
    assert 0 < len(found) < 40
    assert health_of(place)[-1]["state"] == "stopped"
    assert not [row for row in splunkd.rows["flowtrap_checkpoints"].values() if "until" in row]
    assert Killed(run_input, place).wait() == 0
    found = [event.name() for event in events_of(place)]
    assert len(found) == len(set(found)) == 40


def test_a_second_instance_waits_for_the_first(api, splunkd, room, tmp_path):
    api.latency_s = 0.03
    for n in range(3):
        api.add("drive", time.time() - 60 - n)
    place = room(applications="drive")
    runs = [threading.Thread(target=Killed(run_input, place).wait) for _ in range(2)]
    for thread in runs:
        thread.start()
    for thread in runs:
        thread.join()
    assert Counter(event.name() for event in events_of(place)).total() == 3
    holders = [call for call in splunkd.calls if "POST" in call and "batch_save" not in call]
    assert len(holders) >= 2


def test_no_secret_is_in_anything_that_a_run_leaves(api, splunkd, room, tmp_path):
    """Neither key nor token nor assertion: not in events, logs, files, rows or addresses."""
    api.add("drive", time.time() - 60)
    api.before = lambda path: refusal(503, "backendError") if len(api.calls) < 4 else None
    place = room(applications="drive,admin")
    assert Killed(run_input, place).wait() == 0
    api.revoke()
    api.before = lambda path: refusal(403, "forbidden")
    assert Killed(run_input, place).wait() == 0
    secrets = [line for line in api.account.pem().splitlines() if "-----" not in line]
    secrets += [part for text in api.secrets_seen for part in text.split()[-1:] if len(part) > 20]
    secrets = [text for text in secrets if not text.startswith("urn:")]
    assert len(secrets) > 20
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "api.pem"]
    assert any(path.suffix == ".log" and path.stat().st_size for path in left)
    texts = [path.read_text(errors="replace") for path in left if path.name != "stdin"]
    texts += [str(splunkd.rows), str(splunkd.calls), *api.calls]
    for secret in secrets:
        assert not any(secret in text for text in texts)


class Closed(io.RawIOBase):
    """A pipe that nobody reads any more."""

    def write(self, content):
        raise BrokenPipeError("nobody reads")


def run_into_nothing(room):
    kind = workspace_input(Endpoints(room.token_uri, room.root))
    os._exit(run(kind, [], io.BytesIO(room.xml.encode()), Closed()))


def test_a_broken_pipe_ends_a_run_and_nothing_counts_as_delivered(api, splunkd, room):
    api.add("drive", time.time() - 60)
    place = room(applications="drive")
    assert Killed(run_into_nothing, place).wait() == 0
    kinds = {row.get("kind") for row in splunkd.rows["flowtrap_checkpoints"].values()}
    assert not kinds & {"seen", "lease"}
    assert Killed(run_input, place).wait() == 0
    assert len(events_of(place)) == 1


def test_a_run_whose_lease_is_lost_ends(splunkd, monkeypatch):
    monkeypatch.setattr(modular_input, "RENEW_S", 0.02)
    rows, stop = KVRows(Client(splunkd.uri, SESSION_KEY), "c"), Stop()
    with modular_input._Held(rows, "kind://name", stop, logging.getLogger("test")):
        splunkd.rows["c"]["kind:name:lease"]["token"] = "another's"
        with pytest.raises(StoppedError):
            stop.pause(20)
    assert splunkd.rows["c"]["kind:name:lease"]["token"] == "another's"


@pytest.mark.parametrize("problem", ["no account", "no secret", "splunkd is down"])
def test_what_is_missing_is_told_in_health(splunkd, room, run_once, problem):
    place = room()
    if problem == "no account":
        splunkd.confs["ta_flowtrap_google_account"].clear()
    elif problem == "no secret":
        splunkd.passwords.clear()
    else:
        splunkd.failing["storage/collections"] = 500
    assert run_once(place) == 1
    (health,) = health_of(place)
    assert health["state"] == "failed"
    said = {"no account": "does not exist", "no secret": "is not JSON", "splunkd is down": "500"}
    assert said[problem] in health["message"]
