"""What an administrator entered for an input, as records, and what holds for each application."""

from __future__ import annotations

from dataclasses import dataclass

SOURCETYPE = "gws:reports"
DEFAULT_APPLICATIONS = (
    "drive", "token", "admin", "login", "user_accounts", "rules", "workspace_studio", "gmail",
)  # fmt: skip
HOUR_S, DAY_S = 3600, 86_400
KEPT_S = 180 * DAY_S  # Google keeps reports for so long (data retention and lag times)
_KEPT_S = {"gmail": 30 * DAY_S}
# How late events come: admin and drive within minutes, token and login a couple of hours.
_LATE_S = {"token": 6 * HOUR_S, "login": 6 * HOUR_S}


def kept_s(application: str) -> int:
    """Return how far back an application may be asked."""
    return _KEPT_S.get(application, KEPT_S)


def late_s(application: str) -> int:
    """Return how far back the recent past is read again."""
    return _LATE_S.get(application, HOUR_S)


@dataclass(frozen=True)
class Settings:
    """An input. `start_s` (seconds since 1970) is where its first run begins, None: a day ago."""

    name: str
    applications: tuple[str, ...] = DEFAULT_APPLICATIONS
    start_s: int | None = None
    rescan_s: int = 72 * HOUR_S
    index: str = ""
    sourcetype: str = SOURCETYPE
