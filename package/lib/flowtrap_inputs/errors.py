"""What goes wrong between an input and a vendor's API, on the core's own root.

FlowtrapError
├── FetchError            a request that failed, and that will fail again
│   ├── ElsewhereError    an address or a redirect outside the pins: nothing was sent there
│   ├── RefusedError      the vendor's answer is an error; `status` and the vendor's own `code`
│   └── TransientError    worth another try: no answer or a part, throttled, a server's fault
├── MalformedError        a body or a key that is not what it should be, or ends too early
├── ClosedError           splunkd takes no more events
└── StoppedError          the input was told to stop while it waited

No message holds a header, a body sent, a proxy's password, or the text of a library's exception,
which may quote any of them.
"""

from __future__ import annotations

from flowtrap.model.errors import FlowtrapError


class FetchError(FlowtrapError):
    """A request failed, and the same request will fail again."""


class ElsewhereError(FetchError):
    """An address is not one of the pinned ones; no request and no credential went there."""


class RefusedError(FetchError):
    """The vendor answered with an error."""

    def __init__(
        self, problem: str, *, status: int, code: str = "", place: str = "", cure: str = ""
    ) -> None:
        super().__init__(problem, place=place, cure=cure)
        self.status, self.code = status, code


class TransientError(FetchError):
    """A request failed in a way that another try may mend.

    `status` is the HTTP status, 0 where there was no answer; `retry_after_s` is what the server
    asked for, None where it did not.
    """

    def __init__(
        self,
        problem: str,
        *,
        status: int = 0,
        code: str = "",
        retry_after_s: float | None = None,
        place: str = "",
        cure: str = "",
    ) -> None:
        super().__init__(problem, place=place, cure=cure)
        self.status, self.code, self.retry_after_s = status, code, retry_after_s


class MalformedError(FlowtrapError):
    """A body is not the JSON it should be, or ends too early."""


class ClosedError(FlowtrapError):
    """splunkd has closed the pipe that events go to."""


class StoppedError(FlowtrapError):
    """The input was told to stop."""
