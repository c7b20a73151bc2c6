"""Points in time on the command line: `2026-03-10`, `2026-03-10T09:30` or `…T09:30:00+02:00`."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_DAY_MS = 86_400_000
_MILLISECOND = datetime.timedelta(milliseconds=1)
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


class Moment(click.ParamType[int]):
    """An ISO 8601 date or time, UTC where no zone is given, as milliseconds.

    With `end`, a bare day means its last millisecond, so that `--until` takes in the whole day.
    """

    name = "TIME"

    def __init__(self, *, end: bool = False) -> None:
        self._end = end

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return milliseconds since 1970, UTC."""
        if isinstance(value, int):
            return value
        text = str(value).strip()
        try:
            time_ms = _milliseconds(text)
        except (ValueError, OverflowError):
            self.fail(f"{text!r} is not a time: write 2026-03-10 or 2026-03-10T09:30", param, ctx)
        return time_ms + _DAY_MS - 1 if self._end and _DAY.fullmatch(text) else time_ms

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return the word that stands for the value in --help."""
        return "TIME"


def _milliseconds(text: str) -> int:
    moment = datetime.datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return (moment - _EPOCH) // _MILLISECOND


def order_problem(since_ms: int | None, until_ms: int | None) -> Sequence[str]:
    """Return what is wrong with a pair of bounds."""
    if since_ms is not None and until_ms is not None and since_ms > until_ms:
        return ("--since lies after --until",)
    return ()
