"""What goes wrong between a search command and splunkd, on the core's own root.

FlowtrapError
├── OptionError    an argument of the command is wrong
├── ProtocolError  splunkd sent what is no chunk
├── SplunkdError   a REST call failed; `status` is its HTTP status, 0 where there was none
└── LeaseError     another run holds or has replaced the saved state
"""

from __future__ import annotations

from flowtrap.model.errors import FlowtrapError


class OptionError(FlowtrapError):
    """An argument of a search command is wrong."""


class ProtocolError(FlowtrapError):
    """What came over the pipe is no chunk."""


class LeaseError(FlowtrapError):
    """Another run holds the saved state, or has replaced it."""


class SplunkdError(FlowtrapError):
    """A REST call to splunkd failed."""

    def __init__(self, problem: str, *, status: int = 0, place: str = "", cure: str = "") -> None:
        super().__init__(problem, place=place, cure=cure)
        self.status = status
