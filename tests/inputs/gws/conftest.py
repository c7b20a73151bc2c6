"""The models, an account, and runs against them."""

from __future__ import annotations

import pytest
from builders.certificate import make_certificate
from builders.gws_api import GwsApi, ServiceAccount
from builders.killed_runs import Killed
from builders.splunkd import Splunkd
from builders.workspace_input import configure, run_input


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def service_account():
    return ServiceAccount()


@pytest.fixture
def api(certificate, service_account):
    with GwsApi(certificate, service_account) as server:
        yield server


@pytest.fixture
def splunkd(certificate):
    with Splunkd(certificate) as server:
        yield server


@pytest.fixture
def room(splunkd, api, certificate, tmp_path):
    """Return `room(**form)`: an input as the pages would have stored it."""

    def make(**form):
        return configure(splunkd, api, certificate, tmp_path, **form)

    return make


@pytest.fixture
def run_once():
    """Return `run_once(room)`, which runs the input to its end; its exit code."""

    def go(room):
        return Killed(run_input, room).wait()

    return go
