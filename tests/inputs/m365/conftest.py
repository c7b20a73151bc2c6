"""The model of the API, an account of it, and runs against it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from builders.certificate import make_certificate
from builders.input_runtime import Runtime
from builders.m365_api import CLIENT, TENANT, M365Api

from flowtrap_inputs.m365.clouds import Cloud
from flowtrap_inputs.m365.collect import collect
from flowtrap_inputs.m365.settings import Account, Settings
from flowtrap_inputs.m365.token import Secret
from flowtrap_inputs.retry import Retry

QUICK = partial(Retry, first_s=0.002, most_s=0.01)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def api(certificate):
    with M365Api(certificate) as server:
        yield server


@pytest.fixture
def elsewhere(certificate):
    """Another server with a certificate as good: nothing may reach it."""
    with M365Api(certificate, seed=1) as server:
        yield server
        assert server.calls == []
        assert server.secrets_seen == []


@pytest.fixture
def account(api, certificate):
    return Account(
        TENANT, CLIENT, Secret(api.secret), Cloud(api.root, api.root), ca_file=str(certificate)
    )


@pytest.fixture
def settings(account):
    return Settings("m365", account, ("Audit.Exchange", "Audit.General"))


@pytest.fixture
def run(settings, tmp_path):
    """Return `run()`, which collects once and returns what it worked with."""

    def one_run(**changes):
        runtime = Runtime(tmp_path)
        try:
            collect(replace(settings, **changes), runtime, retry=QUICK)
        finally:
            runtime.close()
        return runtime

    return one_run
