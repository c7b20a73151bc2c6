"""The self-signed certificate that splunkd has as shipped."""

from __future__ import annotations

import subprocess
from pathlib import Path


def make_certificate(folder: Path) -> Path:
    """Write a self-signed certificate with its key; return the file."""
    path = folder / "splunkd.pem"
    key = folder / "splunkd.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3", "-keyout",
         str(key), "-out", str(path), "-subj", "/CN=SplunkServerDefaultCert"],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_text(path.read_text() + key.read_text())
    return path
