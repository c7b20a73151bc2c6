"""What goes wrong in an input, on the core's own root.

    FlowtrapError
    ├── AccountError     an account or setting that an administrator must mend
    ├── ApiError         the vendor refused or failed; `code` is its own word, counted in health
    ├── KeyFormatError   a private key that cannot be read; its text is in no message
    └── DeliveryClosed   splunkd reads no more

`Stopped` is no error: the input was asked to end, and does so at a safe place.
"""

from __future__ import annotations

from flowtrap.model.errors import FlowtrapError


class AccountError(FlowtrapError):
    """An account or a setting is wrong; trying again does not help."""

    def __init__(self, problem: str, *, code: str, place: str = "", cure: str = "") -> None:
        super().__init__(problem, place=place, cure=cure)
        self.code = code


class ApiError(FlowtrapError):
    """The vendor's service refused a request or gave no usable answer; a later round tries again."""

    def __init__(self, problem: str, *, code: str, place: str = "", cure: str = "") -> None:
        super().__init__(problem, place=place, cure=cure)
        self.code = code


class KeyFormatError(FlowtrapError):
    """A private key cannot be read."""


class DeliveryClosed(FlowtrapError):
    """splunkd has closed the pipe that events go to."""


class Stopped(Exception):
    """The process was asked to end."""
