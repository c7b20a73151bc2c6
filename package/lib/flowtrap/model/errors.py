"""Every error Flowtrap raises on purpose names the place, the problem and the cure.

    FlowtrapError
    ├── InputError        a log, folder or stream that cannot be read
    │   └── RecordError   one record of it that cannot be used
    ├── DetectionError    a detection file or compiled detection that is wrong
    ├── TunableError      a value in flowtrap.yml that is wrong
    └── StateError        saved state that cannot be used

Example: `aws_lambda_chain.yml:31: chain.window: '10x' is not a time span (use 30s, 10m, 2h or 1d)`
"""

from __future__ import annotations


class FlowtrapError(Exception):
    """An error for a person: one line of where, what and what to do."""

    def __init__(self, problem: str, *, place: str = "", cure: str = "") -> None:
        self.problem, self.place, self.cure = problem, place, cure
        where = f"{place}: " if place else ""
        advice = f" ({cure})" if cure else ""
        super().__init__(f"{where}{problem}{advice}")


class InputError(FlowtrapError):
    """A file, folder or stream cannot be read."""


class RecordError(InputError):
    """One record cannot be used: it has no time, or a time outside the years 1970 to 9998."""


class DetectionError(FlowtrapError):
    """A detection is not what the detection format asks for."""


class TunableError(FlowtrapError):
    """A tunable's value is not what its kind asks for."""


class StateError(FlowtrapError):
    """Saved state is damaged, foreign or from a later version."""
