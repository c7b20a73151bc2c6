"""The evidence inputs as splunkd runs them: processes, real XML, a model of splunkd, mocks."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import pytest
from builders import m365
from builders import scenarios_workspace as workspace
from builders import workspace as ws
from builders.evidence import flow_definition, script_content
from builders.evidence_apis import SECRET, AppsScript, PowerPlatform
from builders.hunting import hunt
from builders.scenario import MINUTE
from builders.splunkd import Splunkd, input_xml, make_certificate
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from flowtrap.output.json_lines import to_line

LAUNCH = Path(__file__).with_name("launch_evidence.py")
PACKAGE = Path(__file__).parents[2] / "package"
SCRIPT = workspace.SCRIPT.doc_id
FLOWS, AT_ONCE = 5, 2  # the second: events between two saves, see launch_evidence.py


@pytest.fixture(scope="module")
def private_key():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture
def splunkd(tmp_path, api_certificate, private_key):
    with Splunkd(make_certificate(tmp_path)) as splunkd:
        splunkd.confs["ta_flowtrap_settings"] = {"proxy": {"ca_file": str(api_certificate)}}
        account = {"tenant": m365.TENANT, "client_id": "an-application", "cloud": "commercial",
                   "auth_type": "secret"}  # fmt: skip
        splunkd.confs["ta_flowtrap_microsoft_account"] = {"contoso": account}
        splunkd.store_secret(
            "configs/conf-ta_flowtrap_microsoft_account", "contoso", {"client_secret": SECRET}
        )
        splunkd.confs["ta_flowtrap_google_account"] = {"corp": {"delegated_admin": "a@example.com"}}
        key = {"type": "service_account", "client_email": "robot@example.iam.gserviceaccount.com",
               "private_key_id": "1", "private_key": private_key}  # fmt: skip
        splunkd.store_secret(
            "configs/conf-ta_flowtrap_google_account",
            "corp",
            {"service_account_key": json.dumps(key)},
        )
        for kind, name in (("flow_definitions", "contoso"), ("script_content", "corp")):
            splunkd.inputs[f"flowtrap_{kind}"] = {
                "main": {"account": name, "interval": "3600", "index": "cloud"}
            }
        yield splunkd


@pytest.fixture
def platform(api_certificate):
    with PowerPlatform(api_certificate) as service:
        for n in range(FLOWS):
            service.put("Default", flow_definition(0, flow_id=f"flow-{n}")["flow"])
        yield service


@pytest.fixture
def google(api_certificate):
    with AppsScript(api_certificate) as service:
        read = script_content(0, SCRIPT)
        service.scripts[SCRIPT] = {**read, "user": "eve@example.com", "processes": []}
        yield service


def start(kind, root):
    return subprocess.Popen(
        [sys.executable, str(LAUNCH), kind, root],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def run(splunkd, kind, root, tmp_path):
    """Run an input once; return its exit code, its events by sourcetype, and all that it wrote."""
    child = start(kind, root)
    out, err = child.communicate(input_xml(splunkd, f"flowtrap_{kind}", tmp_path).encode(), 60)
    return child.returncode, read(out), (out + err).decode()


def read(out):
    found = {}
    for event in ElementTree.fromstring(out).iterfind("event"):
        sourcetype = event.findtext("sourcetype")
        found.setdefault(sourcetype, []).append(json.loads(event.findtext("data")))
    return found


def test_flow_definitions_reach_splunkd_once(splunkd, platform, tmp_path):
    code, events, wrote = run(splunkd, "flow_definitions", platform.root, tmp_path)
    assert code == 0, wrote
    assert sorted(e["flowId"] for e in events["flowtrap:flow_definition"]) == [
        f"flow-{n}" for n in range(FLOWS)
    ]
    code, events, wrote = run(splunkd, "flow_definitions", platform.root, tmp_path)
    assert (code, "flowtrap:flow_definition" in events) == (0, False), wrote
    assert SECRET not in wrote
    assert "token for" not in wrote


def test_without_permission_the_process_fails_with_a_plain_reason(splunkd, platform, tmp_path):
    platform.faults["environments?"] = [403]
    code, events, wrote = run(splunkd, "flow_definitions", platform.root, tmp_path)
    assert code == 1
    assert "may not read the Power Platform as an administrator" in wrote
    assert "flowtrap:flow_definition" not in events


def test_killed_at_some_flow_nothing_is_missing(splunkd, platform, tmp_path):
    out = Counter()
    for n in (1, 3):
        out.update(killed(splunkd, platform, f"flows/flow-{n}?", tmp_path))
    platform.on_request = lambda path: None
    _, events, wrote = run(splunkd, "flow_definitions", platform.root, tmp_path)
    out.update(event["flowId"] for event in events.get("flowtrap:flow_definition", ()))
    assert set(out) == {f"flow-{n}" for n in range(FLOWS)}, wrote
    assert sum(out.values()) <= FLOWS + 2 * AT_ONCE


def killed(splunkd, platform, path, tmp_path):
    """Run an input that is killed when it asks for a path; return the flows that came out."""
    with start("flow_definitions", platform.root) as child:
        platform.on_request = lambda asked: child.kill() if path in asked else None
        told = input_xml(splunkd, "flowtrap_flow_definitions", tmp_path).encode()
        left, _ = child.communicate(told, 60)
    assert child.returncode == -signal.SIGKILL
    held = splunkd.rows["flowtrap_checkpoints"]
    for key in [key for key, row in held.items() if row.get("kind") == "lease"]:
        del held[key]  # it would end by itself, two minutes later
    return {f"flow-{n}" for n in range(FLOWS) if f"flow-{n}".encode() in left}


def test_scripts_of_users_in_open_cases_reach_splunkd(splunkd, google, tmp_path):
    audit = [
        ws.create(workspace.EVE, workspace.SCRIPT, 0),
        ws.forward(workspace.EVE, 10 * MINUTE, workspace.OUTSIDE),
    ]
    splunkd.search = lambda query: [{"_raw": to_line(found)} for found in hunt(audit).findings]
    code, events, wrote = run(splunkd, "script_content", google.root, tmp_path)
    assert code == 0, wrote
    [read] = events["flowtrap:script_content"]
    assert (read["scriptId"], read["customerId"]) == (SCRIPT, "C01exampl")
    assert google.tokens == {"token of eve@example.com"}
    assert "PRIVATE KEY" not in wrote


def test_without_open_cases_google_is_not_asked(splunkd, google, tmp_path):
    code, events, wrote = run(splunkd, "script_content", google.root, tmp_path)
    assert code == 0, wrote
    assert not google.requests
    assert "flowtrap:script_content" not in events


@pytest.mark.parametrize("kind", ["flow_definitions", "script_content"])
def test_the_shipped_script_tells_its_scheme(kind):
    script = PACKAGE / "bin" / f"flowtrap_{kind}.py"
    done = subprocess.run(
        [sys.executable, str(script), "--scheme"], capture_output=True, timeout=60, check=True
    )
    scheme = ElementTree.fromstring(done.stdout)
    assert scheme.findtext("streaming_mode") == "xml"
    assert [arg.get("name") for arg in scheme.iterfind("endpoint/args/arg")] == ["account"]
