"""The add-on's pages in headless Chromium: add, test, edit, fail, delete, for accounts and inputs.

The page and the REST handlers are the built ones, unmodified; splunkd, Splunk Web and Microsoft are
models. Screenshots go to output/screenshots. Skipped, outside CI, where Chromium, node or .venv-ucc
are not there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from builders.m365_api import CLIENT, TENANT
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

HERE = Path(__file__).parent
SCREENSHOTS = HERE.parents[1] / "output/screenshots"
CHROMIUM = os.environ.get("FLOWTRAP_CHROMIUM") or shutil.which("chromium") or ""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (CHROMIUM and shutil.which("node") and (HERE / "node_modules").is_dir()),
        reason="needs chromium, node and npm ci in tests/browser (./build.sh test sees to it)",
    ),
]


def private_key() -> str:
    key = rsa.generate_private_key(65537, 2048)
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(
        serialization.Encoding.PEM, form, serialization.NoEncryption()
    ).decode()


@pytest.fixture(scope="module")
def values(site):
    key = {
        "type": "service_account",
        "client_email": "robot@project.iam.example.com",
        "private_key": private_key(),
    }
    return {
        "proxy": {
            "proxy_host": "127.0.0.1",
            "proxy_port": str(site.proxy.port),
            "ca_file": str(site.authority),
        },
        "microsoft": {
            "name": "contoso",
            "fields": {"tenant": TENANT, "client_id": CLIENT},
            "secret": site.api.secret,
        },
        "google": {
            "name": "example",
            "fields": {"delegated_admin": "admin@example.com"},
            "key": json.dumps(key),
        },
        "entry": {"name": "ours", "pattern": "*Admin*", "reason": "CI", "owned_by": "it"},
    }


@pytest.fixture(scope="module")
def shown(site, values):
    """Return what the pages showed at each step."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    command = ["node", HERE / "pages.mjs", site.web.uri, SCREENSHOTS, CHROMIUM]
    done = subprocess.run(
        command, input=json.dumps(values), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_run_came_to_its_end(shown):
    assert shown.get("failed") is None, shown
    assert shown["errors"] == []
