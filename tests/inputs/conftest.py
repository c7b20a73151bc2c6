"""The mocks' certificate, made once a run."""

from __future__ import annotations

import pytest
from builders.certificate import make_certificate


@pytest.fixture(scope="session")
def api_certificate(tmp_path_factory):
    """Return a certificate for 127.0.0.1 with its key, which is its own authority as well."""
    return make_certificate(tmp_path_factory.mktemp("certificate"))
