"""The add-on's hand-written part as it would be installed, and a splunkd for it."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.forked_commands import Nursery
from builders.search_commands import make_app
from builders.splunkd import Splunkd, make_certificate

csv.field_size_limit(1 << 26)


@pytest.fixture(scope="session")
def app(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the add-on."""
    return make_app(repo, tmp_path_factory.mktemp("app"))


@pytest.fixture(scope="session")
def nursery(app: Path) -> Iterator[Nursery]:
    """Return what starts runs of chaindetect without the time that Python takes to start."""
    with Nursery(app) as process:
        yield process


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a certificate for the model of splunkd."""
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificate of the model of splunkd, and is not here")
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def splunkd(certificate: Path) -> Iterator[Splunkd]:
    """Return a model of splunkd that is up."""
    with Splunkd(certificate) as server:
        yield server
