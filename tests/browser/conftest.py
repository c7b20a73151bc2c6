"""The built add-on behind the models of splunkd, Splunk Web, Microsoft and Google."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from builders.connect_proxy import ConnectProxy
from builders.gws_api import GwsApi, ServiceAccount
from builders.m365_api import M365Api
from builders.splunkd import Splunkd, make_certificate
from builders.splunkd.handlers import own_paths
from builders.splunkd.web import Web

from addon import staging, ucc

REPO = Path(__file__).resolve().parents[2]
UCC = REPO / ".venv-ucc"
MICROSOFT = ("login.microsoftonline.com", "manage.office.com")
GOOGLE = ("oauth2.googleapis.com", "admin.googleapis.com")


class Site(NamedTuple):
    """A Splunk with the add-on, and the clouds it talks to."""

    folder: Path
    splunkd: Splunkd
    web: Web
    microsoft: M365Api
    google: GwsApi
    proxy: ConnectProxy
    authority: Path


def _authority(folder: Path) -> Path:
    """Write a certificate for the vendors' hosts, which is its own authority."""
    path, key = folder / "vendors.pem", folder / "vendors.key"
    names = ",".join(f"DNS:{host}" for host in MICROSOFT + GOOGLE)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3", "-keyout",
         str(key), "-out", str(path), "-subj", "/CN=vendors", "-addext", f"subjectAltName={names}"],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_text(path.read_text() + key.read_text())
    return path


def _built(folder: Path) -> Path:
    if os.environ.get("FLOWTRAP_ADDON"):
        return Path(os.environ["FLOWTRAP_ADDON"])
    if not (UCC / "installed").is_file():
        pytest.skip(".venv-ucc is not there: run ./build.sh package")
    (folder / "work").mkdir()
    (folder / "made").mkdir()
    staging.stage(folder / "work")
    ucc.generate(folder / "work", folder / "made", staging.version(), UCC)
    return folder / "made" / staging.NAME


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return all of it, up; the add-on as it is after its installation."""
    folder = tmp_path_factory.mktemp("site")
    addon = folder / "splunk/etc/apps/TA_flowtrap"
    shutil.copytree(_built(folder), addon)
    authority = _authority(folder)
    with (
        Splunkd(make_certificate(folder)) as splunkd,
        Web(addon, splunkd) as web,
        M365Api(authority) as microsoft,
        GwsApi(authority, ServiceAccount()) as google,
    ):
        ports = {host: urlsplit(microsoft.root).port for host in MICROSOFT}
        ports |= {host: urlsplit(google.root).port for host in GOOGLE}
        microsoft.root = "https://manage.office.com"
        splunkd.confs |= {
            f"ta_flowtrap_{n}": {} for n in ("microsoft_account", "google_account", "list_entry")
        }
        splunkd.confs["ta_flowtrap_settings"] = {
            "tunables": {},
            "proxy": {"proxy_type": "http"},
            "logging": {"loglevel": "INFO"},
        }
        splunkd.own = own_paths(addon, UCC / "bin/python", splunkd)
        with ConnectProxy(ports) as proxy:
            yield Site(folder, splunkd, web, microsoft, google, proxy, authority)
