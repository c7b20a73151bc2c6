"""Stand-in until the branch with the signers is merged."""

from __future__ import annotations

from typing import Protocol


class Signer(Protocol):
    """Signs."""

    def sign(self, plain: bytes) -> bytes:
        """Return the RS256 signature."""
