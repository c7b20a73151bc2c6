"""The add-on's pages in headless Chromium: add, test, edit, fail, delete, for accounts and inputs.

The page and the REST handlers are the built ones, unmodified; splunkd, Splunk Web, Microsoft
and Google are models. Screenshots go to output/screenshots. Skipped, outside CI, where Chromium, node or .venv-ucc
are not there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from builders.gws_api import ADMIN
from builders.m365_api import CLIENT, TENANT

HERE = Path(__file__).parent
SCREENSHOTS = HERE.parents[1] / "output/screenshots"
CHROMIUM = os.environ.get("FLOWTRAP_CHROMIUM") or shutil.which("chromium") or ""
CHECKPOINT, OTHER = "flowtrap_m365:first", "flowtrap_m365:second"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (CHROMIUM and shutil.which("node") and (HERE / "node_modules").is_dir()),
        reason="needs chromium, node and npm ci in tests/browser (./build.sh test sees to it)",
    ),
]


@pytest.fixture(scope="module")
def values(site):
    return {
        "proxy": {
            "proxy_host": "127.0.0.1",
            "proxy_port": str(site.proxy.port),
            "ca_file": str(site.authority),
        },
        "microsoft": {
            "name": "contoso",
            "fields": {"tenant": TENANT, "client_id": CLIENT},
            "secret": site.microsoft.secret,
        },
        "google": {
            "name": "example",
            "fields": {"delegated_admin": ADMIN},
            "key": json.dumps(site.google.account.key_file()),
        },
        "entry": {"name": "ours", "pattern": "*Admin*", "reason": "CI", "owned_by": "it"},
    }


@pytest.fixture(scope="module")
def shown(site, values):
    """Return what the pages showed at each step."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(SCREENSHOTS)
    SCREENSHOTS.mkdir()
    site.splunkd.rows["flowtrap_checkpoints"] = {
        key: {"_key": key, "input": key.replace(":", "://")} for key in (CHECKPOINT, OTHER)
    }
    kept = []

    def before_deletion(number: int, method: str, path: str, done: bool) -> None:
        if method == "DELETE" and "_account/" in path and not done:
            kept.append("".join(row["clear_password"] for row in site.splunkd.passwords.values()))

    site.splunkd.on_call = before_deletion
    command = ["node", HERE / "pages.mjs", site.web.uri, SCREENSHOTS, CHROMIUM]
    done = subprocess.run(
        command, input=json.dumps(values), capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    site.splunkd.on_call = lambda *call: None
    return {**json.loads(done.stdout), "kept": kept}


def test_the_run_came_to_its_end(shown):
    assert shown.get("failed") is None, json.dumps(shown, indent=1)
    assert shown["errors"] == []


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("proxy_refused", "Host: nothing is entered"),
        ("microsoft_refused_by_page", "Field Name is required"),
        ("microsoft_refused_by_vendor", "sign-in: the client secret is wrong (AADSTS7000215)"),
        ("google_refused_by_server", "Service account key: is not the key of a service account"),
        ("google_refused_by_vendor", "sign-in"),
        ("flowtrap_m365_refused_by_page", "A whole number of seconds from 60 to 86400"),
        ("flowtrap_workspace_refused_by_page", "A whole number of seconds from 60 to 86400"),
        ("windows_refused", "Write 30s, 10m, 2h or 1d"),
        ("microsoft_added", TENANT),
        ("google_added", ADMIN),
        ("flowtrap_m365_added", "600"),
        ("flowtrap_m365_edited", "900"),
        ("flowtrap_m365_deleted", "No records found"),
        ("flowtrap_workspace_added", "600"),
        ("flowtrap_workspace_edited", "900"),
        ("flowtrap_workspace_deleted", "No records found"),
        ("entry_added", "role_scope"),
    ],
)
def test_the_page_says(shown, step, said):
    assert said in shown[step]


@pytest.mark.parametrize("step", ["microsoft_edited", "google_edited"])
def test_an_edit_shows_no_secret(shown, step):
    assert shown[step] == "******"


def test_an_edit_loses_no_secret(shown, values):
    """What storage/passwords held when the accounts were deleted, long after they were edited."""
    key = json.loads(values["google"]["key"])["private_key"].split("\n")[3]
    assert values["microsoft"]["secret"] in shown["kept"][0]
    assert key in shown["kept"][1]


def test_what_is_deleted_leaves_nothing(site, shown):
    splunkd = site.splunkd
    assert splunkd.confs["ta_flowtrap_microsoft_account"] == {}
    assert splunkd.confs["ta_flowtrap_google_account"] == {}
    assert splunkd.passwords == {}
    assert splunkd.inputs["flowtrap_m365"] == splunkd.inputs["flowtrap_workspace"] == {}
    assert list(splunkd.rows["flowtrap_checkpoints"]) == [OTHER]


def test_the_vendors_were_reached_through_the_proxy_alone(site, shown):
    wanted = {
        "login.microsoftonline.com",
        "manage.office.com",
        "oauth2.googleapis.com",
        "admin.googleapis.com",
    }
    assert set(site.proxy.asked) == wanted


def test_no_secret_is_left_behind(site, shown, values):
    """In no file of the site, no log of a handler, no text that the pages showed."""
    key = json.loads(values["google"]["key"])["private_key"]
    secrets = [values["microsoft"]["secret"], key.split("\n")[3]]
    texts = [
        *site.splunkd.handler_logs,
        *site.web.told,
        *site.splunkd.calls,
        json.dumps({**shown, "kept": []}),
    ]
    texts += [
        path.read_text("utf-8", "replace")
        for path in [*site.folder.rglob("*"), *SCREENSHOTS.glob("*")]
        if path.is_file()
    ]
    assert texts
    assert not [text[:200] for text in texts for secret in secrets if secret in text]
