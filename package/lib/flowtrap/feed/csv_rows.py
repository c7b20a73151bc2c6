"""Tables: each row of a CSV export is a record, or carries one as text in one of its columns.

Example (Splunk): the header `_time,_raw` and the row `2026-03-10,"{""eventName"":""Invoke""}"` give
`{"eventName":"Invoke"}`. Columns may come in any order, separated by comma, semicolon or tab.
"""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING

from .window import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .streams import Complain

MAX_FIELD_CHARACTERS = 16 * 1024 * 1024  # a stray quote swallows at most this much
MAX_HEADER_BYTES = 64 * 1024
# Splunk · Purview and Search-UnifiedAuditLog · Defender · CloudTrail's LookupEvents · Kibana ·
# CloudWatch Logs Insights · CloudWatch
PAYLOADS = (
    *("_raw", "AuditData", "RawEventData", "CloudTrailEvent"),
    *("event.original", "@message", "message"),
)
_LOG_EVENT = {"timestamp", "message", "ingestionTime", "eventId", "logStreamName", "id"}
_NAME = re.compile(r"[\w@.$:{}\-/ ()\[\]#*]+").fullmatch
_POWERSHELL_TYPE = b"#TYPE "  # Export-Csv of Windows PowerShell 5 writes it first


def is_table(start: bytes) -> bool:
    """Tell whether a text that begins so is a CSV file with a header."""
    return _delimiter(_header_line(start)) != ""


def _header_line(start: bytes) -> str:
    lines = start[:MAX_HEADER_BYTES].split(b"\n", 2)
    if lines[0].startswith(_POWERSHELL_TYPE) and len(lines) > 1:
        del lines[0]
    return lines[0].decode("utf-8", "replace").strip()


def _delimiter(header: str) -> str:
    """Return what separates the columns of this header, "" if it is none."""
    for delimiter in (",", ";", "\t"):
        names = _names(header, delimiter)
        enough = len(names) > 1 or names[0] in PAYLOADS[:-1]
        if enough and len(set(names)) == len(names) and all(map(_NAME, names)):
            return delimiter
    return ""


def _names(header: str, delimiter: str) -> list[str]:
    try:
        row = next(csv.reader([header], delimiter=delimiter), [])
    except csv.Error:
        return [""]
    return [name.strip() for name in row] or [""]


def csv_records(lines: Iterable[bytes], complain: Complain) -> Iterator[bytes]:
    """Yield a record's text for each row: its payload cell, or the row as a JSON object.

    Empty cells are left out. Rows that are not CSV are reported in one line at the end. Raises the
    csv module's own limit on the length of a field, which holds for the whole process.
    """
    csv.field_size_limit(max(csv.field_size_limit(), MAX_FIELD_CHARACTERS))
    texts = _texts(lines)
    header = next(texts, "")
    delimiter = _delimiter(header.strip()) or ","
    names = _names(header.strip(), delimiter)
    rows = csv.reader(texts, delimiter=delimiter)
    bad: list[int] = []
    while True:
        try:
            row = next(rows)
        except StopIteration:
            break
        except csv.Error:
            bad.append(rows.line_num + 1)
            continue
        if any(row) and row != names:
            yield _record(names, row)
    if bad:
        cure = "export it again with all quotes closed, or as JSON"
        complain(f"{len(bad)} rows are not CSV, the first ends at line {bad[0]}", cure)


def _texts(lines: Iterable[bytes]) -> Iterator[str]:
    """Yield lines as text; blank ones before the header, and PowerShell's type line, left out."""
    begun = False
    for line in lines:
        if not begun and (not line.strip(b" \t\r\n\0") or line.startswith(_POWERSHELL_TYPE)):
            continue
        begun = True
        yield line.replace(b"\0", b" ").decode("utf-8", "replace")


def _record(names: Sequence[str], row: Sequence[str]) -> bytes:
    cells = dict(zip(names, row))
    for name in PAYLOADS:
        cell = cells.get(name, "").strip()
        if cell and (name != "message" or cell[0] in "{[" or _LOG_EVENT.issuperset(names)):
            return one_line(cell.encode("utf-8", "replace"))
    filled = {name: cell for name, cell in cells.items() if cell}
    return json.dumps(filled).encode()
