"""What streaming commands read of a row: its time, and the values of a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence


class RowFields:
    """Finds a row's time and key by the columns of its chunk."""

    def __init__(self, columns: Sequence[str], key: Sequence[str]) -> None:
        self.columns = list(columns)
        if "_time" not in self.columns:
            raise OptionError("the rows have no _time", cure="keep _time in the search")
        self._time_at = self.columns.index("_time")
        self._key_at = [self.at(name) for name in key]

    def at(self, name: str) -> int:
        """Return the place of a field, behind all cells where there is none."""
        return self.columns.index(name) if name in self.columns else len(self.columns)

    def time_us(self, row: Sequence[str]) -> int | None:
        """Return a row's time in microseconds, None where it has none."""
        try:
            return round(float(row[self._time_at]) * 1_000_000)
        except (IndexError, ValueError, OverflowError):
            return None

    def key(self, row: Sequence[str]) -> tuple[str, ...] | None:
        """Return the key's values, None where one is absent."""
        values = tuple([cell(row, at) for at in self._key_at])
        return values if all(values) else None

    def with_more(self, row: Sequence[str], cells: Sequence[str]) -> list[str]:
        """Return a row filled up to the chunk's columns, and cells behind them."""
        return [*row, *[""] * (len(self.columns) - len(row)), *cells]


def cell(row: Sequence[str], at: int) -> str:
    """Return a cell, empty where the row is too short for it."""
    return row[at] if at < len(row) else ""
